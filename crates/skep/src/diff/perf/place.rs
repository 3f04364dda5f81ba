//! Where a program runs: at samples of the cpu-clock, or at a tracepoint.

use skep_abi::ProgType;
use skep_host::Tracefs;
use skep_machine::PerfEventAttr;
use skep_machine::perf::{Rate, SampleType};
use skep_object::ResolvedProgram;
use skep_sample::event_name::EventSpec;

use super::PERIOD;
use crate::Error;

/// Where a program runs.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Every [`PERIOD`] nanoseconds of the child's time.
    CpuClock,
    /// Where the child passes a tracepoint.
    Tracepoint {
        /// `category:name`.
        name: String,
        /// Its number in tracefs.
        id: u64,
        /// The end of the last field of its records, in bytes.
        size: u32,
    },
}

impl Place {
    /// The place that a program is for.
    ///
    /// # Errors
    /// When its section names no tracepoint, or one that the kernel has not.
    pub(super) fn of(program: &ResolvedProgram) -> Result<Self, Error> {
        if program.prog_type != ProgType::Tracepoint {
            return Ok(Self::CpuClock);
        }
        let target = program.attach_target.as_deref().unwrap_or_default();
        let (category, event) = target.split_once('/').ok_or_else(|| {
            Error::unsupported(format!("section {} names no tracepoint", program.section))
        })?;
        let tracefs = Tracefs::open()?;
        let id = tracefs.id(category, event)?;
        let size = EventSpec::record_size_of(&tracefs.format(category, event)?);
        let size = size.ok_or_else(|| Error::unsupported("its tracepoint has no fields"))?;
        Ok(Self::Tracepoint { name: format!("{category}:{event}"), id, size })
    }

    /// The kernel's event.
    pub(super) fn event(&self) -> EventSpec {
        match self {
            Self::CpuClock => EventSpec::cpu_clock(),
            Self::Tracepoint { name, id, .. } => EventSpec::tracepoint(name, *id),
        }
    }

    /// What passes between two runs, in the event's unit.
    pub(super) const fn period(&self) -> u64 {
        match self {
            Self::CpuClock => PERIOD,
            Self::Tracepoint { .. } => 1,
        }
    }

    /// The same event on the machine.
    pub(super) fn attr(&self) -> PerfEventAttr {
        let rate = Rate::Period(self.period());
        match self {
            Self::CpuClock => PerfEventAttr {
                event_type: 1,
                config: 0,
                rate,
                sample_type: SampleType::ADDR,
                ..PerfEventAttr::default()
            },
            Self::Tracepoint { id, .. } => PerfEventAttr::new(2, *id, rate),
        }
    }

    /// A tracepoint's number and record size.
    pub(super) const fn tracepoint(&self) -> Option<(u64, u32)> {
        match self {
            Self::CpuClock => None,
            Self::Tracepoint { id, size, .. } => Some((*id, *size)),
        }
    }
}
