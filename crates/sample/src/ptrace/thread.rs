//! One traced thread: its CPU time and whether it is due.

use std::fs::File;

use skep_abi::{Cpu, Pid};

use crate::proc::{RunState, ThreadStat, runtime_ns};

/// The most CPU time that is owed to a thread (ns): one that is never seen running is forgiven the rest.
const MAX_OWED: u64 = 1_000_000_000;

/// A thread.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) pid: Pid,
    stat: Option<File>,
    schedstat: Option<File>,
    runtime: u64,
    /// CPU time for which no sample was taken yet.
    owed: u64,
    /// Whether it was asked to stop to be sampled, and on which CPU it ran then.
    pub(super) asked: Option<Cpu>,
}

impl Thread {
    pub(super) fn new(pid: Pid, tid: Pid) -> Self {
        let open = |name: &str| File::open(format!("/proc/{pid}/task/{tid}/{name}")).ok();
        let schedstat = open("schedstat");
        let runtime = schedstat.as_ref().and_then(|file| runtime_ns(file).ok()).unwrap_or(0);
        Self { pid, stat: open("stat"), schedstat, runtime, owed: 0, asked: None }
    }

    /// Counts what the thread used since the last tick; *Returns* the CPU it runs on when a sample is due.
    pub(super) fn tick(&mut self, period: u64) -> Option<Cpu> {
        match self.schedstat.as_ref().map(runtime_ns) {
            Some(Ok(runtime)) => {
                self.owed =
                    (self.owed + runtime.saturating_sub(self.runtime)).min(MAX_OWED.max(period));
                self.runtime = runtime;
            }
            // Without scheduler statistics, whoever runs at a tick has run since the last one.
            _ => self.owed = period,
        }
        if self.owed < period || self.asked.is_some() {
            return None;
        }
        let stat = ThreadStat::read(self.stat.as_ref()?).ok()?;
        (stat.state == RunState::Running).then_some(stat.cpu)
    }

    /// Takes one period's worth of CPU time for a sample.
    pub(super) fn pay(&mut self, period: u64) {
        self.owed = self.owed.saturating_sub(period);
    }
}
