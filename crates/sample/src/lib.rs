//! Where samples come from: perf events of running processes, or ptrace where perf is refused.

mod attr;
mod child;
mod clock;
mod error;
pub mod event_name;
mod live;
mod notice;
mod options;
mod proc;
mod ptrace;
pub mod record;
mod ring;
mod session;
mod space;
mod stream;
mod sys;
mod task;
mod tasks;
pub mod unwind;

pub use error::{Cause, OpenError, SampleError};
pub use notice::Notice;
pub use options::{Fields, Options, Rate, SourceChoice, Target};
pub use proc::{CpuListError, ProcessMemory, parse_cpu_list};
pub use session::{Batch, Session, SourceKind, Totals};
pub use space::Spaces;
pub use stream::{End, Lineage, Record, RecordKind, TargetStatus};
pub use sys::spawn::ChildStdout;
pub use task::{Comm, CpuMask, Task};
