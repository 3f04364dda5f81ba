//! The simulated machine that programs run on: memory, CPUs, clock, tasks, maps, perf events, outputs.
//!
//! What it knows of the host is handed to it: tasks and samples by whoever watches the host, user memory
//! through [`UserMemory`]. A `&Machine` is shared by the threads that run its CPUs.

mod clock;
mod cpu;
mod fault;
mod kernel;
mod machine;
pub mod map;
pub mod memory;
mod object;
pub mod output;
pub mod perf;
pub mod task;
mod user;

pub use clock::Clock;
pub use cpu::{Busy, CpuState, FRAME_SIZE, FRAMES, Frame};
pub use fault::{Access, Fault, Place};
pub use kernel::{Invoke, Kernel, Run, Stop, UserMemory};
pub use machine::{Machine, MachineBuilder, MachineError};
pub use map::{Map, MapDef, MapError};
pub use memory::{AtomicOp, Memory, Width};
pub use output::{Output, Outputs};
pub use perf::{PerfEvent, PerfEventAttr};
pub use task::{Task, Tasks};
