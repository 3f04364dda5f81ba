//! What happened to tasks: COMM, FORK, EXIT, NAMESPACES, SWITCH, SWITCH_CPU_WIDE, ITRACE_START; and CGROUP.

use skep_abi::Pid;

use super::cursor::{Cursor, Words, until_nul};
use super::sample_id::pid_tid;
use super::{Misc, RecordError};

/// `PERF_RECORD_COMM`: a thread got a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommRecord<'a> {
    /// Process.
    pub pid: Pid,
    /// Thread.
    pub tid: Pid,
    /// The name, without its NUL; the kernel's have at most 15 bytes.
    pub comm: &'a [u8],
    /// Whether `execve` gave it.
    pub is_exec: bool,
}

impl<'a> CommRecord<'a> {
    pub(super) fn parse(
        cursor: &mut Cursor<'a>,
        misc: Misc,
        trailer: usize,
    ) -> Result<Self, RecordError> {
        let (pid, tid) = pid_tid(cursor)?;
        let comm = until_nul(cursor.all_but("comm", trailer)?);
        Ok(Self { pid, tid, comm, is_exec: misc.is_comm_exec() })
    }
}

/// `PERF_RECORD_FORK` and `PERF_RECORD_EXIT`: a task began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskRecord {
    /// Process.
    pub pid: Pid,
    /// Process that made it; at the exit, its parent.
    pub ppid: Pid,
    /// Thread.
    pub tid: Pid,
    /// Thread that made it.
    pub ptid: Pid,
    /// Nanoseconds of the event's clock.
    pub time: u64,
}

impl TaskRecord {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            pid: Pid(cursor.u32("pid")?),
            ppid: Pid(cursor.u32("ppid")?),
            tid: Pid(cursor.u32("tid")?),
            ptid: Pid(cursor.u32("ptid")?),
            time: cursor.u64("time")?,
        })
    }
}

/// `PERF_RECORD_NAMESPACES`: the namespaces of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamespacesRecord<'a> {
    /// Process.
    pub pid: Pid,
    /// Thread.
    pub tid: Pid,
    words: Words<'a>,
}

impl<'a> NamespacesRecord<'a> {
    /// Device and inode of each namespace: net, uts, ipc, pid, user, mnt, cgroup.
    pub fn namespaces(&self) -> impl Iterator<Item = (u64, u64)> + 'a {
        let mut words = self.words.iter();
        std::iter::from_fn(move || Some((words.next()?, words.next()?)))
    }

    pub(super) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, RecordError> {
        let (pid, tid) = pid_tid(cursor)?;
        let nr = cursor.u64("nr_namespaces")?;
        let words = cursor.words("namespaces", nr.saturating_mul(2))?;
        Ok(Self { pid, tid, words })
    }
}

/// `PERF_RECORD_SWITCH` and `PERF_RECORD_SWITCH_CPU_WIDE`: a task came to a CPU or left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchRecord {
    /// Whether the task of the trailer leaves.
    pub is_out: bool,
    /// Whether it leaves though it could run on.
    pub is_preempted: bool,
    /// CPU-wide events: the task that comes next (when leaving) or that was before (when coming).
    pub next_prev: Option<(Pid, Pid)>,
}

impl SwitchRecord {
    pub(super) fn parse(
        cursor: &mut Cursor<'_>,
        misc: Misc,
        is_cpu_wide: bool,
    ) -> Result<Self, RecordError> {
        let next_prev = is_cpu_wide.then(|| pid_tid(cursor)).transpose()?;
        let is_out = misc.is_switch_out();
        Ok(Self { is_out, is_preempted: is_out && misc.is_switch_out_preempt(), next_prev })
    }
}

/// `PERF_RECORD_CGROUP`: the path of a cgroup id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CgroupRecord<'a> {
    /// The id, as `PERF_SAMPLE_CGROUP` gives it.
    pub id: u64,
    /// The path from the hierarchy's root.
    pub path: &'a [u8],
}

impl<'a> CgroupRecord<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>, trailer: usize) -> Result<Self, RecordError> {
        Ok(Self { id: cursor.u64("id")?, path: until_nul(cursor.all_but("path", trailer)?) })
    }
}
