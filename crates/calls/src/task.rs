//! `kernel/bpf/helpers.c`: who runs, as of the sample.

use skep_abi::{Errno, Pid};
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Size, UninitMem};
use crate::ret::{Answer, Success};

/// Ids and name of the current task.
pub(crate) struct Current;

#[calls(since = "4.2")]
impl Current {
    /// Returns the process in the high and the thread in the low 32 bits, in the initial PID namespace.
    #[helper(14, avail { TRACING, CGROUP_SOCKET: "5.7", SkMsg: "5.8", BASE: "6.10" })]
    fn bpf_get_current_pid_tgid(k: &mut Kernel<'_, '_>) -> u64 {
        u64::from(tgid(k).0) << 32 | u64::from(k.run.task.0)
    }

    /// Returns the group in the high and the user in the low 32 bits, in the initial user namespace.
    ///
    /// *Errors*: `EINVAL` when nothing is known of the task.
    #[helper(
        15,
        avail {
            TRACING,
            CgroupSock: "4.14",
            CGROUP_OTHER: "4.15",
            CgroupSockAddr: "4.17",
            SkMsg: "5.8",
            BASE: "6.16",
        }
    )]
    fn bpf_get_current_uid_gid(k: &mut Kernel<'_, '_>) -> Answer<u64> {
        let task = k.run.machine.tasks().get(k.run.task).ok_or(Errno::EINVAL)?;
        Ok(u64::from(task.gid) << 32 | u64::from(task.uid))
    }

    /// Copies the name of the current task, cut to the buffer, ended by a NUL and padded with NULs. Returns 0.
    ///
    /// *Errors*: `EINVAL`, with the buffer zeroed, when nothing is known of the task.
    #[helper(16, avail { TRACING, CGROUP_SOCKET: "5.7", BASE: "6.16" })]
    fn bpf_get_current_comm(
        k: &mut Kernel<'_, '_>,
        buf: UninitMem,
        size_of_buf: Size,
    ) -> Answer<Success> {
        let memory = k.run.memory();
        let size = u64::from(size_of_buf.cut());
        memory.fill(buf.0, size, 0)?;
        let task = k.run.machine.tasks().get(k.run.task).ok_or(Errno::EINVAL)?;
        // `comm` has 16 bytes, of which the last is a NUL.
        let fits = size.saturating_sub(1).min(15).min(task.comm.len() as u64) as usize;
        memory.write(buf.0, &task.comm.as_bytes()[..fits])?;
        Ok(Success)
    }
}

/// The process of the current thread; a thread of which nothing is known counts as its own.
fn tgid(k: &Kernel<'_, '_>) -> Pid {
    let sampled = k.run.sample.filter(|sample| sample.tid == k.run.task).map(|sample| sample.pid);
    let known = || k.run.machine.tasks().get(k.run.task).map(|task| task.pid);
    sampled.or_else(known).unwrap_or(k.run.task)
}
