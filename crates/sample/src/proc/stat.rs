//! `/proc/PID/task/TID/stat` and `schedstat`: whether a thread runs, where, and for how long it did.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use skep_abi::{Cpu, Pid};

/// What a thread is doing (field 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunState {
    /// On a CPU, or ready to be.
    Running,
    /// Anything else.
    Waiting,
    /// Ended, and not yet reaped.
    Dead,
}

/// The fields of `stat` that sampling needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadStat {
    pub(crate) state: RunState,
    /// The CPU that it runs on, or ran on last (field 39).
    pub(crate) cpu: Cpu,
}

impl ThreadStat {
    /// Reads the file of a thread that was opened before.
    pub(crate) fn read(stat: &File) -> io::Result<Self> {
        let mut text = [0; 1024];
        let len = stat.read_at(&mut text, 0)?;
        let text = text.get(..len).unwrap_or_default();
        Self::parse(text)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "stat has another form"))
    }

    /// The name may hold anything, even a closing parenthesis; what follows the last one does not.
    fn parse(text: &[u8]) -> Option<Self> {
        let name_end = text.iter().rposition(|byte| *byte == b')')?;
        let rest = std::str::from_utf8(text.get(name_end + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        let state = match fields.next()? {
            "R" => RunState::Running,
            "Z" | "X" | "x" => RunState::Dead,
            _ => RunState::Waiting,
        };
        // `state` is field 3.
        let cpu = fields.nth(39 - 3 - 1)?.parse().ok()?;
        Some(Self { state, cpu: Cpu(cpu) })
    }
}

/// Nanoseconds that a thread has spent on CPUs, from its opened `schedstat`; up to a scheduler tick late while it runs.
pub(crate) fn runtime_ns(schedstat: &File) -> io::Result<u64> {
    let mut text = [0; 128];
    let len = schedstat.read_at(&mut text, 0)?;
    let first = text.get(..len).unwrap_or_default().split(|byte| *byte == b' ').next();
    let number = first.and_then(|word| std::str::from_utf8(word).ok()?.trim().parse().ok());
    number.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "schedstat has another form"))
}

/// The process that a thread belongs to.
pub(super) fn field(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// The text of `/proc/TID/status`.
pub(super) fn status_text(tid: Pid) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{tid}/status"))?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let tail: Vec<String> = (4..=52).map(|n| n.to_string()).collect();
        let text = format!("7 (a) R 1 (b) S {}", tail.join(" "));
        let stat = ThreadStat::parse(text.as_bytes()).unwrap();
        assert_eq!(stat, ThreadStat { state: RunState::Waiting, cpu: Cpu(39) });
        assert_eq!(ThreadStat::parse(b"7 (a) R 1"), None);
        assert_eq!(ThreadStat::parse(b""), None);
    }

    #[test]
    fn our_own_thread_runs() {
        let stat = ThreadStat::read(&File::open("/proc/thread-self/stat").unwrap()).unwrap();
        assert_eq!(stat.state, RunState::Running);
        // The kernel brings it up to date at its next tick.
        let schedstat = File::open("/proc/thread-self/schedstat").unwrap();
        assert!((0..10_000_000).any(|_| runtime_ns(&schedstat).unwrap() > 0));
    }
}
