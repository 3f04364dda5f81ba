//! A perf event that is open, and its overflows.

use std::ops::Deref;
use std::sync::Arc;

use skep_abi::Sample;
use skep_machine::perf::{Fired, Overflow};
use skep_machine::{NoUserMemory, UserMemory};

use super::Machine;
use crate::{Error, ErrorKind};

/// An open perf event of a machine. Dropping it closes the descriptor; a link to it holds it open.
#[derive(Debug)]
pub struct PerfEvent {
    machine: Machine,
    event: Arc<skep_machine::PerfEvent>,
}

impl PerfEvent {
    pub(super) const fn new(machine: Machine, event: Arc<skep_machine::PerfEvent>) -> Self {
        Self { machine, event }
    }

    /// The machine's own word for it.
    #[must_use]
    pub const fn event(&self) -> &Arc<skep_machine::PerfEvent> {
        &self.event
    }

    /// Overflows once, on the event's CPU, or on the sample's where it has none. Of user memory, only the stack bytes
    /// that the sample holds can be read.
    ///
    /// As in the kernel, too many overflows in one tick of the samples' time silence the event until the next.
    ///
    /// # Errors
    /// When the program does what it must not.
    pub fn fire(&self, sample: &Sample) -> Result<Fired, Error> {
        self.fire_with(sample, &NoUserMemory)
    }

    /// The same with memory of processes.
    ///
    /// # Errors
    /// As [`Self::fire`].
    pub fn fire_with(&self, sample: &Sample, user: &dyn UserMemory) -> Result<Fired, Error> {
        let cpu = self.event.cpu().unwrap_or(sample.cpu);
        let throttle = self.event.pmu().throttles();
        let overflow = Overflow { sample, cpu, user, throttle };
        match self.machine.overflow(&self.event, overflow) {
            Fired::Trapped => Err(self.trapped()),
            fired => Ok(fired),
        }
    }

    #[cold]
    fn trapped(&self) -> Error {
        let program = self.event.program();
        let trap = program.as_ref().and_then(|attached| attached.prog().first_trap());
        let why = trap.map_or_else(|| "the program trapped".to_owned(), ToString::to_string);
        Error::new(ErrorKind::Program, why)
    }
}

impl Deref for PerfEvent {
    type Target = skep_machine::PerfEvent;

    fn deref(&self) -> &Self::Target {
        &self.event
    }
}
