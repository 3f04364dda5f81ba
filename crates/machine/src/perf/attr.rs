//! `struct perf_event_attr`, as far as the machine has what it asks for.

use std::sync::Arc;

use skep_abi::Errno;

use super::SampleType;

/// How often an event makes a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// So many samples a second (`freq`, `sample_freq`).
    Frequency(u64),
    /// One sample for so many events (`sample_period`); 0 for an event that only counts.
    Period(u64),
}

impl Default for Rate {
    fn default() -> Self {
        Self::Period(0)
    }
}

/// How a perf event is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the kernel's flags")]
pub struct PerfEventAttr {
    /// `type`: the PMU.
    pub event_type: u32,
    /// `config`: the event of the PMU.
    pub config: u64,
    /// `bp_addr` of a breakpoint, else `config1`.
    pub config1: u64,
    /// `bp_len` of a breakpoint, else `config2`.
    pub config2: u64,
    /// `bp_type` of a breakpoint (`HW_BREAKPOINT_*` bits).
    pub bp_type: u32,
    /// What a kprobe or uprobe event traces (`kprobe_func`, `uprobe_path`).
    pub probe: Option<Arc<str>>,
    /// `sample_period` or `sample_freq`.
    pub rate: Rate,
    /// `sample_type`.
    pub sample_type: SampleType,
    /// `disabled`: off until it is enabled.
    pub disabled: bool,
    /// `inherit`: children count too.
    pub inherit: bool,
    /// `inherit_thread`: of the children only threads.
    pub inherit_thread: bool,
    /// `pinned`.
    pub pinned: bool,
    /// `exclusive`.
    pub exclusive: bool,
    /// `exclude_user`.
    pub exclude_user: bool,
    /// `exclude_kernel`.
    pub exclude_kernel: bool,
    /// `exclude_idle`.
    pub exclude_idle: bool,
    /// `exclude_callchain_kernel`.
    pub exclude_callchain_kernel: bool,
    /// `exclude_callchain_user`.
    pub exclude_callchain_user: bool,
    /// `enable_on_exec`.
    pub enable_on_exec: bool,
    /// `remove_on_exec`.
    pub remove_on_exec: bool,
    /// `sigtrap`: each sample that is delivered sends SIGTRAP to its task.
    pub sigtrap: bool,
    /// `precise_ip`, 0 to 3.
    pub precise_ip: u8,
    /// `wakeup_events`, or `wakeup_watermark` where `watermark` is set.
    pub wakeup: u32,
    /// `watermark`: wakeups count bytes.
    pub watermark: bool,
}

/// `PERF_TYPE_SOFTWARE`.
const SOFTWARE: u32 = 1;

impl PerfEventAttr {
    /// An event of a PMU.
    #[must_use]
    pub fn new(event_type: u32, config: u64, rate: Rate) -> Self {
        Self { event_type, config, rate, ..Self::default() }
    }

    /// `PERF_COUNT_SW_CPU_CLOCK`: nanoseconds on a CPU.
    #[must_use]
    pub fn cpu_clock(rate: Rate) -> Self {
        Self::new(SOFTWARE, 0, rate)
    }

    /// `PERF_COUNT_SW_PAGE_FAULTS`.
    #[must_use]
    pub fn page_faults(rate: Rate) -> Self {
        Self::new(SOFTWARE, 2, rate)
    }

    /// `PERF_TYPE_TRACEPOINT`: the tracepoint with this number.
    #[must_use]
    pub fn tracepoint(id: u64) -> Self {
        Self::new(2, id, Rate::Period(1))
    }

    /// Whether the event samples, rather than only count (`is_sampling_event`).
    #[must_use]
    pub const fn is_sampling(&self) -> bool {
        !matches!(self.rate, Rate::Period(0) | Rate::Frequency(0))
    }

    /// Whether the program sees the sample's callchain, markers and all.
    #[must_use]
    pub const fn callchain(&self) -> bool {
        self.sample_type.contains(SampleType::CALLCHAIN)
    }

    /// Whether a program that calls `bpf_get_stackid` or `bpf_get_stack` may be attached
    /// (`perf_event_set_bpf_handler`): a precise event must deliver whole callchains, else `EPROTO`.
    #[must_use]
    pub const fn allows_stack_walks(&self) -> bool {
        let is_whole = !self.exclude_callchain_kernel && !self.exclude_callchain_user;
        self.precise_ip == 0 || (self.callchain() && is_whole)
    }

    /// The checks that need nothing but the attributes (`perf_copy_attr`, `perf_event_open`).
    ///
    /// # Errors
    /// `EINVAL`.
    pub(crate) fn check(&self, max_sample_rate: u64) -> Result<(), Errno> {
        let is_valid = SampleType::all().contains(self.sample_type)
            && self.precise_ip <= 3
            && !self.sample_type.contains(SampleType::WEIGHT.union(SampleType::WEIGHT_STRUCT))
            && (self.inherit || !self.inherit_thread)
            && !(self.remove_on_exec && self.enable_on_exec)
            && (self.remove_on_exec || !self.sigtrap)
            && match self.rate {
                Rate::Frequency(hz) => hz <= max_sample_rate,
                Rate::Period(period) => period >> 63 == 0,
            };
        if is_valid { Ok(()) } else { Err(Errno::EINVAL) }
    }
}

#[cfg(test)]
mod tests {
    use super::{PerfEventAttr, Rate, SampleType};

    #[test]
    fn precise_events_need_whole_callchains_for_stack_walks() {
        let plain = PerfEventAttr::default();
        let whole = PerfEventAttr { sample_type: SampleType::CALLCHAIN, ..plain.clone() };
        let partial = PerfEventAttr { exclude_callchain_user: true, ..whole.clone() };
        let precise = |attr: &PerfEventAttr| PerfEventAttr { precise_ip: 1, ..attr.clone() };
        assert!(plain.allows_stack_walks() && partial.allows_stack_walks());
        assert!(precise(&whole).allows_stack_walks());
        assert!(!precise(&plain).allows_stack_walks());
        assert!(!precise(&partial).allows_stack_walks());
    }

    #[test]
    fn attributes_that_contradict_each_other_are_refused() {
        let check = |change: fn(&mut PerfEventAttr)| {
            let mut attr = PerfEventAttr::cpu_clock(Rate::Frequency(99));
            change(&mut attr);
            attr.check(100_000).is_ok()
        };
        assert!(check(|_| {}));
        assert!(check(|attr| attr.rate = Rate::Frequency(100_000)));
        assert!(!check(|attr| attr.rate = Rate::Frequency(100_001)));
        assert!(!check(|attr| attr.rate = Rate::Period(1 << 63)));
        assert!(!check(|attr| attr.inherit_thread = true));
        assert!(!check(|attr| attr.sigtrap = true));
        assert!(check(|attr| (attr.sigtrap, attr.remove_on_exec) = (true, true)));
        assert!(!check(|attr| (attr.enable_on_exec, attr.remove_on_exec) = (true, true)));
        assert!(!check(|attr| attr.sample_type = SampleType::from_bits_retain(1 << 40)));
    }
}
