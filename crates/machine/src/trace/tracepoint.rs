//! A place that perf events trace, and the programs of all these events (`struct trace_event_call`).

use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use skep_abi::{Cpu, Errno, Pid, ProgId, Sample};

use crate::perf::{Attached, Overflow};
use crate::{Machine, PerfEvent, Prog, Run, UserMemory};

/// Programs that one tracepoint takes (`BPF_TRACE_MAX_PROGS`).
pub const MAX_PROGS: usize = 64;

/// A tracepoint, kprobe or uprobe.
#[derive(Debug)]
pub struct TraceEvent {
    id: u64,
    name: Arc<str>,
    size: u32,
    progs: ArcSwap<Vec<Attached>>,
    changing: Mutex<()>,
    /// Events that trace it, children's copies left out.
    events: Mutex<Vec<Weak<PerfEvent>>>,
}

/// The current task's way through a place.
#[derive(Clone, Copy)]
pub struct Traced<'a> {
    /// The CPU.
    pub cpu: Cpu,
    /// The current thread.
    pub task: Pid,
    /// What a sample of it holds, where an event takes one: clock, stacks, registers.
    pub sample: Option<&'a Sample>,
    /// Memory of the task's process.
    pub user: &'a dyn UserMemory,
}

impl TraceEvent {
    pub(super) fn new(id: u64, name: &str, size: u32) -> Self {
        let progs = ArcSwap::from_pointee(Vec::new());
        let (changing, events) = (Mutex::new(()), Mutex::default());
        Self { id, name: name.into(), size, progs, changing, events }
    }

    /// Its number in tracefs, which is the `config` of its perf events; 0 for a probe.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Its name, such as `sched:sched_switch`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The end of its last field (`trace_event_get_offsets`): programs may not read past it.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// Its programs, first attached first.
    #[must_use]
    pub fn progs(&self) -> Vec<ProgId> {
        self.progs.load().iter().map(|attached| attached.prog().id()).collect()
    }

    /// An event that traces it was opened.
    pub(crate) fn watch(&self, event: &Arc<PerfEvent>) {
        let mut events = self.events.lock();
        events.retain(|event| event.strong_count() > 0);
        events.push(Arc::downgrade(event));
    }

    fn events(&self) -> Vec<Arc<PerfEvent>> {
        self.events.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// `perf_event_attach_bpf_prog`: `E2BIG` with 64 programs, `EEXIST` when the program is there.
    pub(crate) fn add(&self, attached: Attached) -> Result<(), Errno> {
        let _changing = self.changing.lock();
        let mut progs = self.progs.load().as_ref().clone();
        if progs.len() >= MAX_PROGS {
            return Err(Errno::E2BIG);
        }
        if progs.iter().any(|other| Arc::ptr_eq(other.prog(), attached.prog())) {
            return Err(Errno::EEXIST);
        }
        progs.push(attached);
        self.progs.store(Arc::new(progs));
        Ok(())
    }

    pub(crate) fn remove(&self, prog: &Arc<Prog>) {
        let _changing = self.changing.lock();
        let mut progs = self.progs.load().as_ref().clone();
        progs.retain(|other| !Arc::ptr_eq(other.prog(), prog));
        self.progs.store(Arc::new(progs));
    }
}

/// What came of passing a tracepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Perf events record it: no program is attached, or none returned 0.
    Recorded,
    /// A program returned 0 (the results are combined by AND), or trapped: no event records it.
    Discarded,
    /// A program ran on the CPU already; each attached one counts a miss, and no event records it.
    Busy,
    /// The machine has no such CPU, or the record is longer than any ([`super::MAX_RECORD`]).
    Impossible,
}

impl Machine {
    /// The CPU passes a tracepoint: its programs run, in the order of their attachment, with the record as context
    /// (`trace_call_bpf`). They run wherever the tracepoint is hit: neither the CPU nor the task of their events
    /// matters, nor whether these are switched on. Unless they discard it, the events that count the task on the CPU
    /// then overflow with the sample, if there is one.
    ///
    /// The first eight bytes of a record are the kernel's own.
    pub fn fire_tracepoint(&self, event: &TraceEvent, at: Traced<'_>, record: &[u8]) -> Passed {
        let passed = self.call_programs(event, at, record);
        if passed == Passed::Recorded
            && let Some(sample) = at.sample
        {
            let overflow = Overflow { sample, cpu: at.cpu, user: at.user, throttle: false };
            for event in event.events() {
                self.overflow(&event, overflow);
            }
        }
        passed
    }

    /// `trace_call_bpf`.
    fn call_programs(&self, event: &TraceEvent, at: Traced<'_>, record: &[u8]) -> Passed {
        let progs = event.progs.load();
        if progs.is_empty() {
            return Passed::Recorded;
        }
        let Some(cpu) = self.cpu(at.cpu) else { return Passed::Impossible };
        let Some(_busy) = cpu.enter() else {
            progs.iter().for_each(|attached| attached.prog().counters().dropped());
            return Passed::Busy;
        };
        let Some(ctx) = self.trace().contexts.record(at.cpu, record) else {
            return Passed::Impossible;
        };
        let mut all = 1;
        for attached in progs.iter() {
            let prog = attached.prog();
            let mut run = Run {
                machine: self,
                cpu: at.cpu,
                prog: prog.id(),
                prog_type: prog.prog_type(),
                ctx,
                task: at.task,
                sample: at.sample,
                event: None,
                cookie: attached.cookie(),
                user: at.user,
            };
            all &= prog.run(&mut run).unwrap_or(0) as u32;
        }
        if all == 0 { Passed::Discarded } else { Passed::Recorded }
    }
}
