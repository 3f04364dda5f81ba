//! Who each thread is, as of the records read so far.
//!
//! Records tell names and lineages; `/proc` tells the rest, and is asked when a thread is first sampled (and again
//! after an exec, which may change ids). A thread that is gone by then is described by what its parent was.

use std::collections::HashMap;

use skep_abi::{Cpu, Pid};

use crate::proc;
use crate::stream::{Lineage, RecordKind};
use crate::task::{Comm, Task};

/// Ancestors that are described at once; deeper ones are when they are sampled themselves.
const MAX_ANCESTORS: usize = 64;

/// The threads that are known.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    known: HashMap<Pid, Known>,
    /// Whether they ran at another time: `/proc` knows nothing of them.
    is_past: bool,
    /// The CPU whose idle task was told last: all of them are thread 0.
    idle: Option<Cpu>,
}

#[derive(Debug)]
struct Known {
    task: Task,
    /// Whether the stream has it.
    told: bool,
    /// Whether its name comes from records, which know better than `/proc` what it was at the sample.
    named: bool,
}

impl Tasks {
    /// None yet, of a recording.
    pub(crate) fn of_recording() -> Self {
        Self { is_past: true, ..Self::default() }
    }

    /// Enters what a recording says of a task that ran already when it began.
    pub(crate) fn enter(&mut self, task: Task) {
        self.known.insert(task.tid, Known { task, told: false, named: false });
    }

    /// Follows one record.
    pub(crate) fn apply(&mut self, kind: &RecordKind) {
        match kind {
            RecordKind::Fork(lineage) => self.fork(*lineage),
            RecordKind::Comm { pid, tid, comm, exec } => {
                let known = self.known.entry(*tid).or_insert_with(|| Known::stranger(*pid, *tid));
                known.task.comm = *comm;
                known.named = true;
                known.told &= !exec;
            }
            RecordKind::Exit(lineage) => {
                self.known.remove(&lineage.tid);
            }
            _ => {}
        }
    }

    /// Remembers a process that was forked from this one before its events could tell.
    pub(crate) fn adopt(&mut self, pid: Pid) {
        self.known.insert(pid, Known::look(pid, pid));
    }

    fn fork(&mut self, lineage: Lineage) {
        let Lineage { pid, tid, parent_pid, parent_tid } = lineage;
        let is_past = self.is_past;
        let parent = self.known.entry(parent_tid).or_insert_with(|| match is_past {
            true => Known::stranger(parent_pid, parent_tid),
            false => Known::look(parent_pid, parent_tid),
        });
        let mut child = Known { task: parent.task.clone(), told: false, named: parent.named };
        child.task.pid = pid;
        child.task.tid = tid;
        // A new thread has its creator's parent.
        if pid != parent_pid {
            child.task.parent = Some(parent_pid);
        }
        self.known.insert(tid, child);
    }

    /// Describes a thread that is about to be named by a sample on a CPU, unless the stream has it already; before
    /// it, its process and their ancestors, which programs may walk to, the eldest first.
    pub(crate) fn introduce(&mut self, pid: Pid, tid: Pid, cpu: Cpu) -> Vec<Task> {
        if tid == Pid(0) {
            let is_told = self.idle.replace(cpu) == Some(cpu);
            return if is_told { Vec::new() } else { vec![idle(cpu)] };
        }
        let mut told = Vec::new();
        let mut next = self.tell(pid, tid);
        while let Some(task) = next {
            let elder = if task.tid == task.pid { task.parent } else { Some(task.pid) };
            told.push(task);
            let elder = elder.filter(|elder| *elder != Pid(0) && told.len() < MAX_ANCESTORS);
            next = elder.and_then(|elder| self.tell(elder, elder));
        }
        told.reverse();
        told
    }

    /// Describes a thread, unless the stream has it already.
    fn tell(&mut self, pid: Pid, tid: Pid) -> Option<Task> {
        let known = self.known.entry(tid).or_insert_with(|| Known::stranger(pid, tid));
        if known.told {
            return None;
        }
        known.told = true;
        if !self.is_past
            && let Ok(task) = proc::task(tid)
            && task.pid == pid
        {
            let comm = if known.named { known.task.comm } else { task.comm };
            known.task = Task { comm, ..task };
            known.named = true;
        }
        Some(known.task.clone())
    }
}

impl Known {
    /// A thread as it is now; only its numbers, when it is gone.
    fn look(pid: Pid, tid: Pid) -> Self {
        match proc::task(tid) {
            Ok(task) if task.pid == pid => Self { task, told: false, named: true },
            _ => Self::stranger(pid, tid),
        }
    }

    fn stranger(pid: Pid, tid: Pid) -> Self {
        let task = Task {
            pid,
            tid,
            parent: None,
            comm: Comm::default(),
            uid: None,
            gid: None,
            cpus_allowed: None,
            cgroup: None,
        };
        Self { task, told: false, named: false }
    }
}

/// The idle task of a CPU.
fn idle(cpu: Cpu) -> Task {
    let comm = Comm::new(format!("swapper/{cpu}").as_bytes());
    let known = Known::stranger(Pid(0), Pid(0));
    Task { comm, parent: Some(Pid(0)), uid: Some(0), gid: Some(0), ..known.task }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: Pid = Pid(u32::MAX - 5);

    fn comm(tid: Pid, name: &str, exec: bool) -> RecordKind {
        RecordKind::Comm { pid: tid, tid, comm: Comm::new(name.as_bytes()), exec }
    }

    #[test]
    fn a_live_thread_is_described_once_and_again_after_an_exec() {
        let us = Pid(std::process::id());
        let mut tasks = Tasks::default();
        let task = tasks.introduce(us, us, Cpu(0)).pop().unwrap();
        assert_eq!(task.uid, Some(rustix::process::getuid().as_raw()));
        assert_eq!(tasks.introduce(us, us, Cpu(0)), []);
        tasks.apply(&comm(us, "renamed", false));
        assert_eq!(tasks.introduce(us, us, Cpu(0)), []);
        tasks.apply(&comm(us, "executed", true));
        let task = tasks.introduce(us, us, Cpu(0)).pop().unwrap();
        assert_eq!(task.comm, Comm::new(b"executed"), "the record's name, not /proc's");
    }

    #[test]
    fn a_child_that_is_gone_is_what_its_parent_was() {
        let us = Pid(std::process::id());
        let mut tasks = Tasks::default();
        let parent = tasks.introduce(us, us, Cpu(0)).pop().unwrap();
        let (parent_pid, parent_tid) = (us, us);
        tasks.apply(&RecordKind::Fork(Lineage { pid: GONE, tid: GONE, parent_pid, parent_tid }));
        let task = tasks.introduce(GONE, GONE, Cpu(0)).pop().unwrap();
        assert_eq!((task.parent, task.uid, task.comm), (Some(us), parent.uid, parent.comm));
        assert_eq!((task.pid, task.tid), (GONE, GONE));
    }

    #[test]
    fn a_parent_that_nobody_has_told_of_is_looked_up() {
        let us = Pid(std::process::id());
        let mut tasks = Tasks::default();
        let (parent_pid, parent_tid) = (us, us);
        tasks.apply(&RecordKind::Fork(Lineage { pid: GONE, tid: GONE, parent_pid, parent_tid }));
        let task = tasks.introduce(GONE, GONE, Cpu(0)).pop().unwrap();
        assert_eq!((task.parent, task.uid), (Some(us), Some(rustix::process::getuid().as_raw())));
        tasks.adopt(us);
        assert_eq!(tasks.introduce(us, us, Cpu(0)).pop().unwrap().pid, us);
    }

    #[test]
    fn ancestors_come_first_and_once() {
        let us = Pid(std::process::id());
        let mut tasks = Tasks::default();
        let told = tasks.introduce(us, us, Cpu(0));
        for pair in told.windows(2) {
            assert_eq!(pair[1].parent, Some(pair[0].pid), "{told:?}");
        }
        let parent = Pid(std::os::unix::process::parent_id());
        assert_eq!(told.iter().rev().nth(1).map(|task| task.pid), Some(parent));
        assert!(told.iter().all(|task| task.comm != Comm::default()));
        assert_eq!(tasks.introduce(parent, parent, Cpu(0)), []);
    }

    #[test]
    fn a_stranger_that_is_gone_has_only_its_numbers() {
        let task = Tasks::default().introduce(GONE, GONE, Cpu(0)).pop().unwrap();
        assert_eq!((task.uid, task.parent, task.comm), (None, None, Comm::default()));
    }

    #[test]
    fn each_cpu_has_its_own_idle_task() {
        let mut tasks = Tasks::default();
        let mut introduce =
            |cpu| tasks.introduce(Pid(0), Pid(0), Cpu(cpu)).pop().map(|t| t.comm.to_string());
        assert_eq!(introduce(1).as_deref(), Some("swapper/1"));
        assert_eq!(introduce(1), None);
        assert_eq!(introduce(0).as_deref(), Some("swapper/0"));
    }
}
