//! The first pass over a recording: what is in it, and how each CPU began.

use std::collections::BTreeMap;

use skep_abi::{Cpu, Pid};
use skep_topology::{CpuMask, MAX_CPUS};

use super::error::Damage;
use super::event::{Events, RecordedEvent};
use super::raw::{RawRecords, user};
use crate::record::{Body, PerfRecord, RecordError, SampleRecord, SwitchRecord};
use crate::sched::Occupancy;

/// What the first pass found.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// Records that can be read, perf's own included.
    pub(super) records: u64,
    /// Why there are no more.
    pub(super) damage: Option<Damage>,
    /// Records of the kernel's that do not read, and the first such error.
    pub(super) unread: u64,
    pub(super) first_unread: Option<RecordError>,
    /// Samples of each event.
    pub(super) samples: Vec<u64>,
    /// Samples of no event.
    pub(super) foreign: u64,
    /// The first and the last time that a record tells; records of what was before have none.
    pub(super) start: u64,
    pub(super) end: u64,
    /// The highest CPU that a record names.
    pub(super) highest: Option<Cpu>,
    /// Who ran on each CPU before its first switch, or was sampled first where there is none.
    pub(super) began: BTreeMap<Cpu, Occupancy>,
    /// CPUs with switches all of which are recorded, as far as the kernel had room.
    pub(super) switching: CpuMask,
    /// From when on records of a CPU are missing, switches perhaps, in order of time.
    pub(super) gaps: Vec<(u64, Cpu)>,
    /// Records of any kind that found no room, as the kernel told when it happened.
    pub(super) lost: u64,
    /// Where the kernel's first symbol lay.
    pub(super) kernel: Option<KernelText>,
}

/// The kernel's text, by the record that perf writes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KernelText {
    /// The symbol by which perf tells how far the kernel was moved: `_text` or `_stext`.
    pub(super) symbol: String,
    /// Its address.
    pub(super) address: u64,
}

/// One CPU's switches, held against each other.
#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    /// When the first was, and who ran before.
    first: Option<(u64, Occupancy)>,
    /// Who came with the last.
    runs: Option<Occupancy>,
    /// Switches away from who had come, and from somebody else.
    follows: u64,
    breaks: u64,
    /// Switches away from the idle task.
    from_idle: u64,
}

impl Chain {
    /// Takes in a switch; *Returns* whether one before it is missing.
    fn switch(&mut self, time: u64, from: Occupancy, to: Occupancy) -> bool {
        let is_break = self.runs.is_some_and(|runs| runs != from);
        self.breaks += u64::from(is_break);
        self.follows += u64::from(self.runs == Some(from));
        if self.first.is_none_or(|(first, _)| time < first) {
            self.first = Some((time, from));
        }
        self.runs = Some(to);
        self.from_idle += u64::from(from == Occupancy::Idle);
        is_break
    }

    fn with(self, other: &Self) -> Self {
        Self {
            follows: self.follows + other.follows,
            breaks: self.breaks + other.breaks,
            from_idle: self.from_idle + other.from_idle,
            ..self
        }
    }

    /// Whether switches of all tasks were recorded, not those of some threads alone: the idle task is nobody's thread.
    /// Where no CPU idled, perf was told to watch CPUs, and switches follow on from each other, but for few that the kernel
    /// did not record.
    fn is_of_all_tasks(&self, is_system_wide: bool) -> bool {
        let follows_on = self.follows > 0 && self.follows / 9 >= self.breaks;
        self.from_idle > 0 || (is_system_wide && follows_on)
    }
}

/// What is gathered on the way.
#[derive(Debug, Default)]
struct Gathered {
    survey: Survey,
    /// Switches by records of the kernel that exist where all of a CPU are recorded.
    wide: BTreeMap<Cpu, Chain>,
    /// Switches by samples of the tracepoint, which may be those of some threads.
    traced: BTreeMap<Cpu, Chain>,
    /// Who was sampled first on each CPU.
    sampled: BTreeMap<Cpu, Pid>,
    /// When something was last told of each CPU.
    last: BTreeMap<Cpu, u64>,
    /// Gaps of which the tracepoint's samples tell, which may be those of some threads.
    traced_gaps: Vec<(u64, Cpu)>,
}

/// Reads all records once.
pub(super) fn survey(mut records: RawRecords, events: &Events, is_system_wide: bool) -> Survey {
    let mut gathered = Gathered::default();
    gathered.survey.samples = vec![0; events.all().len()];
    loop {
        match records.advance() {
            Ok(Some(header)) => {
                gathered.survey.records += 1;
                if header.kind < user::FIRST {
                    gathered.record(records.record(), events);
                }
            }
            Ok(None) => break,
            Err(damage) => {
                gathered.survey.damage = Some(damage);
                break;
            }
        }
    }
    gathered.end(is_system_wide)
}

impl Gathered {
    fn record(&mut self, bytes: &[u8], events: &Events) {
        let found = events.of(bytes).and_then(|at| Some((at, events.all().get(at)?)));
        let Some((at, event)) = found else {
            self.survey.foreign += 1;
            return;
        };
        let record = match PerfRecord::parse(bytes, &event.format) {
            Ok(record) => record,
            Err(error) => {
                self.survey.unread += 1;
                self.survey.first_unread.get_or_insert(error);
                return;
            }
        };
        let time = record.time().unwrap_or(0);
        self.at(time);
        self.tell(event, time, at, &record);
        let cpu = match &record.body {
            Body::Sample(sample) => sample.cpu,
            _ => record.sample_id.cpu,
        };
        if let Some(cpu) = cpu.filter(|_| time > 0) {
            self.last.insert(cpu, time);
        }
    }

    /// Where a gap begins that ends now.
    fn gap(&self, cpu: Cpu) -> (u64, Cpu) {
        (self.last.get(&cpu).copied().unwrap_or(0), cpu)
    }

    fn tell(&mut self, event: &RecordedEvent, time: u64, at: usize, record: &PerfRecord<'_>) {
        match &record.body {
            Body::Sample(sample) => {
                if let Some(count) = self.survey.samples.get_mut(at) {
                    *count += 1;
                }
                self.sample(event, time, sample);
            }
            Body::Switch(switch) => self.switch(record, time, *switch),
            Body::Lost(lost) => {
                self.survey.lost = self.survey.lost.saturating_add(lost.lost);
                let gap = record.sample_id.cpu.map(|cpu| self.gap(cpu));
                self.survey.gaps.extend(gap);
            }
            Body::Mmap(mmap) => {
                let name = String::from_utf8_lossy(mmap.filename);
                if let Some(symbol) = name.strip_prefix("[kernel.kallsyms]") {
                    // perf keeps the symbol's address where a file's offset would be.
                    let (symbol, address) = (symbol.to_owned(), mmap.pgoff);
                    self.survey.kernel.get_or_insert(KernelText { symbol, address });
                }
            }
            _ => {}
        }
    }

    fn at(&mut self, time: u64) {
        if time > 0 {
            let Survey { start, end, .. } = &mut self.survey;
            *start = if *start == 0 { time } else { time.min(*start) };
            *end = time.max(*end);
        }
    }

    fn meet(&mut self, cpu: Cpu) {
        // perf inject writes -1 where it does not know.
        if cpu.0 < MAX_CPUS {
            self.survey.highest = self.survey.highest.max(Some(cpu));
        }
    }

    fn sample(&mut self, event: &RecordedEvent, time: u64, sample: &SampleRecord<'_>) {
        let Some(cpu) = sample.cpu else { return };
        self.meet(cpu);
        if let Some((_, tid)) = sample.pid_tid {
            self.sampled.entry(cpu).or_insert(tid);
        }
        let switch = event.switches.zip(sample.raw).and_then(|(form, raw)| form.read(raw));
        if let Some(switch) = switch {
            let [from, to] = [switch.prev, switch.next].map(Occupancy::of_thread);
            if self.traced.entry(cpu).or_default().switch(time, from, to) {
                self.traced_gaps.push(self.gap(cpu));
            }
        }
    }

    /// Each switch has two records: of who leaves, then of who comes.
    fn switch(&mut self, record: &PerfRecord<'_>, time: u64, switch: SwitchRecord) {
        let own = record.sample_id.pid_tid.map(|(_, tid)| Occupancy::of_thread(tid));
        let other = switch.next_prev.map(|(_, tid)| Occupancy::of_thread(tid));
        let (Some(own), Some(other), Some(cpu)) = (own, other, record.sample_id.cpu) else {
            return;
        };
        self.meet(cpu);
        let (from, to) = if switch.is_out { (own, other) } else { (other, own) };
        self.wide.entry(cpu).or_default().switch(time, from, to);
    }

    fn end(self, is_system_wide: bool) -> Survey {
        let Self { mut survey, wide, mut traced, sampled, mut traced_gaps, .. } = self;
        let sum = traced.values().fold(Chain::default(), Chain::with);
        if !sum.is_of_all_tasks(is_system_wide) {
            traced.clear();
            traced_gaps.clear();
        }
        survey.gaps.append(&mut traced_gaps);
        survey.gaps.sort_unstable();
        for (cpu, chain) in wide.into_iter().chain(traced) {
            survey.switching.insert(cpu);
            if let Some((_, before)) = chain.first {
                survey.began.entry(cpu).or_insert(before);
            }
        }
        for (cpu, tid) in sampled {
            survey.began.entry(cpu).or_insert(Occupancy::of_thread(tid));
        }
        survey
    }
}
