//! Regular machines: so many of one thing in each of another, and how their CPUs are numbered.

use skep_abi::{Cpu, Node};

use crate::{CpuSpec, MAX_CPUS, MAX_NODES, TopologyError, TopologySpec};

/// A kind of part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A socket (package).
    Socket,
    /// A NUMA node.
    Node,
    /// A last level cache.
    Llc,
    /// A core.
    Core,
    /// A hardware thread.
    Thread,
}

impl Level {
    /// Its plural.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Socket => "sockets",
            Self::Node => "nodes",
            Self::Llc => "llcs",
            Self::Core => "cores",
            Self::Thread => "threads",
        }
    }

    const fn is_group(self) -> bool {
        matches!(self, Self::Socket | Self::Node | Self::Llc)
    }
}

/// Which numbers the CPUs of a regular machine get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbering {
    /// The first threads of all cores, then the second threads of all cores, …: Linux on most x86 machines,
    /// whose firmware lists them so.
    #[default]
    SiblingsApart,
    /// All threads of core 0, then those of core 1, …: most virtual machines, POWER, and x86 after a boot
    /// with CPUs sorted by APIC number.
    SiblingsAdjacent,
}

/// How many parts each part has, outermost first. Sockets, nodes and caches may be nested in any order and
/// may be left out; cores and threads come last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    levels: Vec<(Level, u32)>,
    numbering: Numbering,
}

const ORDER: &str = "each of sockets, nodes and llcs once, in any order, then cores, then threads";

impl Shape {
    /// Checks the levels and counts.
    ///
    /// # Errors
    /// [`TopologyError`] for a count of 0, too many CPUs or nodes, and levels in an order that is none.
    pub fn new(levels: &[(Level, u32)], numbering: Numbering) -> Result<Self, TopologyError> {
        let mut cpus = 1_u64;
        for (index, &(level, count)) in levels.iter().enumerate() {
            let refuse = |within: Level| TopologyError::Order {
                found: level.name(),
                within: within.name(),
                order: ORDER,
            };
            let before = &levels[..index];
            let bad = |&&(outer, _): &&(Level, u32)| {
                outer == level || (!outer.is_group() && outer > level)
            };
            if let Some((outer, _)) = before.iter().find(bad) {
                return Err(refuse(*outer));
            }
            if count == 0 {
                return Err(TopologyError::Zero(level.name()));
            }
            cpus = cpus.saturating_mul(u64::from(count));
        }
        if cpus > u64::from(MAX_CPUS) {
            return Err(TopologyError::TooManyCpus(cpus));
        }
        let shape = Self { levels: levels.to_vec(), numbering };
        match shape.nodes() {
            nodes if nodes > MAX_NODES => Err(TopologyError::TooManyNodes(u64::from(nodes))),
            _ => Ok(shape),
        }
    }

    fn threads(&self) -> u32 {
        self.levels.iter().find(|(level, _)| *level == Level::Thread).map_or(1, |(_, n)| *n)
    }

    fn cores(&self) -> u32 {
        self.levels.iter().filter(|(level, _)| *level != Level::Thread).map(|(_, n)| n).product()
    }

    /// Cores that one part of a level has; the whole machine's where the level is left out.
    fn cores_in(&self, level: Level) -> u32 {
        match self.levels.iter().position(|(of, _)| *of == level) {
            Some(index) => self.levels[index + 1..]
                .iter()
                .filter(|(level, _)| *level != Level::Thread)
                .map(|(_, n)| n)
                .product(),
            None => self.cores(),
        }
    }

    /// Cores of each node: where nodes are left out each socket is one.
    fn cores_per_node(&self) -> u32 {
        match self.has(Level::Node) {
            true => self.cores_in(Level::Node),
            false => self.cores_in(Level::Socket),
        }
    }

    /// Cores of each socket: where sockets are left out each node is one, or several that share a cache.
    fn cores_per_socket(&self) -> u32 {
        match (self.has(Level::Socket), self.has(Level::Llc)) {
            (true, _) => self.cores_in(Level::Socket),
            (false, true) => self.cores_per_node().max(self.cores_in(Level::Llc)),
            (false, false) => self.cores_per_node(),
        }
    }

    /// Number of nodes.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.cores() / self.cores_per_node()
    }

    fn has(&self, level: Level) -> bool {
        self.levels.iter().any(|(of, _)| *of == level)
    }

    /// The machine. Where sockets are left out each node is one, where nodes are left out each socket is
    /// one, and where caches are left out each of the smaller of the two has one.
    #[must_use]
    pub fn spec(&self) -> TopologySpec {
        let (per_node, per_socket) = (self.cores_per_node(), self.cores_per_socket());
        let per_llc = match self.has(Level::Llc) {
            true => self.cores_in(Level::Llc),
            false => per_node.min(per_socket),
        };
        let (cores, threads) = (self.cores(), self.threads());
        let mut spec = TopologySpec::default();
        for core in 0..cores {
            for thread in 0..threads {
                let cpu = match self.numbering {
                    Numbering::SiblingsApart => thread * cores + core,
                    Numbering::SiblingsAdjacent => core * threads + thread,
                };
                let of = CpuSpec {
                    node: Node(core / per_node),
                    socket: core / per_socket,
                    llc: core / per_llc,
                    ..CpuSpec::new(core)
                };
                spec.cpus.insert(Cpu(cpu), of);
                spec.nodes.entry(of.node).or_default();
            }
        }
        spec
    }
}
