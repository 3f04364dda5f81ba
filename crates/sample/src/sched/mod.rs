//! Who runs on which CPU, and which CPUs are idle: from records of context switches, and from scripts.
//!
//! ```
//! use skep_abi::{Cpu, Pid};
//! use skep_sample::sched::{Occupancy, Script, Transition};
//!
//! let script = Script::parse("12.5ms cpu 3 busy\n13ms cpu 3 task 1234\n14ms cpu 2-3 idle\n")?;
//! let first = Transition { time: 12_500_000, cpu: Cpu(3), now: Occupancy::Busy };
//! assert_eq!(script.transitions()[0], first);
//! assert_eq!(script.transitions()[1].now, Occupancy::Runs(Pid(1234)));
//! assert_eq!(script.transitions().len(), 4);
//! # Ok::<(), skep_sample::sched::ScriptError>(())
//! ```

mod error;
mod script;
mod switch;
mod tracepoint;

pub use error::{ScriptError, ScriptMistake};
pub use script::Script;
pub use switch::transition;
pub use tracepoint::{SwitchFormat, SwitchFormatError, TaskSwitch};

use skep_abi::{Cpu, Pid};

/// What a CPU does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Occupancy {
    /// Its idle task runs.
    Idle,
    /// Some task runs.
    Busy,
    /// This thread runs.
    Runs(Pid),
    /// This thread has left; nothing tells who came.
    Left(Pid),
    /// It was taken out of service.
    Offline,
    /// It was put into service, idle.
    Online,
    /// Nothing tells any more what it does, until something does again: records of it were lost.
    Unknown,
}

impl Occupancy {
    /// What it means that a thread runs: thread 0 is the idle task of any CPU.
    #[must_use]
    pub const fn of_thread(tid: Pid) -> Self {
        match tid.0 {
            0 => Self::Idle,
            _ => Self::Runs(tid),
        }
    }

    /// Whether the CPU is idle from now on; `None` where that is not told.
    #[must_use]
    pub const fn is_idle(self) -> Option<bool> {
        match self {
            Self::Idle | Self::Online => Some(true),
            Self::Busy | Self::Runs(_) => Some(false),
            Self::Left(_) | Self::Offline | Self::Unknown => None,
        }
    }
}

/// What a CPU does from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Nanoseconds: of `CLOCK_MONOTONIC` for records, since the start for scripts.
    pub time: u64,
    /// The CPU.
    pub cpu: Cpu,
    /// What it does.
    pub now: Occupancy,
}
