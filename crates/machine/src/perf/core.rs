//! What all perf events of a machine share: the events that are open, and which tasks have which.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use skep_abi::Pid;

use super::PerfEvent;
use crate::prog::Table;

/// Shared state of perf events.
#[derive(Debug)]
pub(crate) struct PerfCore {
    /// Events that are open; children's copies are not.
    pub(super) open: Table<PerfEvent>,
    last_id: AtomicU64,
    /// Events by the task that they count (`task_struct.perf_event_ctxp`), children's copies among them.
    by_task: RwLock<HashMap<Pid, Vec<Weak<PerfEvent>>>>,
    /// Serialises what changes groups, states and attached programs (`perf_event_ctx.mutex`, `bpf_event_mutex`).
    pub(super) lock: Mutex<()>,
    /// `kernel.perf_event_max_sample_rate`.
    pub(super) max_sample_rate: u64,
    /// Samples that an event may take in one tick (`max_samples_per_tick`).
    pub(super) max_samples_per_tick: u64,
    /// Nanoseconds of a tick.
    pub(super) tick: u64,
    pub(super) has_hardware: bool,
}

impl PerfCore {
    pub(crate) fn new(max_sample_rate: u64, hz: u32, has_hardware: bool) -> Self {
        let hz = u64::from(hz.max(1));
        Self {
            open: Table::default(),
            last_id: AtomicU64::new(0),
            by_task: RwLock::default(),
            lock: Mutex::new(()),
            max_sample_rate,
            max_samples_per_tick: max_sample_rate.div_ceil(hz),
            tick: 1_000_000_000 / hz,
            has_hardware,
        }
    }

    pub(super) fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Relaxed) + 1
    }

    /// Events that are open, by ascending number.
    pub(crate) fn events(&self) -> Vec<Arc<PerfEvent>> {
        self.open.all()
    }

    /// The events of a task, in the order in which they came.
    pub(crate) fn of_task(&self, tid: Pid) -> Vec<Arc<PerfEvent>> {
        let by_task = self.by_task.read();
        by_task.get(&tid).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn add_to_task(&self, tid: Pid, event: &Arc<PerfEvent>) {
        let mut by_task = self.by_task.write();
        let events = by_task.entry(tid).or_default();
        events.retain(|event| event.strong_count() > 0);
        events.push(Arc::downgrade(event));
    }

    /// Takes all events from a task that ends.
    pub(super) fn take_from_task(&self, tid: Pid) -> Vec<Arc<PerfEvent>> {
        let taken = self.by_task.write().remove(&tid).unwrap_or_default();
        taken.iter().filter_map(Weak::upgrade).collect()
    }
}
