//! Runs the attached programs on each sample.

use std::collections::HashSet;
use std::sync::Arc;

use skep_abi::{Pid, Sample};
use skep_interp::{Program, Trap};
use skep_machine::perf::Counters;
use skep_machine::{Machine, PerfEvent, PerfEventAttr, Run};
use skep_sample::event_name::EventSpec;
use skep_sample::sched::Script;
use skep_sample::{Options, Rate, Record, RecordKind};

use super::cpus;
use super::seen::Seen;
use super::tasks;
use super::user_memory::LiveMemory;
use crate::load::Loaded;

/// What became of a program's samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramCounts {
    /// The program.
    pub name: String,
    /// Times that it ran to its end.
    pub runs: u64,
    /// Samples dropped since a program already ran on their CPU.
    pub dropped: u64,
    /// Times that it did what it must not.
    pub faults: u64,
    /// The first of these.
    pub first_fault: Option<Box<Trap>>,
}

/// A program that is attached to the event.
struct Attached {
    program: Arc<Program>,
    counters: Arc<Counters>,
    first_fault: Option<Box<Trap>>,
}

/// Drives the programs of one object with the records of one source.
pub struct Driver<'m> {
    machine: &'m Machine,
    loaded: &'m Loaded,
    attached: Vec<Attached>,
    event: PerfEvent,
    /// The event as tasks have it that were made after it was opened.
    inherited: PerfEvent,
    /// Tasks that inherited the event.
    heirs: HashSet<Pid>,
    cookie: u64,
    /// Samples on CPUs that the machine does not have.
    homeless: u64,
    seen: Seen,
    cpus: cpus::Source,
}

impl<'m> Driver<'m> {
    /// A driver of these programs, attached with one cookie to the event that the options describe.
    #[must_use]
    pub fn new(
        machine: &'m Machine,
        loaded: &'m Loaded,
        programs: impl IntoIterator<Item = Arc<Program>>,
        attr: PerfEventAttr,
        cookie: u64,
    ) -> Self {
        let attach = |program: Arc<Program>| Attached {
            counters: machine.counters(program.id()),
            program,
            first_fault: None,
        };
        let event = PerfEvent { attr, is_inherited: false };
        let inherited = PerfEvent { is_inherited: true, ..event.clone() };
        let attached = programs.into_iter().map(attach).collect();
        let heirs = HashSet::new();
        Self {
            machine,
            loaded,
            attached,
            event,
            inherited,
            heirs,
            cookie,
            homeless: 0,
            seen: Seen::default(),
            cpus: cpus::Source::default(),
        }
    }

    /// Has a script tell what CPUs do, from the time of the first record on, and nothing else.
    #[must_use]
    pub fn idle_script(mut self, script: Script) -> Self {
        self.cpus = cpus::Source::script(script);
        self
    }

    /// Follows one record.
    pub fn record(&mut self, record: &Record) {
        self.cpus.record(self.machine, record);
        match &record.kind {
            RecordKind::Sample(sample) => self.sample(sample),
            other => {
                if let (RecordKind::Fork(new), true) = (other, self.event.attr.inherit) {
                    self.heirs.insert(new.tid);
                }
                tasks::follow(self.machine, record.time, other);
            }
        }
    }

    fn sample(&mut self, sample: &Sample) {
        self.cpus.sample(self.machine, sample);
        self.seen.sample(self.machine, sample);
        let (event, cookie) = if self.heirs.contains(&sample.tid) {
            (&self.inherited, 0)
        } else {
            (&self.event, self.cookie)
        };
        let context = self.machine.perf_context(sample.cpu, sample);
        let (Some(cpu), Some(ctx)) = (self.machine.cpu(sample.cpu), context) else {
            self.homeless += 1;
            return;
        };
        for attached in &mut self.attached {
            let Some(_busy) = cpu.enter() else {
                attached.counters.dropped();
                continue;
            };
            let mut run = Run {
                machine: self.machine,
                cpu: sample.cpu,
                prog: attached.program.id(),
                prog_type: attached.program.prog_type(),
                ctx,
                task: sample.tid,
                sample: Some(sample),
                event: Some(event),
                cookie,
                user: &LiveMemory,
            };
            match self.loaded.interp.run(&attached.program, &mut run) {
                Ok(r0) => attached.counters.ran(r0),
                Err(trap) => {
                    attached.counters.faulted();
                    attached.first_fault.get_or_insert(trap);
                }
            }
        }
    }

    /// Samples that no program saw, since the machine has no such CPU.
    #[must_use]
    pub fn homeless(&self) -> u64 {
        self.homeless
    }

    /// Which processes were sampled.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What became of each program's samples, in the order of attachment.
    #[must_use]
    pub fn counts(&self) -> Vec<ProgramCounts> {
        let count = |attached: &Attached| {
            let now = attached.counters.now();
            ProgramCounts {
                name: attached.program.name().to_string(),
                runs: now.runs - now.faults,
                dropped: now.dropped,
                faults: now.faults,
                first_fault: attached.first_fault.clone(),
            }
        };
        self.attached.iter().map(count).collect()
    }
}

/// The event that programs see, as these options open it.
///
/// Call chains are recorded for skep itself: the event of the machine is opened without `PERF_SAMPLE_CALLCHAIN`, as
/// profilers do that let the program walk the stack, so that stacks carry no context markers.
#[must_use]
pub fn event_attr(options: &Options, event: &EventSpec) -> PerfEventAttr {
    let (sample_period, is_frequency) = match options.rate {
        Rate::Frequency(hz) => (hz, true),
        Rate::Period(period) => (period, false),
    };
    let on_tasks =
        matches!(options.target, skep_sample::Target::Command(_) | skep_sample::Target::Pids(_));
    PerfEventAttr {
        event_type: event.kind,
        config: event.config,
        sample_period,
        is_frequency,
        sample_addr: options.fields.addr,
        inherit: options.inherit && on_tasks,
        ..PerfEventAttr::default()
    }
}
