//! What contradicts itself in a declared machine.

use skep_abi::{Cpu, Node};

use crate::{CAPACITY_SCALE, LOCAL_DISTANCE, MAX_CPUS, MAX_NODES};

/// Why a description is of no machine that Linux could run on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// It has no CPU.
    #[error("the machine has no CPU")]
    NoCpus,
    /// It has more CPUs than Linux can be built for.
    #[error("{0} CPUs are too many: Linux can be built for {MAX_CPUS}")]
    TooManyCpus(u64),
    /// A CPU number is too large.
    #[error("CPU {0} is too large: the highest that Linux can have is {max}", max = MAX_CPUS - 1)]
    CpuNumber(u32),
    /// It has more nodes than Linux can be built for.
    #[error("{0} NUMA nodes are too many: Linux can be built for {MAX_NODES}")]
    TooManyNodes(u64),
    /// A node number is too large.
    #[error("node {0} is too large: the highest that Linux can have is {max}", max = MAX_NODES - 1)]
    NodeNumber(u32),
    /// Something is said of a CPU that is not possible.
    #[error("the machine has no CPU {0}")]
    NoSuchCpu(Cpu),
    /// Something is said of a node that does not exist.
    #[error("the machine has no node {0}")]
    NoSuchNode(Node),
    /// No CPU is online.
    #[error("no CPU is online: at least one must be")]
    NothingOnline,
    /// A CPU runs that is not there.
    #[error("CPU {0} is online but not present")]
    OnlineNotPresent(Cpu),
    /// A node is offline, but not all its CPUs are gone.
    #[error("node {node} is offline, but its CPU {cpu} is present")]
    OfflineNode {
        /// The node.
        node: Node,
        /// One of its CPUs.
        cpu: Cpu,
    },
    /// SMT siblings are apart.
    #[error("CPUs {first} and {second} are of one core, but not of one {what}")]
    SplitCore {
        /// A CPU of the core.
        first: Cpu,
        /// Another one.
        second: Cpu,
        /// What they do not share, such as `node`.
        what: &'static str,
    },
    /// A cache spans sockets.
    #[error("CPUs {first} and {second} share a last level cache, but not a socket")]
    SplitLlc {
        /// A CPU of the cache.
        first: Cpu,
        /// Another one.
        second: Cpu,
    },
    /// A capacity is out of range.
    #[error("capacity {capacity} of CPU {cpu} is over {CAPACITY_SCALE}")]
    Capacity {
        /// The CPU.
        cpu: Cpu,
        /// What was said.
        capacity: u32,
    },
    /// A distance is out of range.
    #[error(
        "distance {distance} from node {from} to node {to}: a node is at {LOCAL_DISTANCE} from itself, and at {LOCAL_DISTANCE} to 255 from others"
    )]
    Distance {
        /// Seen from here.
        from: Node,
        /// The other node.
        to: Node,
        /// What was said.
        distance: u32,
    },
    /// The table of distances has another size than the machine.
    #[error("the table of distances needs {nodes} rows of {nodes} numbers; {found}")]
    DistanceTable {
        /// Nodes of the machine.
        nodes: usize,
        /// What there is instead, such as `it has 3 rows`.
        found: String,
    },
    /// The kernel is built for fewer CPUs than there are.
    #[error("NR_CPUS {nr_cpus} is too small for CPU {}", .nr_cpu_ids - 1)]
    NrCpusTooSmall {
        /// What was asked for.
        nr_cpus: u32,
        /// Highest CPU, + 1.
        nr_cpu_ids: u32,
    },
    /// The kernel cannot be built for so many CPUs.
    #[error("NR_CPUS {0}: it is 1 to {MAX_CPUS}")]
    NrCpus(u32),
    /// A count of zero.
    #[error("0 {0}: a machine has at least 1")]
    Zero(&'static str),
    /// Parts that cannot be shared out evenly.
    #[error("{parts} {what} cannot be shared out evenly among {among} {of}")]
    Uneven {
        /// How many.
        parts: u32,
        /// Of what, such as `nodes`.
        what: &'static str,
        /// Among how many.
        among: u32,
        /// Of what, such as `sockets`.
        of: &'static str,
    },
    /// A level is named twice, or at a place where it cannot be.
    #[error("{found} within {within}: a machine has {order}")]
    Order {
        /// The inner level.
        found: &'static str,
        /// The level around it.
        within: &'static str,
        /// What is allowed.
        order: &'static str,
    },
    /// A list of node numbers with too few or too many.
    #[error("{given} node numbers for {nodes} nodes with CPUs")]
    NodeIds {
        /// Numbers given.
        given: usize,
        /// Nodes of the shape.
        nodes: u32,
    },
}
