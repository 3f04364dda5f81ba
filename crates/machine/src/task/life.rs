//! Tasks that are made, execute and end, with what the kernel does on the way: their perf events, and the programs
//! that watch (`copy_process`, `begin_new_exec`, `do_exit`).

use skep_abi::{Cpu, Errno, Pid, Sample};

use crate::cgroup::CgroupId;
use crate::perf::Cloned;
use crate::trace::Traced;
use crate::{Machine, UserMemory};

/// A task that another one makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The new thread.
    pub tid: Pid,
    /// Its process.
    pub pid: Pid,
    /// The thread that makes it.
    pub parent_tid: Pid,
    /// That thread's process.
    pub parent_pid: Pid,
    /// The CPU on which that happens.
    pub cpu: Cpu,
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    pub time: u64,
    /// `CLONE_*`, without the signal.
    pub clone_flags: u64,
}

impl NewTask {
    /// `CLONE_THREAD`.
    const THREAD: u64 = 0x0001_0000;
    /// `CLONE_CLEAR_SIGHAND`.
    const CLEAR_SIGHAND: u64 = 0x1_0000_0000;
    /// What glibc's `fork` passes: `CLONE_CHILD_SETTID` and `CLONE_CHILD_CLEARTID`.
    pub const FORK: u64 = 0x0120_0000;
    /// What glibc's `pthread_create` passes.
    pub const PTHREAD: u64 = 0x003d_0f00;

    /// A process that a process with one thread forks.
    #[must_use]
    pub const fn fork(parent: Pid, child: Pid) -> Self {
        Self {
            tid: child,
            pid: child,
            parent_tid: parent,
            parent_pid: parent,
            cpu: Cpu(0),
            time: 0,
            clone_flags: Self::FORK,
        }
    }
}

impl Machine {
    /// A task makes another one, which has its parent's name, ids, CPUs, and copies of the events that it passes on. On
    /// the way `task_newtask` is passed.
    pub fn new_task(&self, new: &NewTask, user: &dyn UserMemory) {
        self.tasks().fork(new.tid, new.pid, new.parent_tid, new.parent_pid, new.time);
        let how = Cloned {
            is_thread: new.clone_flags & NewTask::THREAD != 0,
            clears_signals: new.clone_flags & NewTask::CLEAR_SIGHAND != 0,
        };
        // A number that is used again is another task's.
        self.perf().exit(new.tid);
        self.perf().fork(new.parent_tid, new.tid, how);
        let (pid, tid) = (new.parent_pid, new.parent_tid);
        let now = Sample { pid, tid, cpu: new.cpu, time: new.time, ..Sample::default() };
        let at = Traced { cpu: new.cpu, task: tid, sample: Some(&now), user };
        self.trace_newtask(new.tid, new.clone_flags, at);
    }

    /// A thread has executed a program and has its name.
    pub fn exec(&self, tid: Pid, pid: Pid, comm: &str) {
        self.tasks().rename(tid, pid, comm);
        self.perf().exec(tid);
    }

    /// A thread has ended.
    pub fn exit_task(&self, tid: Pid) {
        self.perf().exit(tid);
        self.tasks().exit(tid);
        self.rcu().run_callbacks();
    }

    /// Moves a thread to a control group (`cgroup.procs`, `cgroup.threads`).
    ///
    /// # Errors
    /// `ENODEV` when the control group was removed or never was, `ESRCH` when the thread has ended or is not known.
    pub fn cgroup_attach(&self, cgroup: CgroupId, tid: Pid) -> Result<(), Errno> {
        if self.cgroups().is_alive(cgroup) != Some(true) {
            return Err(Errno::ENODEV);
        }
        let task = self.tasks().get(tid).filter(|task| task.is_alive).ok_or(Errno::ESRCH)?;
        self.tasks().set_cgroup(tid, task.pid, cgroup);
        Ok(())
    }

    /// Removes a control group, and with it what programs keep for it once none of them holds it any more.
    ///
    /// # Errors
    /// `ENOENT` when there is none; `EBUSY` for the root, and when tasks or other control groups are in it.
    pub fn cgroup_rmdir(&self, cgroup: CgroupId) -> Result<(), Errno> {
        if self.tasks().is_any_in(cgroup) {
            return Err(Errno::EBUSY);
        }
        self.cgroups().remove(cgroup)?;
        self.rcu().run_callbacks();
        Ok(())
    }
}
