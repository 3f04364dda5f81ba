//! Machines as the scheduler sees them: CPUs, SMT siblings, caches, sockets and NUMA nodes, declared by hand.
//!
//! Values only: nothing here does IO. What may change while a machine runs (which CPUs are online) has its
//! first state here and lives in the machine.
//!
//! ```
//! use skep_abi::{Cpu, Node};
//! use skep_topology::Topology;
//!
//! # fn main() -> Result<(), skep_topology::TopologyError> {
//! let big = Topology::new().nodes(4).cores_per_node(8).smt(2).offline([7]).build()?;
//! assert_eq!((big.nr_cpu_ids(), big.nr_node_ids()), (64, 4));
//! // As Linux numbers most x86 machines: the first threads of all cores, then the second ones.
//! assert_eq!(big.siblings(Cpu(9)), [Cpu(9), Cpu(41)]);
//! assert_eq!(big.cpu(Cpu(9)).map(|cpu| cpu.node), Some(Node(1)));
//! assert!(big.is_smt_active() && !big.online().contains(Cpu(7)));
//! # Ok(())
//! # }
//! ```

mod builder;
mod distance;
mod error;
mod list;
mod mask;
mod model;
mod parse;
mod partial;
mod shape;
mod spec;

pub use builder::TopologyBuilder;
pub use distance::{Distances, LOCAL_DISTANCE, REMOTE_DISTANCE};
pub use error::TopologyError;
pub use list::{CpuListError, format_list, parse_list};
pub use mask::CpuMask;
pub use model::{Core, CpuInfo, Llc, NodeInfo, Socket, Topology};
pub use parse::{Form, ParseError, Parsed, Position, Problem, hwloc, lscpu, parse, text, toml};
pub use partial::{PartialCpu, fill_in};
pub use shape::{Level, Numbering, Shape};
pub use spec::{CpuSpec, DEFAULT_NODE_MEMORY, NodeSpec, TopologySpec};

/// The most CPUs that x86-64 Linux can be built for (`CONFIG_NR_CPUS` with `MAXSMP`).
pub const MAX_CPUS: u32 = 8192;
/// The most NUMA nodes (`MAX_NUMNODES`, `CONFIG_NODES_SHIFT` 10).
pub const MAX_NODES: u32 = 1024;
/// The capacity of the largest CPUs (`SCHED_CAPACITY_SCALE`).
pub const CAPACITY_SCALE: u32 = 1024;

#[cfg(test)]
mod tests;
