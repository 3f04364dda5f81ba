//! Opens a session's events, and gives up step by step what this kernel or user may not have.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use perf_event_open_sys::bindings::perf_event_attr;
use skep_abi::Cpu;

use crate::attr::{AttrPlan, Start};
use crate::error::OpenError;
use crate::event_name::EventSpec;
use crate::notice::Notice;
use crate::options::OnOpen;
use crate::sys::event::{self, Whom};

use super::limits::paranoid;
use super::rings::CpuRing;

/// The attributes that work here, once the first event is open, and every event that was opened.
#[derive(Debug)]
pub(super) struct Opener {
    pub(super) plan: AttrPlan,
    /// Whether the event may be replaced by cpu-clock where the machine does not count it.
    default_event: bool,
    settled: bool,
    /// What is done to each event that samples.
    on_open: Option<Arc<dyn OnOpen>>,
    /// Events that sample.
    pub(super) samplers: Vec<OwnedFd>,
    /// Events that only follow tasks and mappings.
    pub(super) followers: Vec<OwnedFd>,
    /// Events that record the context switches of a CPU; none where they were not asked for, or refused.
    pub(super) switches: Vec<OwnedFd>,
}

impl Opener {
    pub(super) fn new(
        mut plan: AttrPlan,
        default_event: bool,
        on_open: Option<Arc<dyn OnOpen>>,
    ) -> Self {
        if on_open.is_some() && plan.event.modifiers.max_precise {
            // Programs may not walk the stack of a precise event, unless it records its call chain.
            plan.precise = 0;
        }
        Self {
            plan,
            default_event,
            settled: false,
            on_open,
            samplers: Vec::new(),
            followers: Vec::new(),
            switches: Vec::new(),
        }
    }

    /// Opens the event on one CPU and lets it write into the CPU's ring.
    ///
    /// `samples` is false on CPUs that were not chosen, where tasks and mappings are followed only.
    pub(super) fn open(
        &mut self,
        whom: Whom<'_>,
        ring: &CpuRing,
        samples: bool,
        notices: &mut Vec<Notice>,
    ) -> io::Result<()> {
        let cpu = ring.cpu.0 as i32;
        let opened = if samples && !self.settled {
            self.settle(whom, ring.cpu, notices)?
        } else {
            let attr = if samples { self.waiting() } else { self.plan.sideband() };
            event::open(&attr, whom, cpu)?
        };
        event::set_output(opened.as_fd(), ring.anchor())?;
        if samples {
            self.hand_over(&opened, whom, cpu)?;
        }
        if samples { &mut self.samplers } else { &mut self.followers }.push(opened);
        Ok(())
    }

    /// Hands an event that samples to whoever waits for it, with as many copies of it as are wanted; then those count
    /// that count from the start.
    fn hand_over(&mut self, opened: &OwnedFd, whom: Whom<'_>, cpu: i32) -> io::Result<()> {
        let Some(on_open) = self.on_open.clone() else { return Ok(()) };
        on_open.opened(opened.as_fd(), 0)?;
        for copy in 1..on_open.copies() {
            let opened = event::open(&self.waiting(), whom, cpu)?;
            on_open.opened(opened.as_fd(), copy)?;
            if self.plan.start == Start::AtOnce {
                event::enable(opened.as_fd())?;
            }
            self.samplers.push(opened);
        }
        if self.plan.start == Start::AtOnce {
            event::enable(opened.as_fd())?;
        }
        Ok(())
    }

    /// The event that samples; one that is handed over does not count before.
    fn waiting(&self) -> perf_event_attr {
        let mut attr = self.plan.sampling();
        if self.on_open.is_some() {
            attr.set_disabled(1);
        }
        attr
    }

    /// Descriptors that a thread's event on one CPU takes, with what is attached to it.
    pub(super) fn descriptors(&self) -> usize {
        self.on_open.as_ref().map_or(1, |on_open| 2 * on_open.copies())
    }

    /// Lets all context switches of all CPUs be recorded; where that is refused, none are.
    pub(super) fn open_switches(&mut self, rings: &[CpuRing], notices: &mut Vec<Notice>) {
        let attr = self.plan.switches();
        let open = |ring: &CpuRing| {
            let opened = event::open(&attr, Whom::All, ring.cpu.0 as i32)?;
            event::set_output(opened.as_fd(), ring.anchor())?;
            Ok(opened)
        };
        match rings.iter().map(open).collect::<io::Result<Vec<_>>>() {
            Ok(opened) => self.switches = opened,
            Err(source) => {
                notices.push(Notice::SwitchesRefused { source, paranoid: paranoid() });
            }
        }
    }

    /// Tries until something works; the error is that of the fullest attempt.
    fn settle(
        &mut self,
        whom: Whom<'_>,
        cpu: Cpu,
        notices: &mut Vec<Notice>,
    ) -> io::Result<OwnedFd> {
        loop {
            let attempt = |attr: &perf_event_attr| event::open(attr, whom, cpu.0 as i32);
            let error = match attempt(&self.waiting()) {
                Ok(opened) => {
                    self.settled = true;
                    self.tell(notices);
                    return Ok(opened);
                }
                Err(error) => error,
            };
            let goes_on = match error.raw_os_error() {
                Some(libc::EACCES | libc::EPERM) => self.leave_kernel_out(),
                Some(libc::EINVAL) => self.give_up_a_feature(),
                Some(libc::EOPNOTSUPP | libc::ENOENT | libc::ENODEV) => {
                    self.lower_precision() || self.fall_back_to_cpu_clock()
                }
                _ => false,
            };
            if !goes_on {
                return Err(error);
            }
        }
    }

    fn leave_kernel_out(&mut self) -> bool {
        let modifiers = &self.plan.event.modifiers;
        let already = self.plan.exclude_kernel || modifiers.exclude_kernel;
        // An event of the kernel alone has nothing left without it.
        if already || modifiers.exclude_user {
            return false;
        }
        self.plan.exclude_kernel = true;
        true
    }

    fn give_up_a_feature(&mut self) -> bool {
        let features = &mut self.plan.features;
        let wants_cgroup = self.plan.fields.cgroup;
        for (feature, is_used) in [
            (&mut features.read_lost, true),
            (&mut features.build_id, true),
            (&mut features.exclude_guest, true),
            (&mut features.read, true),
            (&mut features.cgroup, wants_cgroup),
        ] {
            if *feature && is_used {
                *feature = false;
                return true;
            }
        }
        self.lower_precision() || self.fall_back_to_cpu_clock()
    }

    fn lower_precision(&mut self) -> bool {
        if !self.plan.event.modifiers.max_precise || self.plan.precise == 0 {
            return false;
        }
        self.plan.precise -= 1;
        true
    }

    fn fall_back_to_cpu_clock(&mut self) -> bool {
        if !self.default_event || self.plan.event.is_clock() {
            return false;
        }
        let AttrPlan { rate, fields, inherit, start, .. } = self.plan.clone();
        self.plan = AttrPlan::new(EventSpec::cpu_clock(), rate, fields, inherit, start);
        true
    }

    fn tell(&self, notices: &mut Vec<Notice>) {
        if self.plan.exclude_kernel {
            notices.push(Notice::KernelExcluded { paranoid: paranoid() });
        }
        if self.plan.fields.cgroup && !self.plan.features.cgroup {
            notices.push(Notice::FieldMissing { field: "cgroup ids" });
        }
    }
}

/// What an error of the first event means, when the anchor before it was allowed.
pub(super) fn explain(error: io::Error, event: &EventSpec, target: String) -> OpenError {
    let event = event.name.clone();
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => {
            OpenError::TargetRefused { target, source: error, paranoid: paranoid() }
        }
        Some(libc::ENOENT | libc::EOPNOTSUPP | libc::ENODEV | libc::ENOSYS) => {
            OpenError::NoSuchEvent { event, source: error }
        }
        Some(libc::EINVAL) => OpenError::Refused { event },
        _ => OpenError::System { doing: "opening a perf event", source: error },
    }
}
