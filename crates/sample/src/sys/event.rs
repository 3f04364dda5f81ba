//! `perf_event_open(2)` and the ioctls on the events that it makes.

#![expect(unsafe_code, reason = "perf_event_open and its ioctls have no safe wrapper")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use perf_event_open_sys::bindings::{self, perf_event_attr};
use perf_event_open_sys::ioctls;

use super::checked;

/// Whom an event counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whom<'a> {
    /// One thread.
    Thread(i32),
    /// Everything on the CPU.
    All,
    /// The members of a cgroup, given by its directory.
    Cgroup(BorrowedFd<'a>),
}

/// Opens an event on one CPU.
pub(crate) fn open(attr: &perf_event_attr, whom: Whom<'_>, cpu: i32) -> io::Result<OwnedFd> {
    let mut attr = *attr;
    attr.size = size_of::<perf_event_attr>() as u32;
    let (pid, cgroup) = match whom {
        Whom::Thread(tid) => (tid, 0),
        Whom::All => (-1, 0),
        Whom::Cgroup(directory) => (directory.as_raw_fd(), bindings::PERF_FLAG_PID_CGROUP),
    };
    let flags = libc::c_ulong::from(bindings::PERF_FLAG_FD_CLOEXEC | cgroup);
    // SAFETY: `attr` is an initialised perf_event_attr of the size that it says and outlives the call; no bit of it
    // lets the kernel write to our memory (`sigtrap` and `sig_data` are never set).
    let fd = unsafe { perf_event_open_sys::perf_event_open(&raw mut attr, pid, cpu, -1, flags) };
    checked(fd.into())?;
    // SAFETY: the call succeeded, so `fd` is a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Starts an event and all its inherited copies.
pub(crate) fn enable(event: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: ENABLE takes no pointer; a descriptor that is no event gives an error.
    let answer = unsafe { ioctls::ENABLE(event.as_raw_fd(), 0) };
    checked(answer.into()).map(drop)
}

/// Stops an event and all its inherited copies.
pub(crate) fn disable(event: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: DISABLE takes no pointer; a descriptor that is no event gives an error.
    let answer = unsafe { ioctls::DISABLE(event.as_raw_fd(), 0) };
    checked(answer.into()).map(drop)
}

/// Makes an event write into the ring of another one on the same CPU.
pub(crate) fn set_output(event: BorrowedFd<'_>, ring: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: SET_OUTPUT takes a descriptor, not a pointer; the kernel checks that it is an event.
    let answer = unsafe { ioctls::SET_OUTPUT(event.as_raw_fd(), ring.as_raw_fd()) };
    checked(answer.into()).map(drop)
}
