//! perf's event names: what `-e` takes, as far as one event goes (`tools/perf/Documentation/perf-list.txt`).
//!
//! A name becomes an [`EventSpec`]: the fields of `perf_event_attr` that say what is counted, and nothing of how it
//! is sampled. Names that the kernel publishes (PMU formats and events, tracepoint ids) are read from sysfs and
//! tracefs through [`EventSource`], which tests point elsewhere.

mod breakpoint;
mod cache;
mod error;
mod hardware;
mod modifier;
mod pmu;
#[cfg(test)]
mod tests;
mod tracepoint;

use std::fmt;
use std::path::PathBuf;

pub use error::EventNameError;
pub use modifier::Modifiers;
use perf_event_open_sys::bindings as sys;

/// What an event counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSpec {
    /// The name as it was given.
    pub name: String,
    /// `perf_event_attr.type`.
    pub kind: u32,
    /// `perf_event_attr.config`.
    pub config: u64,
    /// `config1`, `config2` and `config3`; a breakpoint's address and length are the first two.
    pub config_more: [u64; 3],
    /// `bp_type` of a breakpoint (`HW_BREAKPOINT_*` bits), else 0.
    pub bp_type: u32,
    /// The letters after the last colon.
    pub modifiers: Modifiers,
}

/// Where the kernel publishes events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource {
    /// One folder for each PMU.
    pub pmus: PathBuf,
    /// Places at which tracefs may be mounted, the first that exists is taken.
    pub tracefs: Vec<PathBuf>,
}

impl Default for EventSource {
    fn default() -> Self {
        Self {
            pmus: "/sys/bus/event_source/devices".into(),
            tracefs: vec!["/sys/kernel/tracing".into(), "/sys/kernel/debug/tracing".into()],
        }
    }
}

impl EventSpec {
    /// Parses an event's name against the running kernel.
    ///
    /// # Errors
    /// When the name is none that perf or this machine knows.
    pub fn parse(name: &str) -> Result<Self, EventNameError> {
        Self::parse_from(name, &EventSource::default())
    }

    /// Parses an event's name; PMUs and tracepoints are looked up in `source`.
    ///
    /// # Errors
    /// When the name is none that perf or the source knows.
    pub fn parse_from(name: &str, source: &EventSource) -> Result<Self, EventNameError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(EventNameError::Empty);
        }
        if let Some(breakpoint) = name.strip_prefix("mem:") {
            return breakpoint::parse(name, breakpoint);
        }
        if name.contains('/') {
            return pmu::parse(name, &source.pmus);
        }
        let (base, letters) = name.split_once(':').unwrap_or((name, ""));
        let known = hardware::find(base).or_else(|| cache::find(base)).or_else(|| raw(base));
        if let Some((kind, config)) = known {
            return Ok(Self::new(name, kind, config, Modifiers::parse(letters)?));
        }
        if cache::is_refused(base) {
            return Err(EventNameError::CacheOperation { name: base.into() });
        }
        if letters.is_empty() {
            return pmu::parse_bare(name, &source.pmus);
        }
        tracepoint::parse(name, &source.tracefs)
    }

    /// `cpu-clock`: time on a CPU in nanoseconds, which every kernel has.
    #[must_use]
    pub fn cpu_clock() -> Self {
        let config = u64::from(sys::PERF_COUNT_SW_CPU_CLOCK);
        Self::new("cpu-clock", sys::PERF_TYPE_SOFTWARE, config, Modifiers::default())
    }

    /// `cycles`: CPU cycles, where the PMU counts them.
    #[must_use]
    pub fn cycles() -> Self {
        let config = u64::from(sys::PERF_COUNT_HW_CPU_CYCLES);
        Self::new("cycles", sys::PERF_TYPE_HARDWARE, config, Modifiers::default())
    }

    /// `dummy`: counts nothing; carries records about tasks and mappings.
    #[must_use]
    pub(crate) fn dummy() -> Self {
        let config = u64::from(sys::PERF_COUNT_SW_DUMMY);
        Self::new("dummy", sys::PERF_TYPE_SOFTWARE, config, Modifiers::default())
    }

    /// A tracepoint by the id that tracefs publishes.
    #[must_use]
    pub fn tracepoint(name: &str, id: u64) -> Self {
        Self::new(name, sys::PERF_TYPE_TRACEPOINT, id, Modifiers::default())
    }

    /// The end of the last field in a tracepoint's records, in bytes, by the text of its `format` in tracefs.
    #[must_use]
    pub fn record_size_of(format: &str) -> Option<u32> {
        tracepoint::last_field_end(format)
    }

    /// The end of a tracepoint's last field in its records, in bytes, as tracefs publishes it.
    #[must_use]
    pub fn record_size(&self) -> Option<u32> {
        self.record_size_from(&EventSource::default())
    }

    /// The same, looked up in `source`.
    #[must_use]
    pub fn record_size_from(&self, source: &EventSource) -> Option<u32> {
        if !self.is_tracepoint() {
            return None;
        }
        tracepoint::record_size(&self.name, &source.tracefs)
    }

    /// A name for what is known by its numbers alone.
    pub(crate) fn name_of(kind: u32, config: u64) -> String {
        match hardware::name_of(kind, config) {
            Some(name) => name.to_owned(),
            None if kind == sys::PERF_TYPE_RAW => format!("r{config:x}"),
            None if kind == sys::PERF_TYPE_TRACEPOINT => format!("tracepoint {config}"),
            None => format!("event {config:#x} of PMU {kind}"),
        }
    }

    fn new(name: &str, kind: u32, config: u64, modifiers: Modifiers) -> Self {
        Self { name: name.into(), kind, config, config_more: [0; 3], bp_type: 0, modifiers }
    }

    /// Tells whether the event is a clock, whose unit is nanoseconds of CPU time.
    #[must_use]
    pub fn is_clock(&self) -> bool {
        let clocks = [sys::PERF_COUNT_SW_CPU_CLOCK, sys::PERF_COUNT_SW_TASK_CLOCK].map(u64::from);
        self.kind == sys::PERF_TYPE_SOFTWARE && clocks.contains(&self.config)
    }

    /// Tells whether the event is a tracepoint.
    #[must_use]
    pub fn is_tracepoint(&self) -> bool {
        self.kind == sys::PERF_TYPE_TRACEPOINT
    }
}

impl fmt::Display for EventSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// `rNNNN`: the CPU's own event number in hex.
fn raw(name: &str) -> Option<(u32, u64)> {
    let digits = name.strip_prefix('r')?;
    let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let config = hex.then(|| u64::from_str_radix(digits, 16).ok()).flatten()?;
    Some((sys::PERF_TYPE_RAW, config))
}
