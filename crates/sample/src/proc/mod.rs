//! What `/proc` tells of processes (`fs/proc/`), and their memory.
//!
//! Everything here races with the processes that it looks at: what is gone is `None` or an error, never a guess.

mod cgroup;
mod cpus;
mod maps;
mod memory;
mod stat;
mod status;
mod threads;

pub(crate) use cpus::online_cpus;
pub(crate) use maps::executable_mappings;
pub use memory::ProcessMemory;
pub(crate) use stat::{RunState, ThreadStat, runtime_ns};
pub(crate) use status::task;
pub(crate) use threads::{process_of, processes, threads_of};
