//! What the system refused, for people.

use std::io;
use std::{fmt, fs};

use skep_abi::Errno;

/// Who has to change what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The process lacks a capability.
    Permission,
    /// The limit of locked memory, which kernels before 5.11 charge maps and programs to.
    Memlock,
    /// Memory, open files: the system has no more.
    Exhausted,
    /// The kernel was built without it, or is too old.
    Unsupported,
    /// What was named is not there.
    Missing,
    /// The request contradicts itself or what is there already.
    Request,
    /// A program that the verifier does not take.
    Rejected,
}

/// A refusal of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// What was asked of the kernel: `create map counts`.
    pub what: String,
    /// What it answered.
    pub errno: Errno,
    /// Who has to change what.
    pub cause: Cause,
    /// What it said besides; empty when nothing.
    pub log: String,
    /// What to do.
    pub hint: Option<String>,
}

impl HostError {
    pub(crate) fn new(what: impl Into<String>, error: &io::Error) -> Self {
        let errno = errno(error);
        let (cause, hint) = explain(errno);
        Self {
            what: what.into(),
            errno,
            cause,
            log: String::new(),
            hint: hint.map(|hint| permission(errno).unwrap_or_else(|| hint.to_owned())),
        }
    }

    /// A refusal without a system call.
    pub(crate) fn missing(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            errno: Errno::ENOENT,
            cause: Cause::Missing,
            log: String::new(),
            hint: Some(hint.into()),
        }
    }

    /// The kernel lacks something.
    pub(crate) fn unsupported(what: impl Into<String>, hint: impl Into<String>) -> Self {
        let mut error = Self::missing(what, hint);
        (error.errno, error.cause) = (Errno::EOPNOTSUPP, Cause::Unsupported);
        error
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_log(mut self, log: &[u8]) -> Self {
        let end = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
        self.log = String::from_utf8_lossy(&log[..end]).trim().to_owned();
        self
    }
}

/// What an error number means where nothing better is known.
fn explain(errno: Errno) -> (Cause, Option<&'static str>) {
    match errno {
        Errno::EPERM => (
            Cause::Permission,
            Some("run as root, or with CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)"),
        ),
        Errno::EACCES => (
            Cause::Permission,
            Some("run as root, or with CAP_PERFMON; see /proc/sys/kernel/perf_event_paranoid"),
        ),
        Errno::ENOSYS => (
            Cause::Unsupported,
            Some("this kernel was built without CONFIG_BPF_SYSCALL or CONFIG_PERF_EVENTS"),
        ),
        Errno::EOPNOTSUPP | Errno::ENOTSUPP => (Cause::Unsupported, None),
        Errno::ENOMEM => {
            (Cause::Exhausted, Some("it is too large for this machine, or for its memory cgroup"))
        }
        Errno::EMFILE => (Cause::Exhausted, Some("raise the limit of open files: ulimit -n")),
        Errno::ENOENT | Errno::ENODEV | Errno::ESRCH => (Cause::Missing, None),
        _ => (Cause::Request, None),
    }
}

/// What a refusal for lack of permission is due to, as far as the system shows it.
fn permission(errno: Errno) -> Option<String> {
    if errno != Errno::EPERM {
        return None;
    }
    let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    if lockdown.contains("[confidentiality]") {
        return Some(
            "kernel lockdown (confidentiality) forbids programs that read kernel memory: boot with lockdown=integrity or without Secure Boot"
                .to_owned(),
        );
    }
    let missing = missing_capabilities(&fs::read_to_string("/proc/self/status").ok()?)?;
    if missing.is_empty() {
        return Some(
            "the process has every capability, so something else forbids it: a container's seccomp filter, a security module, or the limit of locked memory (ulimit -l, before Linux 5.11)"
                .to_owned(),
        );
    }
    Some(format!(
        "the process lacks {}: run as root, outside of containers that drop it",
        missing.join(", ")
    ))
}

/// Capabilities that loading and attaching want, which a process lacks.
fn missing_capabilities(status: &str) -> Option<Vec<&'static str>> {
    const WANTED: [(u32, &str); 4] =
        [(39, "CAP_BPF"), (38, "CAP_PERFMON"), (12, "CAP_NET_ADMIN"), (21, "CAP_SYS_ADMIN")];
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let held = u64::from_str_radix(line.trim(), 16).ok()?;
    // CAP_SYS_ADMIN stands for the three others.
    if held >> 21 & 1 == 1 {
        return Some(Vec::new());
    }
    let lacks = |(bit, _): &&(u32, &str)| held >> bit & 1 == 0;
    Some(WANTED.iter().filter(lacks).map(|(_, name)| *name).collect())
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kernel refuses to {}: {}", self.what, self.errno)?;
        if let Some(line) = self.log.lines().last() {
            write!(f, ": {line}")?;
        }
        match &self.hint {
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

#[cfg(test)]
mod tests {
    use super::missing_capabilities;

    #[test]
    fn capabilities_that_a_process_lacks_are_named() {
        let all = "Name:\tx\nCapEff:\t000001ffffffffff\n";
        assert_eq!(missing_capabilities(all), Some(vec![]));
        let none = "CapEff:\t0000000000000000\n";
        let names = missing_capabilities(none).unwrap();
        assert_eq!(names, ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"]);
        let bpf_and_perfmon = format!("CapEff:\t{:016x}\n", 3_u64 << 38);
        assert_eq!(
            missing_capabilities(&bpf_and_perfmon).unwrap(),
            ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"]
        );
        assert_eq!(missing_capabilities("CapEff: x"), None);
    }
}
