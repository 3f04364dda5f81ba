//! What the system refused, for people.

use std::io;
use std::{fmt, fs};

use skep_abi::{Errno, KernelVersion};

use crate::sys::limit;

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
        let (cause, hint) = match errno {
            Errno::EPERM => permission(),
            _ => {
                let (cause, hint) = explain(errno);
                (cause, hint.map(str::to_owned))
            }
        };
        Self { what: what.into(), errno, cause, log: String::new(), hint }
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
fn permission() -> (Cause, Option<String>) {
    let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let release = rustix::system::uname();
    let version = KernelVersion::from_release(&release.release().to_string_lossy());
    let charges_memlock = version.is_some_and(|version| version < KernelVersion::new(5, 11));
    let memlock = limit::memlock().filter(|_| charges_memlock);
    let (cause, hint) = why(&lockdown, missing_capabilities(&status), memlock);
    (cause, Some(hint))
}

/// The likeliest reason, by what the system shows: lockdown's words, capabilities that are missing, the limit of locked
/// memory where it counts.
fn why(
    lockdown: &str,
    missing: Option<Vec<&'static str>>,
    memlock: Option<u64>,
) -> (Cause, String) {
    let general = "run as root, or with CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)";
    match missing {
        None => (Cause::Permission, general.to_owned()),
        Some(missing) if !missing.is_empty() => (
            Cause::Permission,
            format!(
                "the process lacks {}: run as root, outside of containers that drop it",
                missing.join(", ")
            ),
        ),
        _ if lockdown.contains("[confidentiality]") => (
            Cause::Permission,
            "kernel lockdown (confidentiality) forbids programs that read kernel memory: boot with lockdown=integrity, or without Secure Boot".to_owned(),
        ),
        _ => match memlock {
            Some(bytes) => (
                Cause::Memlock,
                format!(
                    "kernels before 5.11 charge it to the limit of locked memory, which is {} KiB: raise it (ulimit -l unlimited)",
                    bytes / 1024
                ),
            ),
            None => (
                Cause::Permission,
                "the process has every capability, so something else forbids it: a container's seccomp filter, a security module, or a kernel that was built without it".to_owned(),
            ),
        },
    }
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

impl HostError {
    /// What was refused, without the advice: a sentence without a full stop.
    #[must_use]
    pub fn message(&self) -> String {
        let line = self.log.lines().last().map(|line| format!(": {line}")).unwrap_or_default();
        format!("the kernel refuses to {}: {}{line}", self.what, self.errno)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
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
    use super::*;

    #[test]
    fn refusals_for_lack_of_permission_name_what_is_missing_first() {
        let none = || Some(Vec::new());
        let (cause, hint) = why("", Some(vec!["CAP_BPF", "CAP_PERFMON"]), Some(65536));
        assert_eq!(cause, Cause::Permission);
        assert!(hint.starts_with("the process lacks CAP_BPF, CAP_PERFMON: "), "{hint}");
        let (cause, hint) = why("none integrity [confidentiality]", none(), None);
        assert_eq!(cause, Cause::Permission);
        assert!(hint.contains("lockdown=integrity"), "{hint}");
        let (cause, hint) = why("[none] integrity confidentiality", none(), Some(65536));
        assert_eq!(cause, Cause::Memlock);
        assert!(hint.contains("64 KiB"), "{hint}");
        assert!(why("", none(), None).1.contains("seccomp"));
        assert!(why("", None, None).1.starts_with("run as root"));
    }

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
