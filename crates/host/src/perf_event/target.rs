//! Whom an event counts.

use std::os::fd::{AsRawFd, BorrowedFd};

use perf_event_open_sys::bindings;

/// Whom an event counts: pid and cpu of `perf_event_open(2)`.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// The calling thread, on whichever CPU.
    ThisThread,
    /// A thread, on whichever CPU.
    Thread(u32),
    /// A thread while it is on this CPU.
    ThreadOn(u32, u32),
    /// Everything on this CPU.
    Cpu(u32),
    /// The members of a cgroup, given by its folder, on this CPU.
    Cgroup(BorrowedFd<'a>, u32),
}

impl Target<'_> {
    /// pid, cpu, flags. Numbers that no kernel has become ones that it refuses.
    pub(super) fn arguments(self) -> (i32, i32, u32) {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        match self {
            Self::ThisThread => (0, -1, 0),
            Self::Thread(tid) => (number(tid), -1, 0),
            Self::ThreadOn(tid, cpu) => (number(tid), number(cpu), 0),
            Self::Cpu(cpu) => (-1, number(cpu), 0),
            Self::Cgroup(folder, cpu) => {
                (folder.as_raw_fd(), number(cpu), bindings::PERF_FLAG_PID_CGROUP)
            }
        }
    }
}
