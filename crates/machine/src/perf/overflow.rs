//! An event overflows: `__perf_event_overflow`, `bpf_overflow_handler`.

use std::sync::atomic::Ordering::Relaxed;

use skep_abi::{Cpu, Pid, ProgType, Sample};

use super::event::{EXIT, OFF};
use super::throttle::Pace;
use super::{PerfEvent, Rate, Target, record};
use crate::{Machine, Run, UserMemory};

/// An overflow, as whoever plays the PMU tells of it.
#[derive(Clone, Copy)]
pub struct Overflow<'a> {
    /// What a sample of it holds.
    pub sample: &'a Sample,
    /// The CPU on which it happens.
    pub cpu: Cpu,
    /// Memory of sampled processes.
    pub user: &'a dyn UserMemory,
    /// Whether the overflow counts against the limit of a tick. Samples that a kernel has taken have passed its limit
    /// already.
    pub throttle: bool,
}

/// What became of an overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fired {
    /// The record was delivered: the program returned another number than 0 in the low 32 bits, or there is none.
    Delivered,
    /// The program returned 0: no record, no wakeup, nothing of the event's limit is used up.
    Discarded,
    /// A program ran on the CPU already. The sample is gone, and the kernel counts it nowhere.
    Busy,
    /// The program did what it must not ([`crate::Prog::first_trap`]); the sample is gone.
    Trapped,
    /// The event only counts: its program never runs.
    Counted,
    /// The event does not count here.
    Inert(Inert),
}

/// Why an event does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inert {
    /// It is switched off, or its task has ended.
    Off,
    /// The leader of its group is switched off.
    LeaderOff,
    /// It is silenced for the rest of the tick.
    Throttled,
    /// It counts another task.
    OtherTask,
    /// It counts on another CPU.
    OtherCpu,
    /// The machine has no such CPU, or it is offline.
    NoCpu,
    /// Its attributes exclude user space, the kernel or the idle task.
    Excluded,
}

impl PerfEvent {
    /// Whether the event does not count a sample.
    fn inert(&self, machine: &Machine, overflow: Overflow<'_>) -> Option<Inert> {
        let (sample, cpu) = (overflow.sample, overflow.cpu);
        if self.state.load(Relaxed) <= OFF {
            return Some(Inert::Off);
        }
        if !self.is_led_by_active() {
            return Some(Inert::LeaderOff);
        }
        if self.cpu.is_some_and(|own| own != cpu) {
            return Some(Inert::OtherCpu);
        }
        if !machine.is_online(cpu) {
            return Some(Inert::NoCpu);
        }
        let attr = &self.attr;
        if attr.exclude_user || attr.exclude_kernel || attr.exclude_idle {
            let is_user = sample.is_user_mode();
            let is_excluded = if is_user { attr.exclude_user } else { attr.exclude_kernel };
            if is_excluded || (attr.exclude_idle && sample.tid == Pid(0)) {
                return Some(Inert::Excluded);
            }
        }
        None
    }

    /// The period of a sample that does not tell: the event's own; 1 where a frequency decides.
    fn period(&self) -> u64 {
        match self.rate() {
            Rate::Period(period) => period,
            Rate::Frequency(_) => 1,
        }
    }

    fn advance(&self, time: u64, period: u64) {
        self.value.count.fetch_add(period, Relaxed);
        // One CPU at a time counts for an event, so that nothing is lost between load and store.
        let last = self.value.last.load(Relaxed);
        self.value.last.store(time, Relaxed);
        if last != 0 && time > last {
            let enabled = self.value.enabled.load(Relaxed);
            self.value.enabled.store(enabled + (time - last), Relaxed);
        }
    }

    /// Silences the whole group for the rest of the tick (`perf_event_throttle_group`).
    #[cold]
    fn silence_group(&self, tick: u64, time: u64) {
        let leader = self.leader();
        let leader = leader.as_deref().unwrap_or(self);
        leader.counts.throttled.fetch_add(1, Relaxed);
        leader.throttle.silence(tick);
        record::throttle(leader, time);
        for sibling in leader.siblings() {
            sibling.throttle.silence(tick);
        }
    }
}

impl Machine {
    /// Tells an event of an overflow: counts it, holds it against the limit of the tick, runs the program, and
    /// delivers the record or not.
    ///
    /// The sample's task and CPU choose: of an inherited event, the copy of that task overflows.
    pub fn overflow(&self, event: &PerfEvent, overflow: Overflow<'_>) -> Fired {
        match event.target {
            Target::Task(tid) if tid != overflow.sample.tid => {
                match event.child(overflow.sample.tid) {
                    Some(child) => self.overflow_of(&child, overflow),
                    None => Fired::Inert(Inert::OtherTask),
                }
            }
            _ => self.overflow_of(event, overflow),
        }
    }

    fn overflow_of(&self, event: &PerfEvent, overflow: Overflow<'_>) -> Fired {
        let sample = overflow.sample;
        if let Some(why) = event.inert(self, overflow) {
            return Fired::Inert(why);
        }
        let period = if sample.period == 0 { event.period() } else { sample.period };
        if !event.attr.is_sampling() {
            event.advance(sample.time, period);
            return Fired::Counted;
        }
        let (core, tick) = (&event.core, sample.time / event.core.tick);
        match event.throttle.account(tick, core.max_samples_per_tick, overflow.throttle) {
            Pace::Silent => return Fired::Inert(Inert::Throttled),
            Pace::Below => {}
            Pace::Resumed => record::unthrottle(event, sample.time),
            Pace::Last => event.silence_group(tick, sample.time),
        }
        event.advance(sample.time, period);
        let verdict = self.handle(event, overflow, period);
        let counts = &event.counts;
        match verdict {
            Fired::Delivered => deliver(event, overflow, period),
            Fired::Discarded => drop(counts.discarded.fetch_add(1, Relaxed)),
            Fired::Busy => drop(counts.busy.fetch_add(1, Relaxed)),
            Fired::Trapped => drop(counts.trapped.fetch_add(1, Relaxed)),
            Fired::Counted | Fired::Inert(_) => {}
        }
        verdict
    }

    /// Runs the program (`bpf_overflow_handler`).
    fn handle(&self, event: &PerfEvent, overflow: Overflow<'_>, period: u64) -> Fired {
        let attached = event.prog.load();
        let Some(attached) = attached.as_ref().filter(|_| event.trace.is_none()) else {
            return Fired::Delivered;
        };
        let (prog, sample) = (attached.prog(), overflow.sample);
        let Some(cpu) = self.cpu(overflow.cpu) else { return Fired::Inert(Inert::NoCpu) };
        let Some(_busy) = cpu.enter() else {
            prog.counters().dropped();
            return Fired::Busy;
        };
        let Some(ctx) = self.perf_context_of(overflow.cpu, sample, period) else {
            return Fired::Inert(Inert::NoCpu);
        };
        let mut run = Run {
            machine: self,
            cpu: overflow.cpu,
            prog: prog.id(),
            prog_type: ProgType::PerfEvent,
            ctx,
            task: sample.tid,
            sample: Some(sample),
            event: Some(event),
            cookie: attached.cookie(),
            user: overflow.user,
        };
        match prog.run(&mut run) {
            Some(r0) if r0 as u32 == 0 => Fired::Discarded,
            Some(_) => Fired::Delivered,
            None => Fired::Trapped,
        }
    }
}

/// What follows a sample that was not discarded: the limit of `PERF_EVENT_IOC_REFRESH`, the signal, the record.
fn deliver(event: &PerfEvent, overflow: Overflow<'_>, period: u64) {
    let counts = &event.counts;
    counts.delivered.fetch_add(1, Relaxed);
    if event.event_limit.load(Relaxed) != 0 && event.event_limit.fetch_sub(1, Relaxed) == 1 {
        event.switch_off();
    }
    if event.attr.sigtrap && event.state.load(Relaxed) != EXIT {
        counts.sigtraps.fetch_add(1, Relaxed);
    }
    let own = event.ring.get();
    // Copies write to the ring of the event that they were inherited from.
    let shared = match &event.parent {
        Some((_, root)) if own.is_none() => root.upgrade(),
        _ => None,
    };
    if let Some(ring) = own.or_else(|| shared.as_ref().and_then(|root| root.ring.get())) {
        let woken = ring.push(&record::sample(event, overflow, period), true);
        counts.wakeups.fetch_add(woken, Relaxed);
    }
}
