//! Which processes were sampled, how often and when last.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{Mapping, Pid, Sample};
use skep_machine::Machine;
use skep_report::Process;
use skep_sample::Spaces;

/// Sampled processes by id and name. An exec changes both name and mappings, so that the name tells which mappings an
/// address belongs to.
#[derive(Debug, Default)]
pub struct Seen(HashMap<Pid, HashMap<String, Times>>);

/// When a process was sampled under one name.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    samples: u64,
    last: u64,
}

impl Seen {
    /// Counts a sample of a thread that the machine knows.
    pub fn sample(&mut self, machine: &Machine, sample: &Sample) {
        let task = machine.tasks().get(sample.tid);
        let comm = task.as_ref().map_or("", |task| task.comm.as_str());
        self.count(comm, sample);
    }

    /// Counts a sample of a thread that has this name.
    pub(crate) fn count(&mut self, comm: &str, sample: &Sample) {
        let names = self.0.entry(sample.pid).or_default();
        if !names.contains_key(comm) {
            names.insert(comm.to_owned(), Times::default());
        }
        if let Some(times) = names.get_mut(comm) {
            times.samples += 1;
            times.last = sample.time;
        }
    }

    /// Notes until when a process had a name: its samples may have left no record.
    pub(crate) fn had_name(&mut self, pid: Pid, comm: &str, until: u64) {
        let names = self.0.entry(pid).or_default();
        let times = names.entry(comm.to_owned()).or_default();
        times.last = times.last.max(until);
    }

    /// A process as it was when it was last sampled under this name.
    #[must_use]
    pub fn process(&self, spaces: &Spaces, pid: Pid, comm: &str) -> Process {
        let times = self.0.get(&pid).and_then(|names| names.get(comm));
        let at = times.map_or(u64::MAX, |times| times.last);
        let mappings: Arc<[Mapping]> =
            spaces.at(pid, at).map(|space| space.mappings().cloned().collect()).unwrap_or_default();
        Process { pid, comm: comm.to_owned(), mappings }
    }

    /// Every process under each of its names, the most sampled first.
    #[must_use]
    pub fn processes(&self, spaces: &Spaces) -> Vec<Process> {
        let mut all: Vec<(u64, Pid, &str)> = self
            .0
            .iter()
            .flat_map(|(pid, names)| names.iter().map(|(comm, t)| (t.samples, *pid, comm.as_str())))
            .collect();
        all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        all.into_iter().map(|(_, pid, comm)| self.process(spaces, pid, comm)).collect()
    }
}
