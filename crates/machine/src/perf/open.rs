//! Opening an event: `perf_event_open`, its checks in the kernel's order.

use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64};
use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwapOption;
use parking_lot::{Mutex, RwLock};
use skep_abi::{Cpu, Errno};

use super::event::{Counts, EventId, OFF, ON, Value};
use super::throttle::Throttle;
use super::{PerfCore, PerfEvent, PerfEventAttr, Pmu, Rate, SampleType, Target};
use crate::trace::TraceEvent;
use crate::{File, Machine};

impl Machine {
    /// Opens an event on a CPU, or with `None` on whichever its task runs. It is on unless the attributes say
    /// `disabled`.
    ///
    /// # Errors
    /// As [`Self::perf_event_open_in`].
    pub fn perf_event_open(
        &self,
        attr: &PerfEventAttr,
        target: Target,
        cpu: impl Into<Option<Cpu>>,
    ) -> Result<Arc<PerfEvent>, Errno> {
        self.perf_event_open_in(attr, target, cpu.into(), None)
    }

    /// Opens an event in the group that `group` leads.
    ///
    /// # Errors
    /// In this order: `EINVAL` for attributes that no kernel takes; `EBADF` when `group` is no perf event; `ESRCH` when
    /// the task does not exist; `EINVAL` when the group inherits otherwise, for a CPU out of range, for no CPU without a
    /// task, for `sigtrap` without a task; `ENOENT` when no PMU takes the event, `EINVAL` or `EOPNOTSUPP` when its PMU
    /// does not; `ENODEV` for a CPU that is offline; `EINVAL` when the leader is a sibling itself or is on another CPU
    /// or task, or when the new sibling is `pinned` or `exclusive`.
    pub fn perf_event_open_in(
        &self,
        attr: &PerfEventAttr,
        target: Target,
        cpu: Option<Cpu>,
        group: Option<&File>,
    ) -> Result<Arc<PerfEvent>, Errno> {
        let core = self.perf();
        attr.check(core.max_sample_rate)?;
        let leader = group.map(File::perf_event).transpose()?;
        let is_task = match target {
            Target::AnyTask => false,
            Target::Task(tid) => {
                self.tasks().get(tid).filter(|task| task.is_alive).ok_or(Errno::ESRCH)?;
                true
            }
        };
        if is_task && leader.is_some_and(|leader| leader.attr.inherit != attr.inherit) {
            return Err(Errno::EINVAL);
        }
        let is_cpu = cpu.map_or(is_task, |cpu| cpu.0 < self.nr_cpu_ids());
        let reads = attr.sample_type.contains(SampleType::READ);
        let is_mixed = attr.inherit && reads && !attr.sample_type.contains(SampleType::TID);
        if !is_cpu || (attr.sigtrap && !is_task) || is_mixed {
            return Err(Errno::EINVAL);
        }
        let pmu = Pmu::init(attr, core.has_hardware)?;
        let trace = self.trace().event(pmu, attr)?;
        if !is_task && cpu.is_some_and(|cpu| !self.is_online(cpu)) {
            return Err(Errno::ENODEV);
        }
        if let Some(leader) = leader {
            let is_sibling = leader.leader().is_some();
            let is_apart = leader.cpu != cpu || leader.target != target;
            if is_sibling || is_apart || attr.pinned || attr.exclusive {
                return Err(Errno::EINVAL);
            }
        }
        let state = if attr.disabled { OFF } else { ON };
        let made = Made { attr, pmu, target, cpu, trace, state, parent: None };
        let event = PerfEvent::make(core, made, leader);
        core.open.insert(event.id.0, &event);
        Ok(event)
    }

    /// Perf events that are open, by ascending number. Children's copies are with the events that they were
    /// inherited from.
    #[must_use]
    pub fn perf_events(&self) -> Vec<Arc<PerfEvent>> {
        self.perf().events()
    }

    /// Events of a task, in the order in which they came to it.
    #[must_use]
    pub fn task_events(&self, tid: skep_abi::Pid) -> Vec<Arc<PerfEvent>> {
        self.perf().of_task(tid)
    }
}

/// What makes an event.
pub(super) struct Made<'a> {
    pub(super) attr: &'a PerfEventAttr,
    pub(super) pmu: Pmu,
    pub(super) target: Target,
    pub(super) cpu: Option<Cpu>,
    pub(super) trace: Option<Arc<TraceEvent>>,
    pub(super) state: u8,
    pub(super) parent: Option<&'a Arc<PerfEvent>>,
}

impl PerfEvent {
    /// Makes an event, tells its task and its leader.
    pub(super) fn make(
        core: &Arc<PerfCore>,
        made: Made<'_>,
        leader: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let _changing = core.lock.lock();
        let rate = match made.attr.rate {
            Rate::Frequency(rate) | Rate::Period(rate) => rate,
        };
        let event = Arc::new(Self {
            id: EventId(core.next_id()),
            parent: made.parent.map(|parent| (parent.id, Arc::downgrade(parent))),
            attr: made.attr.clone(),
            pmu: made.pmu,
            target: made.target,
            cpu: made.cpu,
            leader: leader.map_or_else(Weak::new, Arc::downgrade),
            siblings: Mutex::default(),
            children: RwLock::default(),
            state: AtomicU8::new(made.state),
            // Children take the program along, not the cookie.
            prog: ArcSwapOption::new(made.parent.and_then(|parent| parent.program_of_child())),
            trace: made.trace,
            value: Value::default(),
            rate: AtomicU64::new(rate),
            event_limit: AtomicI32::new(0),
            throttle: Throttle::default(),
            ring: OnceLock::new(),
            counts: Counts::default(),
            core: Arc::clone(core),
        });
        if let Some(leader) = leader {
            let mut siblings = leader.siblings.lock();
            siblings.retain(|sibling| sibling.strong_count() > 0);
            siblings.push(Arc::downgrade(&event));
        }
        if let Some(trace) = event.trace.as_ref().filter(|_| event.parent.is_none()) {
            trace.watch(&event);
        }
        if let Target::Task(tid) = made.target {
            core.add_to_task(tid, &event);
        }
        event
    }
}
