//! Everything that the kernel holds, by id: for looking round, and for telling that nothing was left behind.

use std::os::fd::OwnedFd;

use crate::HostError;
use crate::sys::{Command, id};

/// What has ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Programs.
    Programs,
    /// Maps.
    Maps,
    /// Links (5.8).
    Links,
    /// Types: of programs, of the kernel and of modules (5.4).
    Btf,
}

impl Kind {
    const fn next(self) -> Command {
        match self {
            Self::Programs => Command::ProgGetNextId,
            Self::Maps => Command::MapGetNextId,
            Self::Links => Command::LinkGetNextId,
            Self::Btf => Command::BtfGetNextId,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Programs => "programs",
            Self::Maps => "maps",
            Self::Links => "links",
            Self::Btf => "types",
        }
    }
}

/// The ids of all that the kernel holds of a kind, lowest first.
///
/// # Errors
/// When this process may not ask (CAP_SYS_ADMIN).
pub fn ids(kind: Kind) -> Result<Vec<u32>, HostError> {
    let mut ids = Vec::new();
    let mut last = 0;
    loop {
        let next = id::next(kind.next(), last);
        match next.map_err(|error| HostError::new(format!("list its {}", kind.word()), &error))? {
            // Ids grow; one that does not would be a kernel that we do not understand.
            Some(next) if next > last => last = next,
            _ => return Ok(ids),
        }
        ids.push(last);
    }
}

/// What a perf event or raw tracepoint of a process runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFd {
    /// The program's id.
    pub program: u32,
    /// `enum bpf_task_fd_type`: raw tracepoint, tracepoint, kprobe, kretprobe, uprobe, uretprobe.
    pub kind: u32,
    /// The tracepoint, function or file.
    pub name: String,
    /// Offset in the function or file.
    pub offset: u64,
    /// Address of the probe.
    pub address: u64,
}

/// Asks what a descriptor of a process runs: `BPF_TASK_FD_QUERY` (4.18).
///
/// # Errors
/// When the descriptor is no perf event or raw tracepoint (-EINVAL), runs nothing (-ENOENT) or a perf_event program
/// (-EOPNOTSUPP), or this process may not ask.
pub fn task_fd(pid: u32, fd: u32) -> Result<TaskFd, HostError> {
    let answer = id::task_fd(pid, fd).map_err(|error| {
        HostError::new(format!("tell what descriptor {fd} of process {pid} runs"), &error)
    })?;
    Ok(TaskFd {
        program: answer.prog_id,
        kind: answer.fd_type,
        name: answer.name,
        offset: answer.probe_offset,
        address: answer.probe_addr,
    })
}

/// Has the kernel measure how often and how long all programs run, for as long as what is returned is held (5.8).
///
/// # Errors
/// When this process may not (CAP_SYS_ADMIN), or the kernel cannot.
pub fn measure_runs() -> Result<OwnedFd, HostError> {
    id::enable_stats().map_err(|error| HostError::new("measure the runs of programs", &error))
}
