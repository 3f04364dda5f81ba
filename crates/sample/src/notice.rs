//! What a user should know about a session that works, though not quite as asked.

use std::{fmt, io};

use crate::error::OpenError;

/// A remark.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// Only user space is sampled, since the kernel may not be.
    KernelExcluded {
        /// `kernel.perf_event_paranoid`, when it can be read.
        paranoid: Option<i32>,
    },
    /// perf is refused, so the command is sampled by ptrace.
    PtraceInstead {
        /// Why perf is refused.
        why: Box<OpenError>,
    },
    /// The rings are smaller than wished, so that records are lost sooner.
    SmallRings {
        /// Bytes of each.
        bytes: usize,
    },
    /// The kernel does not know something that was asked for; samples lack it.
    FieldMissing {
        /// What.
        field: &'static str,
    },
    /// ptrace samples at most so often.
    RateLowered {
        /// Samples a second.
        hz: u64,
    },
    /// Some threads of another user, or ended ones, could not be followed.
    ThreadsSkipped {
        /// How many.
        count: usize,
    },
    /// Something about a recording.
    Recording {
        /// A sentence without a full stop.
        text: String,
    },
    /// The context switches of all CPUs may not be recorded.
    SwitchesRefused {
        /// What the kernel answered.
        source: io::Error,
        /// `kernel.perf_event_paranoid`, when it can be read.
        paranoid: Option<i32>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KernelExcluded { paranoid } => {
                f.write_str("only user space is sampled: ")?;
                match paranoid {
                    Some(level) => write!(f, "kernel.perf_event_paranoid is {level} (kernel samples need 1 or less,")?,
                    None => f.write_str("the kernel may not be (that needs kernel.perf_event_paranoid of 1 or less,")?,
                }
                f.write_str(" CAP_PERFMON or root)")
            }
            Self::PtraceInstead { why } => write!(f, "sampling by ptrace, since {why}"),
            Self::SmallRings { bytes } => write!(
                f,
                "rings of {} KiB for each CPU: more needs a higher RLIMIT_MEMLOCK or kernel.perf_event_mlock_kb",
                bytes / 1024
            ),
            Self::FieldMissing { field } => write!(f, "this kernel gives no {field}"),
            Self::RateLowered { hz } => write!(f, "ptrace samples at most {hz} times a second"),
            Self::ThreadsSkipped { count } => {
                write!(f, "{count} threads ended or changed hands before they could be followed")
            }
            Self::Recording { text } => f.write_str(text),
            Self::SwitchesRefused { source, paranoid } => {
                write!(
                    f,
                    "which CPUs are idle is not known: recording the context switches of all CPUs failed ({source})"
                )?;
                match paranoid {
                    Some(level) if *level > 0 => {
                        write!(
                            f,
                            "; kernel.perf_event_paranoid is {level}, and must be 0 or less without CAP_PERFMON"
                        )
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}
