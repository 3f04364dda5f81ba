//! Events: `struct perf_event_attr` with a name and ids.

use crate::{half, word};

/// Bytes of the attributes (`PERF_ATTR_SIZE_VER8`).
pub(crate) const ATTR: u64 = 136;
/// IDENTIFIER, IP, TID, TIME, CPU, PERIOD.
const PLAIN: u64 = 1 << 16 | 1 | 1 << 1 | 1 << 2 | 1 << 7 | 1 << 8;
const CALLCHAIN: u64 = 1 << 5;
const RAW: u64 = 1 << 10;
/// `inherit` and `sample_id_all`.
const FLAGS: u64 = 1 << 1 | 1 << 18;
const FREQUENCY: u64 = 1 << 10;
const CONTEXT_SWITCH: u64 = 1 << 26;

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) name: &'static str,
    kind: u32,
    config: u64,
    rate: u64,
    flags: u64,
    sample_type: u64,
    pub(crate) ids: Vec<u64>,
}

/// `cpu-clock` at 99 Hz with callchains.
pub const CPU_CLOCK: Event = Event {
    name: "cpu-clock",
    kind: 1,
    config: 0,
    rate: 99,
    flags: FLAGS | FREQUENCY,
    sample_type: PLAIN | CALLCHAIN,
    ids: Vec::new(),
};
/// `dummy`, which records switches.
pub const DUMMY: Event = Event {
    name: "dummy:HG",
    kind: 1,
    config: 9,
    rate: 1,
    flags: FLAGS | CONTEXT_SWITCH,
    sample_type: PLAIN | CALLCHAIN,
    ids: Vec::new(),
};
/// `sched:sched_switch`, each time.
pub const SCHED_SWITCH: Event = Event {
    name: "sched:sched_switch",
    kind: 2,
    config: 316,
    rate: 1,
    flags: FLAGS,
    sample_type: PLAIN | RAW,
    ids: Vec::new(),
};

impl Event {
    /// With these ids, one for each CPU.
    #[must_use]
    pub fn ids(&self, ids: &[u64]) -> Self {
        Self { ids: ids.to_vec(), ..self.clone() }
    }

    /// With these bits of `sample_type` in place of its own.
    #[must_use]
    pub fn sample_type(&self, sample_type: u64) -> Self {
        Self { sample_type, ..self.clone() }
    }

    /// At a frequency.
    #[must_use]
    pub fn frequency(&self, rate: u64) -> Self {
        Self { rate, flags: self.flags | FREQUENCY, ..self.clone() }
    }

    /// Its attributes.
    pub(crate) fn attr(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        half(&mut bytes, self.kind);
        half(&mut bytes, ATTR as u32);
        for field in [self.config, self.rate, self.sample_type, 0, self.flags] {
            word(&mut bytes, field);
        }
        bytes.resize(ATTR as usize, 0);
        bytes
    }
}
