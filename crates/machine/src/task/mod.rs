//! Tasks as of the sample: who exists, their names, ids and parents.
//!
//! Whoever watches the host tells of forks, new names and exits in the order of their times; programs
//! see the `task_struct` of a task, which is made when it is first asked for.

mod life;
mod object;
mod table;
#[cfg(test)]
mod tests;

use skep_abi::Pid;

use crate::cgroup::CgroupId;

pub use life::NewTask;
pub use table::Tasks;

/// What is known of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The thread (`pid` in the kernel).
    pub tid: Pid,
    /// Its process (`tgid` in the kernel).
    pub pid: Pid,
    /// Name, up to 15 bytes.
    pub comm: String,
    /// Real user id.
    pub uid: u32,
    /// Real group id.
    pub gid: u32,
    /// Process that is its parent, when known.
    pub parent: Option<Pid>,
    /// CPUs it may run on, in words of 64, lowest first; empty for all.
    pub affinity: Vec<u64>,
    /// Nanoseconds of `CLOCK_MONOTONIC` at its start; 0 when unknown.
    pub start_time: u64,
    /// Control group of the default hierarchy that it is in, when known; the root serves where it is not.
    pub cgroup: Option<CgroupId>,
    /// Whether it is a thread of the kernel.
    pub is_kthread: bool,
    /// Whether it has not exited.
    pub is_alive: bool,
}

impl Task {
    /// A thread of which nothing else is known.
    #[must_use]
    pub fn new(tid: Pid, pid: Pid, comm: &str) -> Self {
        Self {
            tid,
            pid,
            comm: comm.to_owned(),
            uid: 0,
            gid: 0,
            parent: None,
            affinity: Vec::new(),
            start_time: 0,
            cgroup: None,
            is_kthread: false,
            is_alive: true,
        }
    }

    /// The name as the kernel keeps it (`TASK_COMM_LEN`): up to 15 bytes and zeroes up to 16.
    #[must_use]
    pub fn comm_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (to, from) in bytes[..15].iter_mut().zip(self.comm.bytes()) {
            *to = from;
        }
        bytes
    }
}
