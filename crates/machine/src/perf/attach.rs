//! The program of an event: `perf_event_set_bpf_prog`, `perf_event_set_bpf_handler`, `perf_event_attach_bpf_prog`.

use std::sync::Arc;

use skep_abi::{Errno, ProgType};

use super::PerfEvent;
use crate::{File, Prog};

/// A program where it is attached.
#[derive(Clone, Debug)]
pub struct Attached {
    prog: Arc<Prog>,
    cookie: u64,
}

impl Attached {
    pub(crate) const fn new(prog: Arc<Prog>, cookie: u64) -> Self {
        Self { prog, cookie }
    }

    /// The program.
    #[must_use]
    pub const fn prog(&self) -> &Arc<Prog> {
        &self.prog
    }

    /// The link's cookie; 0 without one.
    #[must_use]
    pub const fn cookie(&self) -> u64 {
        self.cookie
    }
}

impl PerfEvent {
    /// `PERF_EVENT_IOC_SET_BPF`: attaches a program, which the event holds from now on. Works on events that are
    /// switched on. There is no way back but to close the event.
    ///
    /// # Errors
    /// In this order: `EBADF` when `prog` is not open, `EINVAL` when it is no program; for a tracing event `EINVAL`
    /// for a program of another type, `EACCES` for one that reads past the tracepoint's fields, `EEXIST` when the
    /// event has one already or the tracepoint has this one, `E2BIG` when the tracepoint has 64; for others `EEXIST`,
    /// `EINVAL` for another type than perf_event, `EPROTO` when the program walks stacks and the event is precise
    /// without whole callchains.
    pub fn set_bpf(&self, prog: &File) -> Result<(), Errno> {
        self.set_prog(prog.prog()?, 0)
    }

    pub(crate) fn set_prog(&self, prog: &Arc<Prog>, cookie: u64) -> Result<(), Errno> {
        let _changing = self.core.lock.lock();
        let attached = Attached::new(Arc::clone(prog), cookie);
        match &self.trace {
            Some(trace) => {
                self.check_tracing(prog)?;
                if prog.spec().max_ctx_offset > trace.size() {
                    return Err(Errno::EACCES);
                }
                if self.prog.load().is_some() {
                    return Err(Errno::EEXIST);
                }
                trace.add(attached.clone())?;
            }
            None => self.check_overflow(prog)?,
        }
        self.prog.store(Some(Arc::new(attached)));
        Ok(())
    }

    /// What tracing events take.
    fn check_tracing(&self, prog: &Prog) -> Result<(), Errno> {
        let may_sleep = self.pmu == super::Pmu::Uprobe;
        let is_asleep = prog.prog_type() == ProgType::Kprobe && prog.spec().sleepable;
        let is_taken = prog.prog_type() == self.pmu.takes() && (may_sleep || !is_asleep);
        if is_taken { Ok(()) } else { Err(Errno::EINVAL) }
    }

    /// What events that overflow take.
    fn check_overflow(&self, prog: &Prog) -> Result<(), Errno> {
        if self.prog.load().is_some() {
            return Err(Errno::EEXIST);
        }
        if prog.prog_type() != ProgType::PerfEvent {
            return Err(Errno::EINVAL);
        }
        if prog.spec().calls_stack_walk && !self.attr.allows_stack_walks() {
            return Err(Errno::EPROTO);
        }
        Ok(())
    }

    /// Takes the program away, as a link does that ends (`perf_event_free_bpf_prog`). Copies that children have keep
    /// it.
    pub(crate) fn free_prog(&self) {
        let _changing = self.core.lock.lock();
        let was = self.prog.swap(None);
        if let (Some(trace), Some(attached)) = (&self.trace, was) {
            trace.remove(attached.prog());
        }
    }
}
