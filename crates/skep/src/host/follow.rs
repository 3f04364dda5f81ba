//! Follows the records of a session: which processes there were, under which names.

use std::collections::HashMap;

use skep_abi::Pid;
use skep_report::Process;
use skep_sample::{Record, RecordKind, Spaces};

use crate::session::Seen;

/// Names of threads, and what was sampled. Samples that a program dropped left no record, so that every process counts
/// as one that may have been sampled.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    comms: HashMap<Pid, String>,
    seen: Seen,
}

impl Follower {
    /// Follows one record.
    pub(crate) fn record(&mut self, record: &Record) {
        match &record.kind {
            RecordKind::Sample(sample) => {
                let comm = self.comms.get(&sample.tid).map_or("", String::as_str);
                self.seen.count(comm, sample);
            }
            RecordKind::Task(task) => {
                self.comms.insert(task.tid, task.comm.to_string());
            }
            RecordKind::Fork(new) => {
                if let Some(comm) = self.comms.get(&new.parent_tid).cloned() {
                    self.comms.insert(new.tid, comm);
                }
            }
            RecordKind::Comm { pid, tid, comm, exec } => {
                let before = self.comms.insert(*tid, comm.to_string());
                if let (true, Some(before)) = (*exec, before) {
                    self.seen.had_name(*pid, &before, record.time.saturating_sub(1));
                }
                self.seen.had_name(*pid, &comm.to_string(), u64::MAX);
            }
            _ => {}
        }
    }

    /// Which processes were sampled.
    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Every process that may have been sampled, the most sampled first.
    pub(crate) fn processes(&self, spaces: &Spaces) -> Vec<Process> {
        let mut all = self.seen.processes(spaces);
        let mut others: Vec<Pid> =
            spaces.pids().filter(|pid| all.iter().all(|process| process.pid != *pid)).collect();
        others.sort_unstable();
        all.extend(others.into_iter().map(|pid| {
            let comm = self.comms.get(&pid).map_or("", String::as_str);
            self.seen.process(spaces, pid, comm)
        }));
        all
    }
}
