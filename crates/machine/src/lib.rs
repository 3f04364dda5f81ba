//! The simulated machine that programs run on: memory, CPUs, clock, tasks, maps, perf events, outputs.
//!
//! What it knows of the host is handed to it: tasks and samples by whoever watches the host, user memory
//! through [`UserMemory`]. A `&Machine` is shared by the threads that run its CPUs.
//!
//! ```
//! use skep_abi::{Cpu, MapType, Pid, Sample};
//! use skep_machine::{AtomicOp, Machine, MapDef, Task, Width};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let machine = Machine::builder().cpus(4).build()?;
//! machine.tasks().insert(Task::new(Pid(7), Pid(7), "bee"));
//!
//! // What a counting program does with its map, through addresses of the machine.
//! let id = machine.create_map(MapDef::new("counts", MapType::Hash, 4, 8, 100))?;
//! let map = machine.map(id).ok_or("the map was just made")?;
//! map.update(Cpu(2), &7_u32.to_le_bytes(), &[0; 8], 1)?;
//! let value = map.lookup(Cpu(2), &7_u32.to_le_bytes()).ok_or("the element was just made")?;
//! machine.memory().atomic(value, Width::Dw, AtomicOp::Add, 1)?;
//!
//! // An access that runs past the value is found, and the message says where it went.
//! let fault = machine.memory().load(value.offset(4), Width::Dw).unwrap_err();
//! assert!(fault.to_string().contains("past the end of value 50 of map `counts` (8 bytes)"));
//!
//! // The context of a sample, and what user space sees of the map.
//! let sample = Sample { ip: 0x40_1000, period: 10_000, ..Sample::default() };
//! let ctx = machine.perf_context(Cpu(2), &sample).ok_or("the machine has four CPUs")?;
//! assert_eq!(machine.memory().load(ctx.offset(168), Width::Dw)?, 10_000);
//! let user = machine.user_side(id).ok_or("the map was just made")?;
//! assert_eq!(user.entries(), [(7_u32.to_le_bytes().to_vec(), 1_u64.to_le_bytes().to_vec())]);
//! # Ok(())
//! # }
//! ```

mod btf_record;
pub mod cgroup;
mod clock;
mod cpu;
pub mod cpumask;
mod failslab;
mod fault;
mod file;
mod hotplug;
mod inode;
mod kernel;
pub mod kptr;
pub mod link;
mod machine;
pub mod map;
pub mod memory;
pub mod obj;
mod object;
pub mod output;
pub mod packet;
pub mod perf;
pub mod prog;
mod refcount;
pub mod sched;
pub mod scx;
pub mod spin_lock;
pub mod task;
pub mod test_run;
pub mod trace;
mod user;

pub use btf_record::{BtfField, BtfFieldKind};
pub use cgroup::{CgroupId, Cgroups};
pub use clock::Clock;
pub use cpu::{Busy, CpuState, FRAME_SIZE, FRAMES, Frame};
pub use cpumask::Cpumasks;
pub use failslab::{FailAlloc, Failslab};
pub use fault::{Access, Fault, Place};
pub use file::File;
pub use hotplug::{Hotplug, HotplugError};
pub use inode::Inodes;
pub use kernel::{Invoke, Kernel, NoUserMemory, Run, Stop, UserMemory};
pub use link::{Link, LinkCreate};
pub use machine::{Machine, MachineBuilder, MachineError};
pub use map::{Map, MapDef, MapError};
pub use memory::{AtomicOp, Memory, Width};
pub use obj::{ObjType, Objs};
pub use output::{Output, Outputs};
pub use packet::{Packet, Packets};
pub use perf::{PerfEvent, PerfEventAttr};
pub use prog::{Executable, Prog, ProgSpec, Trapped};
pub use task::{NewTask, Task, Tasks};
pub use test_run::{TestResult, TestRun, TestRunError, Tested};
