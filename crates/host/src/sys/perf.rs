//! `perf_event_open(2)` and the ioctls on the events that it makes.
//!
//! The numbers of the ioctls are those of `include/uapi/linux/perf_event.h`. They are called here and not through
//! `perf-event-open-sys`, whose PERIOD passes the number where the kernel wants its address.
#![expect(unsafe_code, reason = "perf_event_open and its ioctls have no safe wrapper")]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use perf_event_open_sys::bindings::{self, perf_event_attr};

use super::{checked, number, owned};

/// Opens an event. `pid` and `cpu` are as in `perf_event_open(2)`; the descriptor closes on exec.
pub(crate) fn open(
    attr: &perf_event_attr,
    pid: i32,
    cpu: i32,
    group: Option<BorrowedFd<'_>>,
    flags: u32,
) -> io::Result<OwnedFd> {
    let mut attr = *attr;
    attr.size = size_of::<perf_event_attr>() as u32;
    let group = group.map_or(-1, |group| group.as_raw_fd());
    let flags = libc::c_ulong::from(flags | bindings::PERF_FLAG_FD_CLOEXEC);
    // SAFETY: `attr` is an initialised perf_event_attr of the size that it says and outlives the call; addresses in
    // it (names of probes) are only read by the kernel, which refuses those that are not ours.
    let fd = unsafe { perf_event_open_sys::perf_event_open(&raw mut attr, pid, cpu, group, flags) };
    checked(fd.into()).map(owned)
}

/// The name of a probed function or file as `perf_event_attr` takes it: its address. Valid as long as the name lives.
pub(crate) fn address_of(name: &CStr) -> u64 {
    name.as_ptr() as u64
}

/// An ioctl whose argument is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Plain {
    Enable = bindings::ENABLE,
    Disable = bindings::DISABLE,
    Refresh = bindings::REFRESH,
    Reset = bindings::RESET,
    SetOutput = bindings::SET_OUTPUT,
    SetBpf = bindings::SET_BPF,
    PauseOutput = bindings::PAUSE_OUTPUT,
}

/// Calls such an ioctl.
pub(crate) fn plain(event: BorrowedFd<'_>, request: Plain, argument: i32) -> io::Result<()> {
    // SAFETY: these ioctls take a number or a descriptor, no address; the kernel checks both.
    let answer = unsafe { libc::ioctl(event.as_raw_fd(), request as libc::c_ulong, argument) };
    checked(answer.into()).map(drop)
}

/// Sets the period or frequency.
pub(crate) fn period(event: BorrowedFd<'_>, period: u64) -> io::Result<()> {
    // SAFETY: PERIOD reads one u64, which `period` is and outlives the call.
    let answer = unsafe {
        libc::ioctl(event.as_raw_fd(), bindings::PERIOD as libc::c_ulong, &raw const period)
    };
    checked(answer.into()).map(drop)
}

/// The event's id, as in its records.
pub(crate) fn id(event: BorrowedFd<'_>) -> io::Result<u64> {
    let mut id = 0_u64;
    // SAFETY: ID writes one u64, which `id` is and outlives the call.
    let answer =
        unsafe { libc::ioctl(event.as_raw_fd(), bindings::ID as libc::c_ulong, &raw mut id) };
    checked(answer.into()).map(|_| id)
}

/// Sets a filter on a tracepoint's fields, or on addresses.
pub(crate) fn set_filter(event: BorrowedFd<'_>, filter: &CStr) -> io::Result<()> {
    // SAFETY: SET_FILTER reads a string that ends with a zero byte, which `filter` does and outlives the call.
    let answer = unsafe {
        libc::ioctl(event.as_raw_fd(), bindings::SET_FILTER as libc::c_ulong, filter.as_ptr())
    };
    checked(answer.into()).map(drop)
}

/// Changes attributes of an event that is open: those of breakpoints.
pub(crate) fn modify(event: BorrowedFd<'_>, attr: &perf_event_attr) -> io::Result<()> {
    let mut attr = *attr;
    attr.size = size_of::<perf_event_attr>() as u32;
    // SAFETY: MODIFY_ATTRIBUTES reads a perf_event_attr of the size that it says, which `attr` is; it outlives the call.
    let answer = unsafe {
        libc::ioctl(
            event.as_raw_fd(),
            bindings::MODIFY_ATTRIBUTES as libc::c_ulong,
            &raw const attr,
        )
    };
    checked(answer.into()).map(drop)
}

/// The ids of the programs that a tracepoint runs, at most `max` of them.
pub(crate) fn query_bpf(event: BorrowedFd<'_>, max: u32) -> io::Result<Vec<u32>> {
    // `struct perf_event_query_bpf`: room, number found, ids.
    let mut words = vec![0_u32; max as usize + 2];
    words[0] = max;
    // SAFETY: QUERY_BPF writes the second word and at most as many ids as the first says, for which there is room.
    let answer = unsafe {
        libc::ioctl(event.as_raw_fd(), bindings::QUERY_BPF as libc::c_ulong, words.as_mut_ptr())
    };
    let found = words[1].min(max) as usize;
    match checked(answer.into()) {
        Err(error) if error.raw_os_error() != Some(libc::ENOSPC) => Err(error),
        _ => Ok(words[2..2 + found].to_vec()),
    }
}

/// Attaches a program.
pub(crate) fn set_bpf(event: BorrowedFd<'_>, program: BorrowedFd<'_>) -> io::Result<()> {
    plain(event, Plain::SetBpf, number(program).cast_signed())
}
