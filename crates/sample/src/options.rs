//! What to sample, how often, and what each sample carries.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use skep_abi::{Cpu, Pid};

use crate::event_name::EventSpec;
use crate::recording::Recording;
use crate::sys::spawn::ChildStdout;
use crate::unwind::{STACK_COPY_BYTES, UnwindMode};

/// Everything that a [`Session`](crate::Session) needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The event; without one, cycles where the PMU counts them, else cpu-clock.
    pub event: Option<EventSpec>,
    /// How often.
    pub rate: Rate,
    /// Whom.
    pub target: Target,
    /// On which CPUs; without a choice, on all that are online.
    pub cpus: Option<Vec<Cpu>>,
    /// By which means.
    pub source: SourceChoice,
    /// What samples carry besides the address.
    pub fields: Fields,
    /// How user stacks are found; other than by frame pointers, `fields` is widened by what unwinding needs.
    pub unwind: UnwindMode,
    /// Whether threads and processes that the target makes are sampled too.
    pub inherit: bool,
    /// How long; without a limit, until the target ends or [`stop`](crate::Session::stop) is called.
    pub duration: Option<Duration>,
    /// Where a command's standard output goes.
    pub child_stdout: ChildStdout,
    /// Whether the context switches of all CPUs are recorded, whoever is sampled: for this, the user must be allowed to
    /// watch the whole system. Where refused, a [`Notice`](crate::Notice) says so.
    pub cpu_switches: bool,
    /// What is done to each event that samples as soon as it is open: programs of the kernel are attached.
    pub on_open: Option<Arc<dyn OnOpen>>,
    /// Bytes of each CPU's ring, rounded up to a power of two; 0 chooses by what samples carry.
    pub ring_bytes: usize,
}

impl Options {
    /// Samples a target as `skep profile` does: 99 Hz, callchains, registers, inherited, the source that works.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            event: None,
            rate: Rate::Frequency(99),
            target,
            cpus: None,
            source: SourceChoice::Auto,
            fields: Fields::default(),
            unwind: UnwindMode::Fp,
            inherit: true,
            duration: None,
            child_stdout: ChildStdout::Inherit,
            cpu_switches: false,
            on_open: None,
            ring_bytes: 0,
        }
    }

    /// The fields, with what the way of unwinding needs.
    pub(crate) fn wanted_fields(&self) -> Fields {
        let mut fields = self.fields.clone();
        if self.unwind != UnwindMode::Fp {
            fields.user_regs = true;
            fields.user_stack = Some(fields.user_stack.unwrap_or(0).max(STACK_COPY_BYTES));
        }
        fields
    }
}

/// What is done to events as they are opened, before anything can inherit them.
///
/// Only perf has events. A program may drop the record of a sample, so that a session with this remembers the mappings
/// of all processes, sampled or not.
pub trait OnOpen: fmt::Debug + Send + Sync {
    /// Events that are wanted for each thread and CPU, at least 1: a perf event takes one program. The first writes
    /// records, the others none.
    fn copies(&self) -> usize;

    /// An event is open and does not count yet; `copy` is its number among those of its thread and CPU, 0 for the
    /// first. The descriptor is the session's.
    ///
    /// # Errors
    /// What is wrong; opening then fails.
    fn opened(&self, event: BorrowedFd<'_>, copy: usize) -> io::Result<()>;
}

/// How often an event makes a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// So many samples a second, at least 1; the kernel adapts the period.
    Frequency(u64),
    /// One sample for so many events (nanoseconds for clocks), at least 1.
    Period(u64),
}

/// Who is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A command with its arguments, from its first instruction.
    Command(Vec<OsString>),
    /// Running processes with all their threads.
    Pids(Vec<Pid>),
    /// The members of a cgroup: its directory, or its path below the hierarchy's mount point.
    Cgroup(PathBuf),
    /// Everything.
    All,
    /// Whoever was recorded, as if it happened now. Event, CPUs and duration choose among what was recorded; rate,
    /// source, fields and inheritance are the recording's.
    Recording(Arc<Recording>),
}

/// By which means samples are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceChoice {
    /// By perf; by ptrace where perf is refused and the target is a command.
    #[default]
    Auto,
    /// By `perf_event_open`.
    Perf,
    /// By ptrace.
    Ptrace,
}

/// What a sample carries, besides address, thread, time, CPU and period, which are always there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one bit of perf_event_attr.sample_type")]
pub struct Fields {
    /// Kernel and user stack, walked along frame pointers.
    pub callchain: bool,
    /// The deepest callchain, at most `kernel.perf_event_max_stack`; 0 is that.
    pub max_stack: u16,
    /// Registers at the interrupt.
    pub regs: bool,
    /// Registers of user space.
    pub user_regs: bool,
    /// Bytes of user stack: a multiple of 8 below 65,536.
    pub user_stack: Option<u32>,
    /// Data address.
    pub addr: bool,
    /// Counter value with its times; only where the event is not inherited, as the kernel has it.
    pub value: bool,
    /// Raw data, for tracepoints.
    pub raw: bool,
    /// cgroup id.
    pub cgroup: bool,
    /// Branch stack: `PERF_SAMPLE_BRANCH_*` bits, 0 for none.
    pub branch_stack: u64,
    /// Weight.
    pub weight: bool,
    /// Source of the data.
    pub data_src: bool,
    /// Physical data address, for privileged users.
    pub phys_addr: bool,
    /// Records of context switches.
    pub switches: bool,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            callchain: true,
            max_stack: 0,
            regs: true,
            user_regs: false,
            user_stack: None,
            addr: true,
            value: true,
            raw: false,
            cgroup: false,
            branch_stack: 0,
            weight: false,
            data_src: false,
            phys_addr: false,
            switches: false,
        }
    }
}
