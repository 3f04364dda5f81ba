//! Ids of what the kernel holds, names in the BPF file system, and what a descriptor of another process stands for.

use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::{Command, addr_mut, bpf, len, number, owned};

/// Head of `union bpf_attr` for `BPF_*_GET_NEXT_ID` and `BPF_*_GET_FD_BY_ID`.
#[repr(C)]
#[derive(Default)]
struct GetId {
    id: u32,
    next_id: u32,
    open_flags: u32,
}

/// The id after `start`; none at the end. `command` is one of `BPF_*_GET_NEXT_ID`.
pub(crate) fn next(command: Command, start: u32) -> io::Result<Option<u32>> {
    let mut attr = GetId { id: start, ..GetId::default() };
    match bpf(command, &mut attr) {
        Ok(_) => Ok(Some(attr.next_id)),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A descriptor of what has an id. `command` is one of `BPF_*_GET_FD_BY_ID`.
pub(crate) fn open(command: Command, id: u32) -> io::Result<OwnedFd> {
    bpf(command, &mut GetId { id, ..GetId::default() }).map(owned)
}

/// Head of `union bpf_attr` for `BPF_OBJ_PIN` and `BPF_OBJ_GET`.
#[repr(C)]
#[derive(Default)]
struct Pin {
    pathname: u64,
    bpf_fd: u32,
    file_flags: u32,
}

/// Gives something a name in the BPF file system.
pub(crate) fn pin(path: &CStr, fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut attr = Pin { pathname: path.as_ptr() as u64, bpf_fd: number(fd), file_flags: 0 };
    bpf(Command::ObjPin, &mut attr).map(drop)
}

/// Opens what has a name in the BPF file system.
pub(crate) fn get(path: &CStr) -> io::Result<OwnedFd> {
    let mut attr = Pin { pathname: path.as_ptr() as u64, ..Pin::default() };
    bpf(Command::ObjGet, &mut attr).map(owned)
}

/// Head of `union bpf_attr` for `BPF_TASK_FD_QUERY`.
#[repr(C)]
#[derive(Default)]
struct TaskFd {
    pid: u32,
    fd: u32,
    flags: u32,
    buf_len: u32,
    buf: u64,
    prog_id: u32,
    fd_type: u32,
    probe_offset: u64,
    probe_addr: u64,
}

/// What a perf event or raw tracepoint of a process runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskFdAnswer {
    pub(crate) prog_id: u32,
    pub(crate) fd_type: u32,
    pub(crate) name: String,
    pub(crate) probe_offset: u64,
    pub(crate) probe_addr: u64,
}

/// Asks what a descriptor of a process runs.
pub(crate) fn task_fd(pid: u32, fd: u32) -> io::Result<TaskFdAnswer> {
    let mut name = [0_u8; 256];
    let mut attr =
        TaskFd { pid, fd, buf_len: len(&name)?, buf: addr_mut(&mut name), ..TaskFd::default() };
    bpf(Command::TaskFdQuery, &mut attr)?;
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    Ok(TaskFdAnswer {
        prog_id: attr.prog_id,
        fd_type: attr.fd_type,
        name: String::from_utf8_lossy(&name[..end]).into_owned(),
        probe_offset: attr.probe_offset,
        probe_addr: attr.probe_addr,
    })
}

/// Has the kernel count runs and time of all programs for as long as the descriptor is open.
pub(crate) fn enable_stats() -> io::Result<OwnedFd> {
    const RUN_TIME: u32 = 0;
    bpf(Command::EnableStats, &mut [RUN_TIME]).map(owned)
}
