//! Events of tasks that fork, execute and end: `perf_event_init_task`, `perf_event_exec`, `perf_event_exit_task`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use skep_abi::Pid;

use super::event::{EXIT, EventId, OFF, ON};
use super::open::Made;
use super::{Attached, PerfCore, PerfEvent, Target};

/// How a task is made, as far as its events care.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cloned {
    /// `CLONE_THREAD`.
    pub(crate) is_thread: bool,
    /// `CLONE_CLEAR_SIGHAND`.
    pub(crate) clears_signals: bool,
}

impl PerfCore {
    // DEVIATION(linux): where a task passes on all of its events, the kernel swaps those of parent and child when it
    // switches between the two (`perf_event_context_sched_out`), so that a child may run with its parent's cookie, and
    // the parent without; here each task keeps its own.
    /// Gives a new task copies of the events that its parent passes on, each with the program of the event that was
    /// opened, and cookie 0.
    pub(crate) fn fork(self: &Arc<Self>, parent: Pid, child: Pid, how: Cloned) {
        let mut leaders: HashMap<EventId, Arc<PerfEvent>> = HashMap::new();
        for event in self.of_task(parent) {
            let leader = event.leader();
            // A group is passed on as a whole or not at all.
            let decides = leader.as_ref().unwrap_or(&event);
            if !decides.is_passed_on(how) || !event.is_passed_on(how) {
                continue;
            }
            let leader = leader.and_then(|leader| leaders.get(&leader.id).cloned());
            let Some(copy) = event.copy_for(self, child, leader.as_ref()) else { continue };
            leaders.insert(event.id, copy);
        }
    }

    /// Switches on what waits for an exec, and takes away what an exec ends.
    pub(crate) fn exec(&self, tid: Pid) {
        for event in self.of_task(tid) {
            if event.attr.enable_on_exec {
                event.switch_on();
            }
            if event.attr.remove_on_exec {
                event.leave(tid);
            }
        }
    }

    /// A task has ended: the counts of its copies go to the events that they were inherited from.
    pub(crate) fn exit(&self, tid: Pid) {
        for event in self.take_from_task(tid) {
            event.leave(tid);
        }
    }
}

impl PerfEvent {
    fn is_passed_on(&self, how: Cloned) -> bool {
        self.attr.inherit
            && (how.is_thread || !self.attr.inherit_thread)
            && !(how.clears_signals && self.attr.sigtrap)
    }

    /// The event that was opened, of which all copies are made.
    fn root(self: &Arc<Self>) -> Option<Arc<Self>> {
        match &self.parent {
            None => Some(Arc::clone(self)),
            Some((_, root)) => root.upgrade(),
        }
    }

    fn copy_for(
        self: &Arc<Self>,
        core: &Arc<PerfCore>,
        child: Pid,
        leader: Option<&Arc<Self>>,
    ) -> Option<Arc<Self>> {
        let root = self.root()?;
        let state = if self.state.load(Relaxed) == ON { ON } else { OFF };
        let made = Made {
            attr: &root.attr,
            pmu: root.pmu,
            target: Target::Task(child),
            cpu: root.cpu,
            trace: root.trace.clone(),
            state,
            parent: Some(&root),
        };
        let copy = Self::make(core, made, leader);
        root.children.write().insert(child, Arc::clone(&copy));
        Some(copy)
    }

    /// The program of a child's copy.
    ///
    /// A copy of a tracing event has it too, though its tracepoint runs it anyway; when the copy goes, the kernel takes
    /// the program from the tracepoint, for all (measured on 6.18).
    pub(super) fn program_of_child(&self) -> Option<Arc<Attached>> {
        let attached = self.prog.load_full()?;
        Some(Arc::new(Attached::new(Arc::clone(attached.prog()), 0)))
    }

    /// The event's task is gone.
    fn leave(self: &Arc<Self>, tid: Pid) {
        self.state.store(EXIT, Relaxed);
        if let Some((_, root)) = &self.parent
            && let Some(root) = root.upgrade()
        {
            let count = self.value.count.load(Relaxed);
            root.value.child_count.fetch_add(count, Relaxed);
            let gone = root.children.write().remove(&tid);
            drop(gone);
        }
    }
}
