//! What can be done to events, programs and links, in words that both engines understand.

use skep_abi::Errno;

/// How a program comes to its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A perf_event program by `BPF_LINK_CREATE`.
    Link,
    /// A perf_event program by `PERF_EVENT_IOC_SET_BPF`.
    Ioctl,
    /// A tracepoint program by `PERF_EVENT_IOC_SET_BPF` on an event of the tracepoint PMU.
    Tracepoint,
    /// The same by a link.
    TracepointLink,
}

impl Way {
    pub(crate) const ALL: [Self; 4] =
        [Self::Link, Self::Ioctl, Self::Tracepoint, Self::TracepointLink];

    pub(crate) const fn is_tracepoint(self) -> bool {
        matches!(self, Self::Tracepoint | Self::TracepointLink)
    }

    pub(crate) const fn is_link(self) -> bool {
        matches!(self, Self::Link | Self::TracepointLink)
    }
}

/// What the events of perf_event programs count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Writes to a watched word: as many as the case makes.
    Writes,
    /// Page faults: those that the case makes, and others.
    PageFaults,
    /// Context switches, of which the scheduler adds its own.
    ContextSwitches,
    /// The cpu-clock, once in [`Self::PERIOD`] nanoseconds.
    CpuClock,
}

impl Source {
    pub(crate) const SOFTWARE: [Self; 3] =
        [Self::PageFaults, Self::ContextSwitches, Self::CpuClock];
    /// Nanoseconds of the thread's time between two overflows of the cpu-clock.
    pub(crate) const PERIOD: u64 = 1_000_000;

    /// `type` and `config` of an event.
    pub(crate) const fn event(self) -> (u32, u64) {
        match self {
            Self::Writes => (5, 0),
            Self::PageFaults => (1, 2),
            Self::ContextSwitches => (1, 3),
            Self::CpuClock => (1, 0),
        }
    }

    /// What an event counts from one overflow to the next.
    pub(crate) const fn period(self) -> u64 {
        match self {
            Self::CpuClock => Self::PERIOD,
            _ => 1,
        }
    }
}

/// How an event of this thread is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Open {
    pub(crate) disabled: bool,
    pub(crate) inherit: bool,
    /// Only counts.
    pub(crate) counting: bool,
    pub(crate) precise: bool,
    /// In the group of this event.
    pub(crate) group: Option<usize>,
}

/// Who does what the events count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// This thread.
    Own,
    /// A thread that this one makes now.
    Child,
}

/// A switch of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    Enable,
    Disable,
    EnableGroup,
    DisableGroup,
    Refresh(i32),
    Period(u64),
    Reset,
}

/// Which program.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Program {
    /// What it returns.
    pub(crate) r0: u64,
    /// Whether it is of the other type than the way takes.
    pub(crate) other_type: bool,
    /// Whether it walks the stack.
    pub(crate) walks: bool,
}

/// One engine. Things are numbered in the order in which they were made.
pub(crate) trait World {
    fn open(&mut self, way: Way, how: Open) -> Result<usize, Errno>;
    fn load(&mut self, way: Way, program: Program) -> usize;
    fn link(&mut self, program: usize, event: usize, cookie: u64) -> Result<usize, Errno>;
    /// Names no perf event as target, flags, or another attach type.
    fn bad_link(&mut self, program: usize, event: usize, wrong: Wrong) -> Result<usize, Errno>;
    fn set_bpf(&mut self, program: usize, event: usize) -> Result<(), Errno>;
    fn set_bpf_no_program(&mut self, event: usize) -> Result<(), Errno>;
    fn update(&mut self, link: usize, program: usize) -> Result<(), Errno>;
    fn detach(&mut self, link: usize) -> Result<(), Errno>;
    /// Number of programs, or the errno.
    fn query(&mut self, event: usize, max: u32) -> Result<usize, Errno>;
    fn switch(&mut self, event: usize, switch: Switch) -> Result<(), Errno>;
    fn close_event(&mut self, event: usize);
    fn close_program(&mut self, program: usize);
    fn close_link(&mut self, link: usize);
    /// Whether the program is still loaded.
    fn is_loaded(&mut self, program: usize) -> bool;
    /// So many overflows, or hits of the tracepoint.
    fn hit(&mut self, way: Way, count: u32, who: Who);
    /// Runs of the program and the sum of the cookies that it saw; they start again.
    fn seen(&mut self, program: usize) -> (u64, u64);
    /// What the event has counted.
    fn value(&mut self, event: usize) -> u64;
    /// Samples in its ring, which this empties; the ring is mapped when it is asked for first.
    fn records(&mut self, event: usize) -> usize;
    fn note(&mut self, line: String);
}

/// What a link is asked for wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Flags,
    AttachType,
    /// The target is the program.
    Target,
    /// The program is the event.
    Program,
}
