//! The address spaces of all processes over time.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{Mapping, Pid};

use crate::stream::{Record, RecordKind};
use crate::unwind::AddressSpace;

/// An address space and when it began to be.
#[derive(Clone, Debug)]
struct Era {
    since: u64,
    /// Shared with the parent until either maps something or is unwound.
    space: Arc<AddressSpace>,
    /// Whether a sample fell into it: one without is forgotten when it ends, so that memory does not grow with the
    /// number of short processes.
    sampled: bool,
}

/// What each process had mapped when: an exec begins a new address space, and ended processes are remembered, so
/// that samples can be symbolised at any later time.
#[derive(Clone, Debug, Default)]
pub struct Spaces {
    eras: HashMap<Pid, Vec<Era>>,
    /// Whether what was not sampled is remembered too.
    keeps_all: bool,
}

impl Spaces {
    /// Nothing yet; `keeps_all` remembers ended processes also without a sample, since samples may leave no record.
    pub(crate) fn new(keeps_all: bool) -> Self {
        Self { eras: HashMap::new(), keeps_all }
    }

    /// Follows one record of a session.
    pub fn apply(&mut self, record: &Record) {
        match &record.kind {
            RecordKind::Sample(sample) => {
                if let Some(era) = self.eras.get_mut(&sample.pid).and_then(|eras| eras.last_mut()) {
                    era.sampled = true;
                }
            }
            RecordKind::Fork(lineage) if lineage.pid != lineage.parent_pid => {
                let parent = self.eras.get(&lineage.parent_pid).and_then(|eras| eras.last());
                let space = match parent {
                    Some(parent) => Arc::clone(&parent.space),
                    None => Arc::new(AddressSpace::new(lineage.pid)),
                };
                self.begin(lineage.pid, record.time, space);
            }
            RecordKind::Comm { pid, exec: true, .. } => {
                self.begin(*pid, record.time, Arc::new(AddressSpace::new(*pid)));
            }
            RecordKind::Mmap { pid, mapping } => self.map(*pid, record.time, mapping.clone()),
            RecordKind::Exit(lineage) if lineage.pid == lineage.tid => {
                let eras = self.eras.entry(lineage.pid).or_default();
                eras.retain(|era| era.sampled || self.keeps_all);
                if eras.is_empty() {
                    self.eras.remove(&lineage.pid);
                }
            }
            _ => {}
        }
    }

    /// Tells whether anything is known of a process, be it that it has nothing mapped.
    #[must_use]
    pub fn knows(&self, pid: Pid) -> bool {
        self.eras.contains_key(&pid)
    }

    /// Notes that a process has nothing mapped, as kernel threads have not.
    pub(crate) fn begin_empty(&mut self, pid: Pid, since: u64) {
        self.begin(pid, since, Arc::new(AddressSpace::new(pid)));
    }

    /// Notes a process that ran before anything told of it, whose mappings are told next.
    pub(crate) fn begin_unknown(&mut self, pid: Pid, since: u64) {
        if !self.knows(pid) {
            self.begin_empty(pid, since);
        }
    }

    /// The address space of a process at a time, or the earliest one that is known.
    #[must_use]
    pub fn at(&self, pid: Pid, time: u64) -> Option<&AddressSpace> {
        let eras = self.eras.get(&pid)?;
        let later = eras.partition_point(|era| era.since <= time);
        eras.get(later.saturating_sub(1)).map(|era| &*era.space)
    }

    /// The newest address space of a process.
    #[must_use]
    pub fn current(&self, pid: Pid) -> Option<&AddressSpace> {
        self.eras.get(&pid)?.last().map(|era| &*era.space)
    }

    /// The newest address space of a process, to unwind through.
    pub fn current_mut(&mut self, pid: Pid) -> Option<&mut AddressSpace> {
        self.eras.get_mut(&pid)?.last_mut().map(|era| own(&mut era.space, pid))
    }

    /// Every process of which something is known.
    pub fn pids(&self) -> impl Iterator<Item = Pid> {
        self.eras.keys().copied()
    }

    fn begin(&mut self, pid: Pid, since: u64, space: Arc<AddressSpace>) {
        let eras = self.eras.entry(pid).or_default();
        if !self.keeps_all && eras.last().is_some_and(|era| !era.sampled) {
            eras.pop();
        }
        eras.push(Era { since, space, sampled: false });
    }

    fn map(&mut self, pid: Pid, time: u64, mapping: Mapping) {
        let eras = self.eras.entry(pid).or_default();
        if eras.is_empty() {
            let space = Arc::new(AddressSpace::new(pid));
            eras.push(Era { since: time, space, sampled: false });
        }
        if let Some(era) = eras.last_mut() {
            own(&mut era.space, pid).map(mapping);
        }
    }
}

/// A space that belongs to the process alone: a child's is its parent's until here.
fn own(space: &mut Arc<AddressSpace>, pid: Pid) -> &mut AddressSpace {
    if space.pid() != pid {
        *space = Arc::new(space.fork(pid));
    }
    Arc::make_mut(space)
}

#[cfg(test)]
mod tests {
    use skep_abi::{Cpu, Sample};

    use super::*;
    use crate::stream::Lineage;
    use crate::task::Comm;

    fn follow(spaces: &mut Spaces, time: u64, kind: RecordKind) {
        spaces.apply(&Record { time, cpu: Cpu(0), kind });
    }

    fn map(pid: u32, path: &str) -> RecordKind {
        let mapping = Mapping {
            start: 0x1000,
            end: 0x2000,
            file_offset: 0,
            path: path.into(),
            build_id: Vec::new(),
        };
        RecordKind::Mmap { pid: Pid(pid), mapping }
    }

    fn sample(pid: u32) -> RecordKind {
        RecordKind::Sample(Box::new(Sample { pid: Pid(pid), tid: Pid(pid), ..Sample::default() }))
    }

    #[test]
    fn an_ended_process_is_remembered_only_if_it_was_sampled() {
        let mut spaces = Spaces::default();
        for pid in [1, 2] {
            follow(&mut spaces, 10, map(pid, "/a"));
        }
        follow(&mut spaces, 11, sample(1));
        for pid in [1, 2] {
            let (pid, parent) = (Pid(pid), Pid(0));
            let exit = Lineage { pid, tid: pid, parent_pid: parent, parent_tid: parent };
            follow(&mut spaces, 12, RecordKind::Exit(exit));
        }
        assert_eq!(path(spaces.current(Pid(1))).as_deref(), Some("/a"));
        assert!(!spaces.knows(Pid(2)));
    }

    fn path(space: Option<&AddressSpace>) -> Option<String> {
        Some(space?.mapping_at(0x1800)?.path.to_str().unwrap().into())
    }

    #[test]
    fn an_exec_begins_anew_and_the_old_is_remembered() {
        let mut spaces = Spaces::default();
        follow(&mut spaces, 10, map(1, "/old"));
        follow(&mut spaces, 15, sample(1));
        let (pid, tid, comm) = (Pid(1), Pid(1), Comm::new(b"x"));
        follow(&mut spaces, 20, RecordKind::Comm { pid, tid, comm, exec: true });
        follow(&mut spaces, 21, map(1, "/new"));
        let at = |time| path(spaces.at(Pid(1), time));
        assert_eq!(at(15).as_deref(), Some("/old"));
        assert_eq!(at(5).as_deref(), Some("/old"), "the earliest that is known");
        assert_eq!(at(30).as_deref(), Some("/new"));
    }

    #[test]
    fn a_child_process_starts_with_a_copy_and_a_thread_shares() {
        let mut spaces = Spaces::default();
        follow(&mut spaces, 10, map(1, "/a"));
        let child = |pid, tid| {
            let (parent_pid, parent_tid) = (Pid(1), Pid(1));
            RecordKind::Fork(Lineage { pid: Pid(pid), tid: Pid(tid), parent_pid, parent_tid })
        };
        follow(&mut spaces, 11, child(1, 2));
        follow(&mut spaces, 12, child(3, 3));
        follow(&mut spaces, 13, map(1, "/b"));
        assert_eq!(path(spaces.current(Pid(3))).as_deref(), Some("/a"));
        assert_eq!(path(spaces.current(Pid(1))).as_deref(), Some("/b"));
        assert_eq!(spaces.pids().count(), 2);
        assert!(spaces.current(Pid(2)).is_none());
    }
}
