//! `perf_event_attr`: what is asked of the kernel for an event.

use perf_event_open_sys::bindings::{self, perf_event_attr};

use crate::event_name::EventSpec;
use crate::options::{Fields, Rate};
use crate::record::{X86_64_MASK, read_bit, sample_bit};

/// What some kernels lack; each is given up when the kernel answers EINVAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent capability")]
pub(crate) struct Features {
    /// `PERF_FORMAT_LOST` (6.0).
    pub(crate) read_lost: bool,
    /// Build ids in MMAP2 records (5.12).
    pub(crate) build_id: bool,
    /// `PERF_SAMPLE_CGROUP` (5.7).
    pub(crate) cgroup: bool,
    /// `PERF_SAMPLE_READ`, which inherited events may not always have.
    pub(crate) read: bool,
    /// `exclude_guest`, which some PMUs refuse together with precision.
    pub(crate) exclude_guest: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { read_lost: true, build_id: true, cgroup: true, read: true, exclude_guest: true }
    }
}

/// Everything that the attributes of one session's events depend on.
#[derive(Clone, Debug)]
pub(crate) struct AttrPlan {
    pub(crate) event: EventSpec,
    pub(crate) rate: Rate,
    pub(crate) fields: Fields,
    pub(crate) features: Features,
    /// New threads and processes get copies of the event.
    pub(crate) inherit: bool,
    /// When counting starts.
    pub(crate) start: Start,
    /// The kernel is left out though the event's name does not say so.
    pub(crate) exclude_kernel: bool,
    /// Least skid that the event's name asks for, lowered when `P` leaves it open.
    pub(crate) precise: u8,
}

/// When an event starts to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    AtOnce,
    OnEnable,
    OnExec,
}

impl AttrPlan {
    pub(crate) fn new(
        event: EventSpec,
        rate: Rate,
        fields: Fields,
        inherit: bool,
        start: Start,
    ) -> Self {
        let precise = if event.modifiers.max_precise { 3 } else { event.modifiers.precise };
        let features = Features { read: fields.value && !inherit, ..Features::default() };
        Self { event, rate, fields, features, inherit, start, exclude_kernel: false, precise }
    }

    /// The event that samples.
    pub(crate) fn sampling(&self) -> perf_event_attr {
        let mut attr = self.base(&self.event);
        match self.rate {
            Rate::Frequency(hz) => {
                attr.set_freq(1);
                attr.__bindgen_anon_1.sample_freq = hz;
            }
            Rate::Period(period) => attr.__bindgen_anon_1.sample_period = period,
        }
        let modifiers = &self.event.modifiers;
        attr.set_exclude_user(modifiers.exclude_user.into());
        attr.set_exclude_kernel((modifiers.exclude_kernel || self.exclude_kernel).into());
        attr.set_exclude_hv((modifiers.exclude_hv || self.exclude_kernel).into());
        attr.set_exclude_idle(modifiers.exclude_idle.into());
        attr.set_exclude_host((modifiers.guest && !modifiers.host).into());
        attr.set_exclude_guest((self.features.exclude_guest && !modifiers.guest).into());
        attr.set_precise_ip(self.precise.into());
        attr.set_pinned(modifiers.pinned.into());
        attr.set_exclusive(modifiers.exclusive.into());
        attr
    }

    /// An event that counts nothing and follows tasks and mappings on CPUs that are not sampled.
    pub(crate) fn sideband(&self) -> perf_event_attr {
        let mut attr = self.base(&EventSpec::dummy());
        attr.set_exclude_kernel(1);
        attr.set_exclude_hv(1);
        attr
    }

    /// An event that counts nothing and records every context switch of its CPU.
    pub(crate) fn switches(&self) -> perf_event_attr {
        let mut attr = self.sideband();
        attr.set_disabled(1);
        attr.set_enable_on_exec(0);
        attr.set_inherit(0);
        attr.set_mmap(0);
        attr.set_mmap2(0);
        attr.set_build_id(0);
        attr.set_comm(0);
        attr.set_comm_exec(0);
        attr.set_task(0);
        attr.set_cgroup(0);
        attr.set_context_switch(1);
        attr
    }

    /// What both have in common: layout of records, clock, what is followed.
    fn base(&self, event: &EventSpec) -> perf_event_attr {
        let mut attr =
            perf_event_attr { type_: event.kind, config: event.config, ..Default::default() };
        let [config1, config2, config3] = event.config_more;
        // For breakpoints these two words are bp_addr and bp_len.
        attr.__bindgen_anon_3.config1 = config1;
        attr.__bindgen_anon_4.config2 = config2;
        attr.config3 = config3;
        attr.bp_type = event.bp_type;
        attr.sample_type = self.sample_type();
        attr.read_format = self.read_format();
        attr.branch_sample_type = self.fields.branch_stack;
        attr.sample_max_stack = self.fields.max_stack;
        if self.fields.regs {
            attr.sample_regs_intr = X86_64_MASK;
        }
        if self.fields.user_regs {
            attr.sample_regs_user = X86_64_MASK;
        }
        attr.sample_stack_user = self.fields.user_stack.unwrap_or(0);
        attr.set_disabled((self.start != Start::AtOnce).into());
        attr.set_enable_on_exec((self.start == Start::OnExec).into());
        attr.set_inherit(self.inherit.into());
        attr.set_sample_id_all(1);
        attr.set_use_clockid(1);
        attr.clockid = libc::CLOCK_MONOTONIC;
        attr.set_mmap(1);
        attr.set_mmap2(1);
        attr.set_build_id(self.features.build_id.into());
        attr.set_comm(1);
        attr.set_comm_exec(1);
        attr.set_task(1);
        attr.set_context_switch(self.fields.switches.into());
        attr.set_cgroup((self.fields.cgroup && self.features.cgroup).into());
        attr
    }

    fn sample_type(&self) -> u64 {
        use sample_bit as bit;
        let fields = &self.fields;
        let wanted = [
            (true, bit::IP | bit::TID | bit::TIME | bit::CPU | bit::PERIOD),
            (fields.addr, bit::ADDR),
            (fields.callchain, bit::CALLCHAIN),
            (fields.regs, bit::REGS_INTR),
            (fields.user_regs, bit::REGS_USER),
            (fields.user_stack.is_some(), bit::STACK_USER),
            (fields.value && self.features.read, bit::READ),
            (fields.raw, bit::RAW),
            (fields.cgroup && self.features.cgroup, bit::CGROUP),
            (fields.branch_stack != 0, bit::BRANCH_STACK),
            (fields.weight, bit::WEIGHT),
            (fields.data_src, bit::DATA_SRC),
            (fields.phys_addr, bit::PHYS_ADDR),
        ];
        wanted.iter().filter(|(wanted, _)| *wanted).fold(0, |bits, (_, bit)| bits | bit)
    }

    fn read_format(&self) -> u64 {
        let times = read_bit::TOTAL_TIME_ENABLED | read_bit::TOTAL_TIME_RUNNING;
        if self.features.read_lost { times | read_bit::LOST } else { times }
    }
}

/// An event that owns a ring for others to write into: it counts nothing and follows nobody.
pub(crate) fn anchor() -> perf_event_attr {
    let event = EventSpec::dummy();
    let mut attr =
        perf_event_attr { type_: event.kind, config: event.config, ..Default::default() };
    attr.set_exclude_kernel(1);
    attr.set_exclude_hv(1);
    // Only events with the same clock may share a ring.
    attr.set_use_clockid(1);
    attr.clockid = libc::CLOCK_MONOTONIC;
    // Without a number the kernel wakes readers when the ring is half full.
    attr.set_watermark(1);
    debug_assert_eq!(attr.type_, bindings::PERF_TYPE_SOFTWARE);
    attr
}
