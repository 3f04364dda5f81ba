//! Why a session cannot be opened, in words for people: what, why, and what would help.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use skep_abi::{Cpu, Pid};
use thiserror::Error;

use crate::recording::RecordingError;

/// Who has to act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Whoever typed the command: a name, a number or a combination is wrong.
    Input,
    /// Whoever runs the machine: something is refused or missing.
    Environment,
    /// Nobody: this is not supported.
    Unsupported,
}

/// Why a session cannot be opened.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the fields are what the messages name")]
#[non_exhaustive]
pub enum OpenError {
    /// `perf_event_open` is refused for everything.
    #[error("perf_event_open is refused ({}{})", errno_name(.source), paranoid_words(*.paranoid))]
    PerfRefused { source: io::Error, paranoid: Option<i32> },
    /// perf works, but not for this target.
    #[error("{target} may not be sampled ({}{})", errno_name(.source), paranoid_words(*.paranoid))]
    TargetRefused { target: String, source: io::Error, paranoid: Option<i32> },
    /// A process of somebody else.
    #[error("process {pid} belongs to {}, not to you", owner_words(*.owner))]
    ForeignProcess { pid: Pid, owner: Option<u32> },
    /// No such process.
    #[error("there is no process {pid}")]
    NoSuchProcess { pid: Pid },
    /// The command cannot be run.
    #[error("cannot run `{}`: {}", .command.display(), errno_words(.source))]
    Command { command: OsString, source: io::Error },
    /// No command, no pids or no CPUs were given.
    #[error("{what}")]
    Nothing { what: &'static str },
    /// No such cgroup.
    #[error("there is no cgroup `{}`{}", .path.display(), tried_words(.tried))]
    NoSuchCgroup { path: PathBuf, tried: Vec<PathBuf> },
    /// A CPU that is not online.
    #[error("CPU {cpu} is not online; online are {online}")]
    NoSuchCpu { cpu: Cpu, online: String },
    /// The machine does not count this event.
    #[error("event `{event}` is not supported here ({})", errno_name(.source))]
    NoSuchEvent { event: String, source: io::Error },
    /// The kernel refuses the combination.
    #[error("the kernel refuses to sample event `{event}` like this (EINVAL)")]
    Refused { event: String },
    /// More samples a second than the kernel allows.
    #[error(
        "{asked} samples a second are more than the kernel allows: kernel.perf_event_max_sample_rate is {max}"
    )]
    RateTooHigh { asked: u64, max: u64 },
    /// A rate of 0.
    #[error("a rate of 0 samples nothing")]
    RateZero,
    /// A stack size that the kernel cannot copy.
    #[error("{bytes} bytes of user stack: it must be a multiple of 8 below 65,536")]
    StackSize { bytes: u32 },
    /// Too many threads × CPUs for the limit on open files.
    #[error("{needed} events need {needed} open files, the limit is {limit}")]
    TooManyFiles { needed: usize, limit: u64 },
    /// No memory for rings.
    #[error("no memory may be locked for rings of {bytes} bytes ({})", errno_name(.source))]
    Ring { bytes: usize, source: io::Error },
    /// A target that ptrace does not sample.
    #[error("ptrace samples only a command that skep starts, not {what}")]
    PtraceTarget { what: &'static str },
    /// An event that ptrace cannot count.
    #[error("ptrace samples CPU time in user space only, not event `{event}`")]
    PtraceEvent { event: String },
    /// A recording that skep does not read.
    #[error("`{}` cannot be read as a recording: {source}", .path.display())]
    Recording { path: PathBuf, source: RecordingError },
    /// ptrace itself is refused.
    #[error("ptrace is refused ({})", errno_name(.source))]
    PtraceRefused { source: io::Error },
    /// Neither perf nor ptrace may be used.
    #[error("{perf}, and {ptrace}")]
    BothRefused { perf: Box<OpenError>, ptrace: Box<OpenError> },
    /// Something else that the system said.
    #[error("{doing}: {}", errno_words(.source))]
    System { doing: &'static str, source: io::Error },
}

impl OpenError {
    /// Who has to act.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::NoSuchProcess { .. }
            | Self::Command { .. }
            | Self::Nothing { .. }
            | Self::NoSuchCgroup { .. }
            | Self::NoSuchCpu { .. }
            | Self::RateTooHigh { .. }
            | Self::RateZero
            | Self::StackSize { .. } => Cause::Input,
            Self::PerfRefused { .. }
            | Self::TargetRefused { .. }
            | Self::ForeignProcess { .. }
            | Self::NoSuchEvent { .. }
            | Self::Refused { .. }
            | Self::TooManyFiles { .. }
            | Self::Ring { .. }
            | Self::PtraceRefused { .. }
            | Self::BothRefused { .. }
            | Self::System { .. } => Cause::Environment,
            Self::Recording { source, .. } if !source.is_unsupported() => Cause::Input,
            Self::Recording { .. } | Self::PtraceTarget { .. } | Self::PtraceEvent { .. } => {
                Cause::Unsupported
            }
        }
    }

    /// What to do, when there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::PerfRefused { source, paranoid } => {
                format!("{}; a command (-- CMD) can be sampled by ptrace", perf_hint(source, *paranoid))
            }
            Self::BothRefused { perf, .. } => match &**perf {
                Self::PerfRefused { source, paranoid } => perf_hint(source, *paranoid).into(),
                other => return other.hint(),
            },
            Self::TargetRefused { .. } => {
                "needs root, CAP_PERFMON (with CAP_SYS_PTRACE for processes of others), or as root: sysctl \
                 kernel.perf_event_paranoid=0"
                    .into()
            }
            Self::ForeignProcess { .. } => {
                "run skep as that user or as root, or give it CAP_PERFMON and CAP_SYS_PTRACE".into()
            }
            Self::NoSuchEvent { .. } => {
                "virtual machines often have no hardware counters; cpu-clock works everywhere".into()
            }
            Self::Refused { .. } => "leave out modifiers, or take another event or rate".into(),
            Self::RateTooHigh { max, .. } => {
                format!("ask for {max} or less, or as root: sysctl kernel.perf_event_max_sample_rate=…")
            }
            Self::TooManyFiles { .. } => "raise it (ulimit -n), or choose fewer CPUs (-C)".into(),
            Self::Ring { .. } => {
                "raise RLIMIT_MEMLOCK (ulimit -l), or as root: sysctl kernel.perf_event_mlock_kb=…".into()
            }
            Self::Recording { source: RecordingError::Magic { .. }, .. } => "`perf record -o FILE` writes one".into(),
            Self::PtraceTarget { .. } => "start it under skep (-- CMD)".into(),
            Self::PtraceEvent { .. } => "leave out the event, or take cpu-clock:u".into(),
            Self::PtraceRefused { .. } => {
                "kernel.yama.ptrace_scope of 2 (without CAP_SYS_PTRACE) or 3 and some seccomp profiles forbid it even for own \
                 children".into()
            }
            _ => return None,
        })
    }

    /// Tells whether perf is refused in general, so that a command may still be sampled by ptrace.
    #[must_use]
    pub const fn is_perf_refused(&self) -> bool {
        matches!(self, Self::PerfRefused { .. })
    }
}

/// What went wrong while sampling.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SampleError {
    /// The command cannot be run.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A record of the kernel's that does not read as it should.
    #[error("a perf record of CPU {cpu} does not read: {source}")]
    Record {
        /// The CPU of the ring.
        cpu: Cpu,
        /// What is wrong.
        source: crate::record::RecordError,
    },
    /// Something else that the system said.
    #[error("{doing}: {source}")]
    System {
        /// What skep was doing.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

fn errno_name(error: &io::Error) -> String {
    let known = match error.raw_os_error() {
        Some(libc::EPERM) => "EPERM",
        Some(libc::EACCES) => "EACCES",
        Some(libc::ENOSYS) => "ENOSYS",
        Some(libc::ENOENT) => "ENOENT",
        Some(libc::ENODEV) => "ENODEV",
        Some(libc::EOPNOTSUPP) => "EOPNOTSUPP",
        Some(libc::EINVAL) => "EINVAL",
        Some(libc::ENOSPC) => "ENOSPC",
        Some(libc::EBUSY) => "EBUSY",
        Some(libc::ENOMEM) => "ENOMEM",
        _ => return error.to_string(),
    };
    known.into()
}

/// What would allow `perf_event_open`, as far as its refusal tells.
fn perf_hint(error: &io::Error, paranoid: Option<i32>) -> &'static str {
    match (error.raw_os_error(), paranoid) {
        (Some(libc::ENOSYS), _) => "this kernel or container has no perf_event_open",
        // Up to 2, everybody may sample their own processes.
        (_, Some(..=2)) => {
            "that level would allow it, so a seccomp filter (containers have one) or a security module refuses it: \
             allow perf_event_open there"
        }
        _ => {
            "as root: sysctl kernel.perf_event_paranoid=2 (or 1, with the kernel); or give CAP_PERFMON; in a \
             container, allow perf_event_open in its seccomp profile"
        }
    }
}

/// The system's words without Rust's number behind them.
fn errno_words(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}

fn paranoid_words(paranoid: Option<i32>) -> String {
    paranoid.map_or_else(String::new, |level| format!("; kernel.perf_event_paranoid is {level}"))
}

fn owner_words(owner: Option<u32>) -> String {
    owner.map_or_else(|| "another user".into(), |uid| format!("user {uid}"))
}

fn tried_words(tried: &[PathBuf]) -> String {
    if tried.is_empty() {
        return String::new();
    }
    let tried: Vec<_> = tried.iter().map(|path| path.display().to_string()).collect();
    format!(" (looked at {})", tried.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errno: i32, paranoid: Option<i32>) -> OpenError {
        OpenError::PerfRefused { source: io::Error::from_raw_os_error(errno), paranoid }
    }

    #[test]
    fn the_hint_names_what_refuses() {
        let hint = |errno, paranoid| refused(errno, paranoid).hint().unwrap();
        assert!(
            hint(libc::EACCES, Some(3)).starts_with("as root: sysctl kernel.perf_event_paranoid=2")
        );
        assert!(hint(libc::EACCES, Some(2)).contains("seccomp filter"));
        assert!(hint(libc::ENOSYS, None).starts_with("this kernel or container has no"));
    }

    #[test]
    fn both_refusals_are_told_at_once() {
        let source = io::Error::from_raw_os_error(libc::EPERM);
        let ptrace = Box::new(OpenError::PtraceRefused { source });
        let error =
            OpenError::BothRefused { perf: Box::new(refused(libc::EACCES, Some(3))), ptrace };
        assert_eq!(
            error.to_string(),
            "perf_event_open is refused (EACCES; kernel.perf_event_paranoid is 3), and ptrace is refused (EPERM)"
        );
        assert!(!error.hint().unwrap().contains("by ptrace"));
    }

    #[test]
    fn other_errors_keep_the_systems_words() {
        let source = io::Error::from_raw_os_error(libc::EMFILE);
        let error = OpenError::System { doing: "opening", source };
        assert_eq!(error.to_string(), "opening: Too many open files");
    }
}
