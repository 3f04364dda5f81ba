//! `/proc/TID/status`: who a thread is.

use std::fs;
use std::io;

use skep_abi::Pid;

use super::stat::{field, status_text};
use crate::task::{Comm, CpuMask, Task};

/// Describes a thread as it is now.
///
/// # Errors
/// When it is gone, or `/proc` hides it.
pub(crate) fn task(tid: Pid) -> io::Result<Task> {
    let text = status_text(tid)?;
    // `status` escapes the name, `comm` does not.
    let comm = fs::read(format!("/proc/{tid}/comm"))?;
    let comm = comm.strip_suffix(b"\n").unwrap_or(&comm);
    let task = parse(tid, Comm::new(comm), &text)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "status has another form"))?;
    Ok(Task { cgroup: super::cgroup::of_task(tid), ..task })
}

fn parse(tid: Pid, comm: Comm, text: &str) -> Option<Task> {
    let number = |key| field(text, key)?.split_ascii_whitespace().next()?.parse::<u32>().ok();
    Some(Task {
        pid: Pid(number("Tgid")?),
        tid,
        parent: number("PPid").map(Pid),
        comm,
        uid: number("Uid"),
        gid: number("Gid"),
        cpus_allowed: field(text, "Cpus_allowed").and_then(|mask| CpuMask::parse(&mask)),
        cgroup: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_abi::Cpu;

    #[test]
    fn we_are_who_we_are() {
        let tid = Pid(rustix::thread::gettid().as_raw_pid() as u32);
        let task = task(tid).unwrap();
        assert_eq!(task.pid, Pid(std::process::id()));
        assert_eq!(task.parent, Some(Pid(std::os::unix::process::parent_id())));
        assert_eq!(task.uid, Some(rustix::process::getuid().as_raw()));
        assert_eq!(task.gid, Some(rustix::process::getgid().as_raw()));
        assert!(!task.comm.as_bytes().is_empty());
        let allowed = rustix::thread::sched_getaffinity(None).unwrap();
        let mask = task.cpus_allowed.unwrap();
        for cpu in 0..64 {
            assert_eq!(mask.has(Cpu(cpu)), allowed.is_set(cpu as usize), "CPU {cpu}");
        }
    }

    #[test]
    fn a_status_without_a_process_is_refused() {
        assert_eq!(parse(Pid(1), Comm::new(b"x"), "Name:\tx\nUid:\t0\t0\t0\t0\n"), None);
    }
}
