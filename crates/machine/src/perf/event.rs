//! An open perf event (`struct perf_event`).

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwapOption;
use parking_lot::{Mutex, RwLock};
use skep_abi::{CounterValue, Cpu, Pid};

use super::throttle::Throttle;
use super::{Attached, PerfCore, PerfEventAttr, Pmu, Rate, RingBuffer};
use crate::trace::TraceEvent;

/// Number of an event (`PERF_EVENT_IOC_ID`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whom an event counts: the `pid` of `perf_event_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every task on the event's CPU (-1).
    AnyTask,
    /// One thread, and with `inherit` those that it makes.
    Task(Pid),
}

/// Whether an event counts (`enum perf_event_state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its task has ended.
    Exit,
    /// Switched off.
    Off,
    /// Switched on, but something else keeps it from counting: its leader is off, or its CPU.
    Inactive,
    /// It counts.
    Active,
}

/// What became of an event's overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Samples whose record was delivered.
    pub delivered: u64,
    /// Samples that the program discarded by returning 0.
    pub discarded: u64,
    /// Samples dropped since a program ran on the CPU already; the kernel counts them nowhere.
    pub busy: u64,
    /// Samples lost to a program that did what it must not.
    pub trapped: u64,
    /// Times that the event was silenced for the rest of a tick.
    pub throttled: u64,
    /// Wakeups of whoever polls the event.
    pub wakeups: u64,
    /// `SIGTRAP`s sent.
    pub sigtraps: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) delivered: AtomicU64,
    pub(super) discarded: AtomicU64,
    pub(super) busy: AtomicU64,
    pub(super) trapped: AtomicU64,
    pub(super) throttled: AtomicU64,
    pub(super) wakeups: AtomicU64,
    pub(super) sigtraps: AtomicU64,
}

pub(super) const EXIT: u8 = 0;
pub(super) const OFF: u8 = 1;
pub(super) const ON: u8 = 2;

/// What an event counted, and for how long.
#[derive(Debug, Default)]
pub(super) struct Value {
    pub(super) count: AtomicU64,
    /// What the copies of children that ended had counted.
    pub(super) child_count: AtomicU64,
    pub(super) enabled: AtomicU64,
    /// Time of the last overflow since it was switched on; 0 for none.
    pub(super) last: AtomicU64,
}

/// A perf event. Dropping the last `Arc` closes it.
#[derive(Debug)]
pub struct PerfEvent {
    pub(super) id: EventId,
    /// The event that it was inherited from.
    pub(super) parent: Option<(EventId, Weak<Self>)>,
    pub(super) attr: PerfEventAttr,
    pub(super) pmu: Pmu,
    pub(super) target: Target,
    pub(super) cpu: Option<Cpu>,
    pub(super) leader: Weak<Self>,
    pub(super) siblings: Mutex<Vec<Weak<Self>>>,
    /// Copies that children have, by thread.
    pub(super) children: RwLock<HashMap<Pid, Arc<Self>>>,
    pub(super) state: AtomicU8,
    pub(super) prog: ArcSwapOption<Attached>,
    /// What a tracing event traces.
    pub(super) trace: Option<Arc<TraceEvent>>,
    pub(super) value: Value,
    /// `sample_period` or `sample_freq`, which an ioctl changes.
    pub(super) rate: AtomicU64,
    pub(super) event_limit: AtomicI32,
    pub(super) throttle: Throttle,
    pub(super) ring: OnceLock<RingBuffer>,
    pub(super) counts: Counts,
    pub(super) core: Arc<PerfCore>,
}

impl PerfEvent {
    /// Its number.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// How it was opened.
    #[must_use]
    pub const fn attr(&self) -> &PerfEventAttr {
        &self.attr
    }

    /// Who counts.
    #[must_use]
    pub const fn pmu(&self) -> Pmu {
        self.pmu
    }

    /// Whom it counts.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// The CPU that it counts on; `None` for any.
    #[must_use]
    pub const fn cpu(&self) -> Option<Cpu> {
        self.cpu
    }

    /// Whether this is a child's copy of an inherited event: its program gets cookie 0.
    #[must_use]
    pub const fn is_inherited(&self) -> bool {
        self.parent.is_some()
    }

    /// The number in `PERF_SAMPLE_ID`: that of the event that it was inherited from, if it was.
    #[must_use]
    pub fn primary_id(&self) -> EventId {
        self.parent.as_ref().map_or(self.id, |(id, _)| *id)
    }

    /// The leader of its group; `None` when it leads itself. Siblings of a leader that was closed lead themselves.
    #[must_use]
    pub fn leader(&self) -> Option<Arc<Self>> {
        self.leader.upgrade()
    }

    /// The program, and how it is attached.
    #[must_use]
    pub fn program(&self) -> Option<Arc<Attached>> {
        self.prog.load_full()
    }

    /// Copies that children have.
    #[must_use]
    pub fn children(&self) -> Vec<Arc<Self>> {
        self.children.read().values().cloned().collect()
    }

    /// The copy that a child has.
    #[must_use]
    pub fn child(&self, tid: Pid) -> Option<Arc<Self>> {
        self.children.read().get(&tid).cloned()
    }

    /// Period, or frequency where the attributes give one.
    #[must_use]
    pub fn rate(&self) -> Rate {
        let now = self.rate.load(Relaxed);
        match self.attr.rate {
            Rate::Frequency(_) => Rate::Frequency(now),
            Rate::Period(_) => Rate::Period(now),
        }
    }

    /// Whether it counts, as far as the event and its group decide.
    ///
    /// An event of a task counts when its task runs; on the machine that is whenever a sample says so.
    #[must_use]
    pub fn state(&self) -> State {
        match self.state.load(Relaxed) {
            EXIT => State::Exit,
            OFF => State::Off,
            _ if self.is_led_by_active() => State::Active,
            _ => State::Inactive,
        }
    }

    pub(super) fn is_led_by_active(&self) -> bool {
        self.leader.strong_count() == 0
            || self.leader().is_none_or(|leader| leader.state.load(Relaxed) == ON)
    }

    /// What it counted, with what its children did (`perf_event_read_value`).
    ///
    /// Times run from sample to sample while the event is on.
    #[must_use]
    pub fn value(&self) -> CounterValue {
        let mut value = self.own_value();
        value.counter += self.value.child_count.load(Relaxed);
        for child in self.children.read().values() {
            value.counter += child.value.count.load(Relaxed);
        }
        value
    }

    /// What it counted itself (`perf_event_read_local`).
    #[must_use]
    pub fn own_value(&self) -> CounterValue {
        let enabled = self.value.enabled.load(Relaxed);
        CounterValue { counter: self.value.count.load(Relaxed), enabled, running: enabled }
    }

    /// What became of its overflows.
    #[must_use]
    pub fn counts(&self) -> EventCounts {
        let now = |count: &AtomicU64| count.load(Relaxed);
        EventCounts {
            delivered: now(&self.counts.delivered),
            discarded: now(&self.counts.discarded),
            busy: now(&self.counts.busy),
            trapped: now(&self.counts.trapped),
            throttled: now(&self.counts.throttled),
            wakeups: now(&self.counts.wakeups),
            sigtraps: now(&self.counts.sigtraps),
        }
    }

    /// What a tracing event traces.
    #[must_use]
    pub const fn traced(&self) -> Option<&Arc<TraceEvent>> {
        self.trace.as_ref()
    }

    /// Its records, once they were mapped ([`Self::map_ring`]).
    #[must_use]
    pub fn ring(&self) -> Option<&RingBuffer> {
        self.ring.get()
    }
}

impl Drop for PerfEvent {
    fn drop(&mut self) {
        if self.parent.is_none() {
            self.core.open.remove(self.id.0);
        }
        if let (Some(trace), Some(attached)) = (&self.trace, self.prog.load_full()) {
            trace.remove(attached.prog());
        }
    }
}
