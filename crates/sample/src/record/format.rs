//! What an event's attributes say about the records that it writes.

use perf_event_open_sys::bindings as sys;

/// Bits of `perf_event_attr.sample_type`.
pub(crate) mod sample_bit {
    use super::sys;

    macro_rules! bits {
        ($($name:ident = $value:ident),* $(,)?) => { $(pub(crate) const $name: u64 = sys::$value as u64;)* };
    }

    bits! {
        IP = PERF_SAMPLE_IP, TID = PERF_SAMPLE_TID, TIME = PERF_SAMPLE_TIME, ADDR = PERF_SAMPLE_ADDR,
        READ = PERF_SAMPLE_READ, CALLCHAIN = PERF_SAMPLE_CALLCHAIN, ID = PERF_SAMPLE_ID, CPU = PERF_SAMPLE_CPU,
        PERIOD = PERF_SAMPLE_PERIOD, STREAM_ID = PERF_SAMPLE_STREAM_ID, RAW = PERF_SAMPLE_RAW,
        BRANCH_STACK = PERF_SAMPLE_BRANCH_STACK, REGS_USER = PERF_SAMPLE_REGS_USER,
        STACK_USER = PERF_SAMPLE_STACK_USER, WEIGHT = PERF_SAMPLE_WEIGHT, DATA_SRC = PERF_SAMPLE_DATA_SRC,
        IDENTIFIER = PERF_SAMPLE_IDENTIFIER, TRANSACTION = PERF_SAMPLE_TRANSACTION,
        REGS_INTR = PERF_SAMPLE_REGS_INTR, PHYS_ADDR = PERF_SAMPLE_PHYS_ADDR, AUX = PERF_SAMPLE_AUX,
        CGROUP = PERF_SAMPLE_CGROUP, DATA_PAGE_SIZE = PERF_SAMPLE_DATA_PAGE_SIZE,
        CODE_PAGE_SIZE = PERF_SAMPLE_CODE_PAGE_SIZE, WEIGHT_STRUCT = PERF_SAMPLE_WEIGHT_STRUCT,
    }
}

/// Bits of `perf_event_attr.read_format`.
pub(crate) mod read_bit {
    use super::sys;

    pub(crate) const TOTAL_TIME_ENABLED: u64 = sys::PERF_FORMAT_TOTAL_TIME_ENABLED as u64;
    pub(crate) const TOTAL_TIME_RUNNING: u64 = sys::PERF_FORMAT_TOTAL_TIME_RUNNING as u64;
    pub(crate) const ID: u64 = sys::PERF_FORMAT_ID as u64;
    pub(crate) const GROUP: u64 = sys::PERF_FORMAT_GROUP as u64;
    pub(crate) const LOST: u64 = sys::PERF_FORMAT_LOST as u64;
}

/// Bits of `perf_event_attr.branch_sample_type` that change the layout of a sample.
pub(crate) mod branch_bit {
    use super::sys;

    pub(crate) const HW_INDEX: u64 = sys::PERF_SAMPLE_BRANCH_HW_INDEX as u64;
    pub(crate) const COUNTERS: u64 = sys::PERF_SAMPLE_BRANCH_COUNTERS as u64;
}

/// The fields of `perf_event_attr` that decide how an event's records are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// `sample_type`: `PERF_SAMPLE_*` bits.
    pub sample_type: u64,
    /// `read_format`: `PERF_FORMAT_*` bits.
    pub read_format: u64,
    /// `branch_sample_type`: `PERF_SAMPLE_BRANCH_*` bits.
    pub branch_sample_type: u64,
    /// `sample_regs_user`: one bit for each register.
    pub regs_user: u64,
    /// `sample_regs_intr`: one bit for each register.
    pub regs_intr: u64,
    /// `sample_id_all`: records other than samples end with a [`SampleId`](super::SampleId).
    pub sample_id_all: bool,
}

impl Format {
    /// Tells whether any of these `PERF_SAMPLE_*` bits is set.
    pub(crate) const fn has(&self, bits: u64) -> bool {
        self.sample_type & bits != 0
    }
}

impl From<&sys::perf_event_attr> for Format {
    fn from(attr: &sys::perf_event_attr) -> Self {
        Self {
            sample_type: attr.sample_type,
            read_format: attr.read_format,
            branch_sample_type: attr.branch_sample_type,
            regs_user: attr.sample_regs_user,
            regs_intr: attr.sample_regs_intr,
            sample_id_all: attr.sample_id_all() != 0,
        }
    }
}
