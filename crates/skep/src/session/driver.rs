//! Tells the machine's events of the samples of a source, and its tasks of what happens to them.

use std::sync::Arc;

use skep_abi::Sample;
use skep_interp::Trap;
use skep_machine::perf::{Fired, Overflow};
use skep_machine::trace::{TraceEvent, Traced};
use skep_machine::{Machine, PerfEvent, Prog};
use skep_sample::sched::Script;
use skep_sample::{MappedCode, Record, RecordKind};
use skep_topology::{CpuMask, MAX_CPUS};

use super::attach::{Attachment, EventPlan, Method};
use super::cpus::Cpus;
use super::ground::Ground;
use super::seen::Seen;
use super::tasks;
use super::user_memory::Processes;
use crate::Error;

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

/// Drives the programs that are attached to one source's events with its records.
#[derive(Debug)]
pub struct Driver<'m> {
    machine: &'m Machine,
    attached: Vec<Attachment>,
    /// Where programs run that trace, rather than sample.
    traced: Option<Arc<TraceEvent>>,
    /// Whether the machine's CPUs are declared: they run as declared, whatever those of the source do.
    is_declared: bool,
    processes: Processes,
    /// Samples that no event of the machine took.
    homeless: u64,
    /// Their CPUs, where the machine has no such CPU running.
    homeless_cpus: CpuMask,
    /// Whether a recording named a CPU that no machine could have.
    is_cpu_impossible: bool,
    seen: Seen,
    cpus: Cpus,
}

impl<'m> Driver<'m> {
    /// Attaches programs to the events of a plan.
    ///
    /// # Errors
    /// Why the kernel would refuse a program.
    pub fn new(
        machine: &'m Machine,
        programs: impl IntoIterator<Item = Arc<Prog>>,
        plan: &EventPlan,
        method: Method,
    ) -> Result<Self, Error> {
        let attach = |prog| Attachment::new(machine, prog, plan, method);
        let attached = programs.into_iter().map(attach).collect::<Result<_, _>>()?;
        let traced = plan.tracepoint.as_ref().and_then(|_| machine.tracepoint(plan.attr.config));
        let (seen, cpus) = (Seen::default(), Cpus::default());
        Ok(Self {
            machine,
            attached,
            traced,
            is_declared: false,
            processes: Processes::default(),
            homeless: 0,
            homeless_cpus: CpuMask::new(),
            is_cpu_impossible: false,
            seen,
            cpus,
        })
    }

    /// Has a script tell what CPUs do, from the time of the first record on, and nothing else.
    #[must_use]
    pub fn idle_script(mut self, script: Script) -> Self {
        self.cpus.follow_script(script);
        self
    }

    /// Keeps track of which CPUs are known to be idle or busy: of some all switches are told, of some is told at first.
    #[must_use]
    pub fn keep_track(mut self, followed: CpuMask, told: CpuMask) -> Self {
        self.cpus.keep_track(followed, told);
        self
    }

    /// The CPUs that are known to be idle or busy, if these are others than the last time.
    pub fn newly_told(&mut self) -> Option<&CpuMask> {
        self.cpus.newly_told()
    }

    /// Says whose CPUs the machine has.
    #[must_use]
    pub fn on(mut self, ground: &Ground) -> Self {
        self.is_declared = matches!(ground, Ground::Declared(_));
        self
    }

    /// Says whether what happens was recorded at another time, so that its processes cannot be asked.
    #[must_use]
    pub fn of_recording(mut self, is_recording: bool) -> Self {
        self.processes.are_past = is_recording;
        self
    }

    /// Says that programs may read the memory of processes: their code is known even when they have ended.
    #[must_use]
    pub fn with_code(mut self) -> Self {
        self.processes.code = Some(MappedCode::default());
        self
    }

    /// Follows one record.
    pub fn record(&mut self, record: &Record) {
        self.processes.follow(record);
        self.cpus.record(self.machine, record);
        if let RecordKind::Sample(sample) = &record.kind {
            self.sample(sample);
            return;
        }
        tasks::follow(self.machine, record, &self.processes);
        if let RecordKind::Fork(task) | RecordKind::Exit(task) = &record.kind {
            for attached in &mut self.attached {
                attached.forget(task.tid);
            }
        }
    }

    fn sample(&mut self, sample: &Sample) {
        self.cpus.sample(self.machine, sample);
        self.seen.sample(self.machine, sample);
        if let Some(place) = &self.traced {
            let (cpu, task) = (sample.cpu, sample.tid);
            let at = Traced { cpu, task, sample: Some(sample), user: &self.processes };
            self.machine.fire_tracepoint(place, at, &sample.raw);
            return;
        }
        // The kernel has held the source's events against its limit already.
        let processes = &self.processes;
        let overflow = Overflow { sample, cpu: sample.cpu, user: processes, throttle: false };
        let mut is_homeless = false;
        for attached in self.attached.iter_mut().filter(|attached| attached.samples()) {
            let event = attached.event(self.machine, sample);
            let fire = |event: &PerfEvent| self.machine.overflow(event, overflow);
            is_homeless |= !event.is_some_and(|event| !matches!(fire(event), Fired::Inert(_)));
        }
        self.homeless += u64::from(is_homeless);
        if is_homeless && !self.machine.is_online(sample.cpu) {
            self.homeless_cpus.insert(sample.cpu);
            self.is_cpu_impossible |= sample.cpu.0 >= MAX_CPUS;
        }
    }

    /// Samples that no program saw, since the machine has no such CPU or the task had ended.
    #[must_use]
    pub const fn homeless(&self) -> u64 {
        self.homeless
    }

    /// What a user should know of CPUs and homeless samples: sentences without a full stop.
    #[must_use]
    pub fn remarks_on_cpus(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.is_declared {
            let whose = if self.processes.are_past { "the recording's" } else { "the host's" };
            remarks.push(format!(
                "the machine is a declared one: a sample of {whose} CPU n runs on its CPU n"
            ));
        }
        match (self.homeless, self.homeless_cpus.is_empty()) {
            (0, _) => {}
            (homeless, false) => remarks.push(format!(
                "{homeless} samples ran no program: CPUs {} are not there or offline on this machine",
                self.homeless_cpus
            )),
            (homeless, true) if self.is_cpu_impossible => remarks.push(format!(
                "{homeless} samples ran no program, some since their CPU is none that a machine could have"
            )),
            (homeless, true) => {
                remarks.push(format!("{homeless} samples were of tasks that had ended"));
            }
        }
        remarks
    }

    /// Which processes were sampled.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What became of each program's samples, in the order of attachment.
    #[must_use]
    pub fn counts(&self) -> Vec<ProgramCounts> {
        let count = |attached: &Attachment| {
            let prog = &attached.prog;
            let now = prog.counters().now();
            let trap = prog.first_trap().and_then(|trap| trap.downcast_ref::<Trap>());
            ProgramCounts {
                name: prog.spec().name.to_string(),
                runs: now.runs - now.faults,
                dropped: now.dropped,
                faults: now.faults,
                first_fault: trap.cloned().map(Box::new),
            }
        };
        self.attached.iter().map(count).collect()
    }
}
