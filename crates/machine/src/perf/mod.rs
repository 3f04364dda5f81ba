//! Live perf events, and what programs see of them: `kernel/events/core.c`, `kernel/trace/bpf_trace.c`.
//!
//! An event is opened ([`Machine::perf_event_open`](crate::Machine::perf_event_open)), switched on and off, and
//! takes a program. Whoever plays the PMU tells it of its overflows
//! ([`Machine::overflow`](crate::Machine::overflow)). An event is an open file: it lives as long as somebody has an
//! `Arc` of it, be it a user or a link.

mod attach;
mod attr;
mod context;
mod core;
mod event;
mod inherit;
mod ioctl;
mod open;
mod overflow;
mod pmu;
mod record;
mod ring;
mod sample_type;
#[cfg(test)]
mod tests;
mod throttle;

pub use attach::Attached;
pub use attr::{PerfEventAttr, Rate};
pub(crate) use context::Contexts;
pub use context::{CONTEXT_SIZE, PERIOD_OFFSET};
pub(crate) use core::PerfCore;
pub use event::{EventCounts, EventId, PerfEvent, State, Target};
pub(crate) use inherit::Cloned;
pub use overflow::{Fired, Inert, Overflow};
pub use pmu::Pmu;
pub use ring::{RingBuffer, RingError};
pub use sample_type::SampleType;
