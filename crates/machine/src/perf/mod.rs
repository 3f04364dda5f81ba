//! Perf events as programs see them: `kernel/events/core.c`, `kernel/trace/bpf_trace.c`.

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
    /// `PERF_SAMPLE_CALLCHAIN` in `sample_type`.
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

/// An open perf event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerfEvent {
    /// How it was opened.
    pub attr: PerfEventAttr,
    /// Whether this is a child's copy of an inherited event: its programs get cookie 0.
    pub is_inherited: bool,
}
