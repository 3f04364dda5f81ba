//! What is done to an open event: `perf_ioctl`.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use skep_abi::{Errno, ProgId};

use super::event::{OFF, ON};
use super::{PerfEvent, Pmu, Rate};
use crate::trace::MAX_PROGS;

impl PerfEvent {
    /// `PERF_EVENT_IOC_ENABLE`: switches the event and its children's copies on.
    ///
    /// A sibling counts only once its leader is on as well.
    pub fn enable(&self) {
        self.for_each_child(Self::switch_on);
    }

    /// `PERF_EVENT_IOC_ENABLE` with `PERF_IOC_FLAG_GROUP`: the whole group, whichever of its events is named.
    pub fn enable_group(&self) {
        self.for_each(Self::switch_on);
    }

    /// `PERF_EVENT_IOC_DISABLE`: switches the event and its children's copies off; the program stays attached. A leader
    /// that is off silences its siblings.
    pub fn disable(&self) {
        self.for_each_child(Self::switch_off);
    }

    /// `PERF_EVENT_IOC_DISABLE` with `PERF_IOC_FLAG_GROUP`.
    pub fn disable_group(&self) {
        self.for_each(Self::switch_off);
    }

    /// `PERF_EVENT_IOC_RESET`: sets the count to zero; the times stay.
    pub fn reset(&self) {
        self.for_each_child(|event| event.value.count.store(0, Relaxed));
    }

    /// `PERF_EVENT_IOC_REFRESH`: lets so many more samples through, and switches the event on; after the last one it
    /// goes off by itself. Samples that the program discards do not count.
    ///
    /// # Errors
    /// `EINVAL` for events that are inherited or only count.
    pub fn refresh(&self, samples: i32) -> Result<(), Errno> {
        if self.attr.inherit || !self.attr.is_sampling() {
            return Err(Errno::EINVAL);
        }
        self.event_limit.fetch_add(samples, Relaxed);
        self.enable();
        Ok(())
    }

    /// `PERF_EVENT_IOC_PERIOD`: sets the period, or the frequency where the event has one.
    ///
    /// # Errors
    /// `EINVAL` for an event that only counts, for 0, and for what `perf_event_open` would refuse.
    pub fn set_period(&self, value: u64) -> Result<(), Errno> {
        let is_valid = match self.attr.rate {
            Rate::Frequency(_) => value <= self.core.max_sample_rate,
            Rate::Period(_) => value >> 63 == 0,
        };
        if !self.attr.is_sampling() || value == 0 || !is_valid {
            return Err(Errno::EINVAL);
        }
        self.rate.store(value, Relaxed);
        Ok(())
    }

    /// `PERF_EVENT_IOC_QUERY_BPF`: the programs of the event's tracepoint, all events' together, and their number.
    ///
    /// # Errors
    /// `EINVAL` for events that are no tracepoints, `E2BIG` when more than 64 are asked for; `ENOSPC` with the number
    /// when fewer are asked for than there are.
    pub fn query_bpf(&self, ids_len: u32) -> Result<Vec<ProgId>, (Errno, u32)> {
        let Some(trace) = self.trace.as_ref().filter(|_| self.pmu == Pmu::Tracepoint) else {
            return Err((Errno::EINVAL, 0));
        };
        if ids_len as usize > MAX_PROGS {
            return Err((Errno::E2BIG, 0));
        }
        let ids = trace.progs();
        if ids_len != 0 && (ids_len as usize) < ids.len() {
            return Err((Errno::ENOSPC, ids.len() as u32));
        }
        Ok(ids)
    }

    pub(super) fn switch_on(&self) {
        let _ = self.state.compare_exchange(OFF, ON, Relaxed, Relaxed);
    }

    pub(super) fn switch_off(&self) {
        let _ = self.state.compare_exchange(ON, OFF, Relaxed, Relaxed);
        // The time until it is on again does not count.
        self.value.last.store(0, Relaxed);
    }

    /// The event and its children's copies (`perf_event_for_each_child`).
    fn for_each_child(&self, act: impl Fn(&Self)) {
        act(self);
        for child in self.children() {
            act(&child);
        }
    }

    /// The whole group (`perf_event_for_each`).
    fn for_each(&self, act: impl Fn(&Self)) {
        let leader = self.leader();
        let leader = leader.as_deref().unwrap_or(self);
        leader.for_each_child(&act);
        for sibling in leader.siblings() {
            sibling.for_each_child(&act);
        }
    }

    /// The other events of the group that it leads.
    #[must_use]
    pub fn siblings(&self) -> Vec<Arc<Self>> {
        self.siblings.lock().iter().filter_map(std::sync::Weak::upgrade).collect()
    }
}
