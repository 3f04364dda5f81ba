//! PMUs: who counts, by the number in `perf_event_attr.type` (`perf_init_event` and the PMUs' `event_init`).

use skep_abi::{Errno, ProgType};

use super::{PerfEventAttr, SampleType};

/// `PERF_COUNT_SW_MAX`.
const SOFTWARE_EVENTS: u64 = 12;
/// `PERF_COUNT_HW_MAX`.
const HARDWARE_EVENTS: u64 = 10;

/// Who counts an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pmu {
    /// `PERF_TYPE_HARDWARE`.
    Hardware,
    /// `PERF_TYPE_SOFTWARE`, but for the two clocks.
    Software,
    /// Tracepoints.
    Tracepoint,
    /// `PERF_TYPE_HW_CACHE`.
    HwCache,
    /// `PERF_TYPE_RAW`.
    Raw,
    /// Breakpoints.
    Breakpoint,
    /// The cpu-clock's own PMU.
    CpuClock,
    /// The task-clock's own PMU.
    TaskClock,
    /// kprobes.
    Kprobe,
    /// uprobes.
    Uprobe,
}

/// Numbers that the kernel hands out at boot: these are those of an x86-64 kernel with kprobes and uprobes.
const CPU_CLOCK: u32 = 6;
const TASK_CLOCK: u32 = 7;
const KPROBE: u32 = 8;
const UPROBE: u32 = 9;

impl Pmu {
    /// Finds the PMU that takes an event.
    ///
    /// # Errors
    /// `ENOENT` when none does, `EOPNOTSUPP` for branch stacks of what is no hardware, `EINVAL` for an event that
    /// its PMU does not have.
    pub(super) fn init(attr: &PerfEventAttr, has_hardware: bool) -> Result<Self, Errno> {
        let pmu = match (attr.event_type, attr.config) {
            (0, _) if has_hardware => Self::Hardware,
            (1, 0) | (CPU_CLOCK, 0) => Self::CpuClock,
            (1, 1) | (TASK_CLOCK, 1) => Self::TaskClock,
            (1, ..SOFTWARE_EVENTS) => Self::Software,
            (2, _) => Self::Tracepoint,
            (3, _) if has_hardware => Self::HwCache,
            (4, _) if has_hardware => Self::Raw,
            (5, _) => Self::Breakpoint,
            (KPROBE, _) => Self::Kprobe,
            (UPROBE, _) => Self::Uprobe,
            _ => return Err(Errno::ENOENT),
        };
        if !pmu.is_hardware() && attr.sample_type.contains(SampleType::BRANCH_STACK) {
            return Err(Errno::EOPNOTSUPP);
        }
        match pmu {
            Self::Hardware if attr.config & 0xffff_ffff >= HARDWARE_EVENTS => Err(Errno::EINVAL),
            Self::HwCache if !is_cache_event(attr.config & 0xffff_ffff) => Err(Errno::EINVAL),
            Self::Breakpoint if !is_breakpoint(attr) => Err(Errno::EINVAL),
            Self::Kprobe | Self::Uprobe if attr.probe.is_none() => Err(Errno::EINVAL),
            _ => Ok(pmu),
        }
    }

    /// The number that `perf_event_attr.type` has once the event is open: the clocks have PMUs of their own.
    #[must_use]
    pub const fn event_type(self) -> u32 {
        match self {
            Self::Hardware => 0,
            Self::Software => 1,
            Self::Tracepoint => 2,
            Self::HwCache => 3,
            Self::Raw => 4,
            Self::Breakpoint => 5,
            Self::CpuClock => CPU_CLOCK,
            Self::TaskClock => TASK_CLOCK,
            Self::Kprobe => KPROBE,
            Self::Uprobe => UPROBE,
        }
    }

    /// Whether its programs run where the kernel passes a place, not on overflows (`perf_event_is_tracing`).
    #[must_use]
    pub const fn is_tracing(self) -> bool {
        matches!(self, Self::Tracepoint | Self::Kprobe | Self::Uprobe)
    }

    /// Whether the CPU itself counts.
    #[must_use]
    pub const fn is_hardware(self) -> bool {
        matches!(self, Self::Hardware | Self::HwCache | Self::Raw)
    }

    /// The one program type that its events take.
    #[must_use]
    pub const fn takes(self) -> ProgType {
        match self {
            Self::Tracepoint => ProgType::Tracepoint,
            Self::Kprobe | Self::Uprobe => ProgType::Kprobe,
            _ => ProgType::PerfEvent,
        }
    }

    /// Whether even the first overflow of a moment counts against the limit of a tick: software events pass
    /// `throttle` only for the overflows that follow it at once.
    #[must_use]
    pub const fn throttles(self) -> bool {
        self.is_hardware() || matches!(self, Self::CpuClock | Self::TaskClock)
    }
}

/// Cache, operation and result, a byte each.
const fn is_cache_event(config: u64) -> bool {
    config & 0xff < 7 && config >> 8 & 0xff < 3 && config >> 16 & 0xff < 2 && config >> 24 == 0
}

/// What x86-64's debug registers watch (`arch_build_bp_info`).
const fn is_breakpoint(attr: &PerfEventAttr) -> bool {
    let (addr, len) = (attr.config1, attr.config2);
    let is_aligned = matches!(len, 1 | 2 | 4 | 8) && addr & (len - 1) == 0;
    match attr.bp_type {
        // Execution: the length is that of a word.
        4 => len == 8,
        // Writes, reads and writes.
        2 | 3 => is_aligned,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use skep_abi::Errno;

    use super::Pmu;
    use crate::perf::{PerfEventAttr, Rate, SampleType};

    fn init(event_type: u32, config: u64) -> Result<Pmu, Errno> {
        Pmu::init(&PerfEventAttr::new(event_type, config, Rate::Period(1)), true)
    }

    #[test]
    fn pmus_are_found_by_number() {
        assert_eq!((init(1, 0), init(1, 1)), (Ok(Pmu::CpuClock), Ok(Pmu::TaskClock)));
        assert_eq!((init(6, 0), init(6, 1)), (Ok(Pmu::CpuClock), Err(Errno::ENOENT)));
        assert_eq!((init(1, 11), init(1, 12)), (Ok(Pmu::Software), Err(Errno::ENOENT)));
        assert_eq!((init(0, 9), init(0, 10)), (Ok(Pmu::Hardware), Err(Errno::EINVAL)));
        assert_eq!((init(3, 0x1_0206), init(3, 7)), (Ok(Pmu::HwCache), Err(Errno::EINVAL)));
        assert_eq!((init(4, 0x1c2), init(77, 0)), (Ok(Pmu::Raw), Err(Errno::ENOENT)));
        let cycles = PerfEventAttr::new(0, 0, Rate::Period(1));
        assert_eq!(Pmu::init(&cycles, false), Err(Errno::ENOENT));
    }

    #[test]
    fn only_hardware_records_branches() {
        let mut attr = PerfEventAttr::cpu_clock(Rate::Period(1));
        attr.sample_type = SampleType::BRANCH_STACK;
        assert_eq!(Pmu::init(&attr, true), Err(Errno::EOPNOTSUPP));
        attr.event_type = 0;
        assert_eq!(Pmu::init(&attr, true), Ok(Pmu::Hardware));
    }

    #[test]
    fn breakpoints_are_what_debug_registers_watch() {
        let watch = |bp_type, config1, config2| {
            let attr = PerfEventAttr::new(5, 0, Rate::Period(1));
            Pmu::init(&PerfEventAttr { bp_type, config1, config2, ..attr }, true).is_ok()
        };
        assert!(watch(2, 0x1000, 8) && watch(3, 0x1002, 2) && watch(4, 0x1001, 8));
        assert!(!watch(1, 0x1000, 8) && !watch(0, 0, 0) && !watch(2, 0x1001, 2));
        assert!(!watch(4, 0x1000, 1) && !watch(2, 0x1000, 3));
    }
}
