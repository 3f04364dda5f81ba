//! Opens a session's events, and gives up step by step what this kernel or user may not have.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use perf_event_open_sys::bindings::perf_event_attr;
use skep_abi::Cpu;

use crate::attr::AttrPlan;
use crate::error::OpenError;
use crate::event_name::EventSpec;
use crate::notice::Notice;
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
    /// Events that sample.
    pub(super) samplers: Vec<OwnedFd>,
    /// Events that only follow tasks and mappings.
    pub(super) followers: Vec<OwnedFd>,
    /// Events that record the context switches of a CPU; none where they were not asked for, or refused.
    pub(super) switches: Vec<OwnedFd>,
}

impl Opener {
    pub(super) fn new(plan: AttrPlan, default_event: bool) -> Self {
        Self {
            plan,
            default_event,
            settled: false,
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
            let attr = if samples { self.plan.sampling() } else { self.plan.sideband() };
            event::open(&attr, whom, cpu)?
        };
        event::set_output(opened.as_fd(), ring.anchor())?;
        if samples { &mut self.samplers } else { &mut self.followers }.push(opened);
        Ok(())
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
            let error = match attempt(&self.plan.sampling()) {
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
