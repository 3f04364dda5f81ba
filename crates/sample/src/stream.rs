//! What a session hands out: one stream of records, the same from every source.

use std::path::PathBuf;

use skep_abi::{Cpu, Mapping, Pid, Sample};

use crate::sched::Occupancy;
use crate::task::{Comm, Task};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Nanoseconds of `CLOCK_MONOTONIC`; in a recording, of the clock that it was made with.
    pub time: u64,
    /// The CPU on which it was noticed; the CPU of a task described from `/proc` is that of the sample that needed it.
    pub cpu: Cpu,
    /// What it was.
    pub kind: RecordKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordKind {
    /// An event overflowed.
    Sample(Box<Sample>),
    /// A task that a sample is about to name: comes before its first sample, and again after an exec.
    Task(Task),
    /// A task began.
    Fork(Lineage),
    /// A task ended; the lineage names its parent.
    Exit(Lineage),
    /// A thread got a name.
    Comm {
        /// Process.
        pid: Pid,
        /// Thread.
        tid: Pid,
        /// Name.
        comm: Comm,
        /// Whether `execve` gave it, which also replaced everything that the process had mapped.
        exec: bool,
    },
    /// Code was mapped; it covers what was mapped there before.
    Mmap {
        /// Process.
        pid: Pid,
        /// What and where.
        mapping: Mapping,
    },
    /// Records found no room in the ring: samples, or anything else of this stream.
    Lost {
        /// How many.
        records: u64,
    },
    /// The kernel silenced an event that came too often; samples are missing until [`Unthrottle`](Self::Unthrottle).
    Throttle,
    /// The silence ended.
    Unthrottle,
    /// A task came to the CPU or left it.
    Switch {
        /// Process.
        pid: Pid,
        /// Thread.
        tid: Pid,
        /// Whether it left.
        out: bool,
        /// Whether it left though it could run on.
        preempted: bool,
        /// Process and thread that come next, or were before; told where all switches of the CPU are recorded.
        next_prev: Option<(Pid, Pid)>,
    },
    /// What the CPU does from now on, as a recording tells of its beginning, by samples of `sched:sched_switch`, and where
    /// records of the CPU are missing.
    Occupancy(Occupancy),
    /// A cgroup's path.
    Cgroup {
        /// The id that samples carry.
        id: u64,
        /// The path from the hierarchy's root.
        path: PathBuf,
    },
}

/// A task and the one that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// Process.
    pub pid: Pid,
    /// Thread.
    pub tid: Pid,
    /// Process that made it.
    pub parent_pid: Pid,
    /// Thread that made it.
    pub parent_tid: Pid,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetStatus {
    /// It exited with this status.
    Exited(i32),
    /// This signal ended it.
    Signaled(i32),
    /// It was asked to end (`SIGTERM`) when sampling did, and runs on.
    Running,
}

impl TargetStatus {
    /// Reads what `waitpid(2)` says; `None` when the process only stopped or went on.
    pub(crate) fn from_wait(status: i32) -> Option<Self> {
        if libc::WIFEXITED(status) {
            Some(Self::Exited(libc::WEXITSTATUS(status)))
        } else if libc::WIFSIGNALED(status) {
            Some(Self::Signaled(libc::WTERMSIG(status)))
        } else {
            None
        }
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The command, or the last of the processes, exited.
    TargetExited,
    /// The time was over.
    Duration,
    /// It was told to stop.
    Stopped,
    /// A recording came to its end.
    RecordingEnded,
}
