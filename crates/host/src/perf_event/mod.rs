//! Perf events: `perf_event_open(2)`, and what can be done with one.

mod count;
mod probe;
mod target;

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

pub use perf_event_open_sys::bindings::perf_event_attr as PerfEventAttr;
use skep_abi::Errno;

use crate::sys::perf::{self, Plain};
use crate::{HostError, LoadedProgram};

pub use count::Count;
pub use probe::{kprobe_pmu, uprobe_pmu};
pub use target::Target;

/// `PERF_IOC_FLAG_GROUP`.
const GROUP: i32 = 1;

/// An event. It counts as long as the last that refers to it: this, a link, a ring, a map.
#[derive(Debug)]
pub struct PerfEvent {
    fd: OwnedFd,
    read_format: u64,
}

impl AsFd for PerfEvent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl PerfEvent {
    /// Opens an event. `attr.size` is filled in; `group` is the leader that it is counted together with.
    ///
    /// # Errors
    /// When the kernel refuses: -ENOENT for what this machine does not count, -EACCES where
    /// `/proc/sys/kernel/perf_event_paranoid` forbids it, -EINVAL for attributes that contradict each other.
    pub fn open(
        attr: &PerfEventAttr,
        target: Target<'_>,
        group: Option<&Self>,
    ) -> Result<Self, HostError> {
        let (pid, cpu, flags) = target.arguments();
        let fd = perf::open(attr, pid, cpu, group.map(AsFd::as_fd), flags);
        let fd = fd.map_err(|error| {
            let what =
                format!("open a perf event (type {}, config {:#x})", attr.type_, attr.config);
            let refusal = HostError::new(what, &error);
            match refusal.errno {
                Errno::ENOENT | Errno::EOPNOTSUPP | Errno::ENODEV => refusal.with_hint(
                    "this machine has no such counter: virtual machines mostly have software events (cpu-clock, task-clock, page-faults) only",
                ),
                Errno::EACCES | Errno::EPERM => refusal.with_hint(paranoid_hint()),
                Errno::EINVAL => refusal.with_hint(
                    "an attribute is unknown to this kernel or contradicts another one",
                ),
                _ => refusal,
            }
        })?;
        Ok(Self { fd, read_format: attr.read_format })
    }

    /// Takes an event that something else opened: by its descriptor, which the kernel judges when it is used.
    #[must_use]
    pub fn of_fd(fd: OwnedFd) -> Self {
        Self { fd, read_format: 0 }
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn enable(&self) -> Result<(), HostError> {
        self.plain(Plain::Enable, 0, "start")
    }

    /// Stops it; a program stays attached.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn disable(&self) -> Result<(), HostError> {
        self.plain(Plain::Disable, 0, "stop")
    }

    /// Starts the whole group of a leader.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn enable_group(&self) -> Result<(), HostError> {
        self.plain(Plain::Enable, GROUP, "start the group of")
    }

    /// Stops the whole group of a leader.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn disable_group(&self) -> Result<(), HostError> {
        self.plain(Plain::Disable, GROUP, "stop the group of")
    }

    /// Starts it for this many samples more.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL for inherited and counting events.
    pub fn refresh(&self, samples: i32) -> Result<(), HostError> {
        self.plain(Plain::Refresh, samples, "refresh")
    }

    /// Sets its count to 0.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn reset(&self) -> Result<(), HostError> {
        self.plain(Plain::Reset, 0, "reset")
    }

    /// Sets its period, or frequency if it was opened with one.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL for 0, for counting events, and for a frequency over the system's limit.
    pub fn set_period(&self, period: u64) -> Result<(), HostError> {
        perf::period(self.as_fd(), period).map_err(|error| refused("set the period of", &error))
    }

    /// Its id, as in records and in [`Count::id`].
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn id(&self) -> Result<u64, HostError> {
        perf::id(self.as_fd()).map_err(|error| refused("tell the id of", &error))
    }

    /// Makes it write into the ring of another event on the same CPU.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL for another CPU or clock.
    pub fn set_output(&self, ring: &Self) -> Result<(), HostError> {
        let fd = std::os::fd::AsRawFd::as_raw_fd(&ring.fd);
        self.plain(Plain::SetOutput, fd, "redirect the output of")
    }

    /// Stops or restarts writing into its ring.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL without a ring.
    pub fn pause_output(&self, pause: bool) -> Result<(), HostError> {
        self.plain(Plain::PauseOutput, pause.into(), "pause the output of")
    }

    /// Sets a filter, such as `prev_pid == 1` on a tracepoint.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn set_filter(&self, filter: &str) -> Result<(), HostError> {
        let text = CString::new(filter)
            .map_err(|_| HostError::missing("set a filter", "a filter has no zero byte"))?;
        perf::set_filter(self.as_fd(), &text).map_err(|error| refused("set a filter on", &error))
    }

    /// Changes what a breakpoint watches.
    ///
    /// # Errors
    /// When the kernel refuses: -EOPNOTSUPP for other events.
    pub fn modify(&self, attr: &PerfEventAttr) -> Result<(), HostError> {
        perf::modify(self.as_fd(), attr).map_err(|error| refused("modify", &error))
    }

    /// Attaches a program until the event goes: `PERF_EVENT_IOC_SET_BPF`. There is no way to detach it before.
    ///
    /// # Errors
    /// When the kernel refuses: -EEXIST where the event has a program, -EINVAL for a program of another type, -EPROTO
    /// for one that walks the stack of an event with `precise_ip` but without its call chain.
    pub fn set_bpf(&self, program: &LoadedProgram) -> Result<(), HostError> {
        self.set_bpf_fd(program.as_fd())
    }

    /// The same with any descriptor, which the kernel judges.
    ///
    /// # Errors
    /// As [`Self::set_bpf`]; -EINVAL for what is no program.
    pub fn set_bpf_fd(&self, program: BorrowedFd<'_>) -> Result<(), HostError> {
        perf::set_bpf(self.as_fd(), program).map_err(|error| refused("attach a program to", &error))
    }

    /// The ids of the programs at its tracepoint, at most `max`, which is at most 64.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL for events that are no tracepoints.
    pub fn query_bpf(&self, max: u32) -> Result<Vec<u32>, HostError> {
        perf::query_bpf(self.as_fd(), max.min(64))
            .map_err(|error| refused("tell the programs of", &error))
    }

    fn plain(&self, request: Plain, argument: i32, what: &str) -> Result<(), HostError> {
        perf::plain(self.as_fd(), request, argument).map_err(|error| refused(what, &error))
    }
}

fn refused(what: &str, error: &std::io::Error) -> HostError {
    HostError::new(format!("{what} a perf event"), error)
}

fn paranoid_hint() -> String {
    let level = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
    let level = level.as_deref().map_or("unknown", str::trim);
    format!(
        "/proc/sys/kernel/perf_event_paranoid is {level}: run as root or with CAP_PERFMON, or lower it (2 for one's own processes without the kernel, 1 with it, -1 for all); containers often forbid the call altogether"
    )
}
