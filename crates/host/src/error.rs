//! What the system refused, for people.

use std::fmt;
use std::io;

use skep_abi::Errno;

/// A refusal that is no verdict: permission, memory, a map that the kernel cannot create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// What was asked of the kernel: `create map counts`.
    pub what: String,
    /// What it answered.
    pub errno: Errno,
    /// What it said besides; empty when nothing.
    pub log: String,
    /// What to do.
    pub hint: Option<&'static str>,
}

impl HostError {
    pub(crate) fn new(what: impl Into<String>, error: &io::Error) -> Self {
        let errno = errno(error);
        let hint = match errno {
            Errno::EPERM => Some(
                "bpf(2) needs CAP_BPF and CAP_PERFMON (CAP_NET_ADMIN for network types): run as root, outside of containers that forbid the call",
            ),
            Errno::ENOSYS => Some("this kernel was built without CONFIG_BPF_SYSCALL"),
            Errno::ENOMEM => {
                Some("the map is too large for this machine, or for its memory cgroup")
            }
            Errno::EMFILE => Some("raise the limit of open files: ulimit -n"),
            _ => None,
        };
        Self { what: what.into(), errno, log: String::new(), hint }
    }

    pub(crate) fn missing(what: impl Into<String>, hint: &'static str) -> Self {
        Self { what: what.into(), errno: Errno::ENOENT, log: String::new(), hint: Some(hint) }
    }

    pub(crate) fn with_log(mut self, log: &[u8]) -> Self {
        let end = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
        self.log = String::from_utf8_lossy(&log[..end]).trim().to_owned();
        self
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel refuses to {}: {}", self.what, self.errno)?;
        if let Some(line) = self.log.lines().last() {
            write!(f, ": {line}")?;
        }
        match self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for HostError {}

/// The number behind an error of a system call.
pub(crate) fn errno(error: &io::Error) -> Errno {
    let number = error.raw_os_error().and_then(|number| u16::try_from(number).ok());
    number.map_or(Errno::EIO, Errno)
}
