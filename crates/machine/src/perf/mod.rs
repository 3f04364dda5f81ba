//! Perf events as programs see them: `kernel/events/core.c`, `kernel/trace/bpf_trace.c`.

mod context;
mod counters;

pub(crate) use context::Contexts;
pub use context::{CONTEXT_SIZE, PERIOD_OFFSET};
pub use counters::{Counters, CountersNow};

/// `perf_event_attr`, as far as programs notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the kernel's flags")]
pub struct PerfEventAttr {
    /// `type`: the PMU.
    pub event_type: u32,
    /// `config`: the event of the PMU.
    pub config: u64,
    /// Period, or frequency where `is_frequency`.
    pub sample_period: u64,
    /// `freq`.
    pub is_frequency: bool,
    /// `PERF_SAMPLE_CALLCHAIN` in `sample_type`: the program sees the sample's callchain, markers and all.
    pub callchain: bool,
    /// `PERF_SAMPLE_ADDR` in `sample_type`.
    pub sample_addr: bool,
    /// `PERF_SAMPLE_BRANCH_STACK` in `sample_type`.
    pub branch_stack: bool,
    /// `exclude_callchain_kernel`.
    pub exclude_callchain_kernel: bool,
    /// `exclude_callchain_user`.
    pub exclude_callchain_user: bool,
    /// `inherit`: children count too.
    pub inherit: bool,
    /// `precise_ip`, 0 to 3.
    pub precise_ip: u8,
}

impl PerfEventAttr {
    /// Whether a program that calls `bpf_get_stackid` or `bpf_get_stack` may be attached
    /// (`perf_event_set_bpf_handler`): a precise event must deliver whole callchains, else `EPROTO`.
    #[must_use]
    pub const fn allows_stack_walks(&self) -> bool {
        let is_whole = !self.exclude_callchain_kernel && !self.exclude_callchain_user;
        self.precise_ip == 0 || (self.callchain && is_whole)
    }
}

/// An open perf event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerfEvent {
    /// How it was opened.
    pub attr: PerfEventAttr,
    /// Whether this is a child's copy of an inherited event: its programs get cookie 0.
    pub is_inherited: bool,
}

#[cfg(test)]
mod tests {
    use super::PerfEventAttr;

    #[test]
    fn precise_events_need_whole_callchains_for_stack_walks() {
        let plain = PerfEventAttr::default();
        let whole = PerfEventAttr { callchain: true, ..plain.clone() };
        let partial = PerfEventAttr { exclude_callchain_user: true, ..whole.clone() };
        let precise = |attr: &PerfEventAttr| PerfEventAttr { precise_ip: 1, ..attr.clone() };
        assert!(plain.allows_stack_walks() && partial.allows_stack_walks());
        assert!(precise(&whole).allows_stack_walks());
        assert!(!precise(&plain).allows_stack_walks());
        assert!(!precise(&partial).allows_stack_walks());
    }
}
