//! A session: one target, one event, one stream of records, from whichever source works.

use std::time::{Duration, Instant};

use skep_abi::{Cpu, Pid, Sample};

use crate::error::{OpenError, SampleError};
use crate::event_name::EventSpec;
use crate::live::PerfSource;
use crate::notice::Notice;
use crate::options::{Options, Rate, SourceChoice, Target};
use crate::proc::executable_mappings;
use crate::ptrace::PtraceSource;
use crate::recording::{Recording, RecordingSource};
use crate::space::Spaces;
use crate::stream::{End, Record, RecordKind, TargetStatus};
use crate::tasks::Tasks;
use crate::unwind::{UnwindMode, Unwinder};

/// The means by which a session samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// `perf_event_open`.
    Perf,
    /// ptrace.
    Ptrace,
    /// A `perf.data`.
    Recording,
}

impl SourceKind {
    /// The word that the command line and `--json` use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Perf => "perf",
            Self::Ptrace => "ptrace",
            Self::Recording => "recording",
        }
    }
}

#[derive(Debug)]
enum Source {
    Perf(Box<PerfSource>),
    Ptrace(PtraceSource),
    Recording(Box<RecordingSource>),
}

/// What one call of [`Session::poll`] found.
#[derive(Debug, Default)]
pub struct Batch {
    /// Records of all CPUs in order of time.
    ///
    /// Later batches hold no older ones, but for records that a CPU took longer to write than two polls are apart.
    pub records: Vec<Record>,
    /// Why the session ended, in its last batch.
    pub end: Option<End>,
}

/// Sums over a session so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Samples handed out.
    pub samples: u64,
    /// Records lost for want of room in a ring.
    pub lost: u64,
    /// How often the kernel silenced the event.
    pub throttled: u64,
}

/// Samples a target.
///
/// [`open`](Self::open) prepares, [`start`](Self::start) lets the target run or the events count, and
/// [`poll`](Self::poll) hands out records until one has an [`end`](Batch::end). Dropping a session at any time ends the
/// command that it started, and leaves processes that it did not start alone.
#[derive(Debug)]
pub struct Session {
    source: Source,
    notices: Vec<Notice>,
    duration: Option<Duration>,
    started: Option<Instant>,
    stopping: bool,
    end: Option<End>,
    target_status: Option<TargetStatus>,
    tasks: Tasks,
    spaces: Spaces,
    unwinder: Option<(UnwindMode, Box<Unwinder>)>,
    /// Whether stack bytes were asked for, rather than only needed to unwind.
    keeps_stack_bytes: bool,
    totals: Totals,
}

impl Session {
    /// Opens the source that the options choose; nothing runs or counts yet.
    ///
    /// # Errors
    /// What is missing or refused, in words for people. With [`SourceChoice::Auto`], refused perf is no error for a
    /// command: it is sampled by ptrace, and a [`Notice`] says so.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let mut notices = Vec::new();
        let source = open_source(options, &mut notices)?;
        let recording = match &source {
            Source::Recording(source) => Some(source.recording()),
            Source::Perf(_) | Source::Ptrace(_) => None,
        };
        let unwinder = match (options.unwind, recording) {
            (UnwindMode::Fp, _) => None,
            (mode, None) => Some((mode, Box::new(Unwinder::new()))),
            (mode, Some(recording)) => {
                Some((mode, Box::new(Unwinder::of_recording(recording.kernel()))))
            }
        };
        let is_past = recording.is_some();
        let mut session = Self {
            source,
            notices,
            // Of a recording, so much is handed out, however long that takes.
            duration: options.duration.filter(|_| !is_past),
            started: None,
            stopping: false,
            end: None,
            target_status: None,
            tasks: if is_past { Tasks::of_recording() } else { Tasks::default() },
            spaces: Spaces::new(options.on_open.is_some()),
            unwinder,
            keeps_stack_bytes: options.fields.user_stack.is_some(),
            totals: Totals::default(),
        };
        if let Some(child) = session.child() {
            session.tasks.adopt(child);
        }
        Ok(session)
    }

    /// Lets the command run, or the events count. The duration begins here.
    ///
    /// # Errors
    /// [`OpenError::Command`] when there is no such command or it cannot be executed.
    pub fn start(&mut self) -> Result<(), OpenError> {
        if self.started.is_none() {
            self.started = Some(Instant::now());
            match &mut self.source {
                Source::Perf(source) => source.start()?,
                Source::Ptrace(source) => source.start()?,
                Source::Recording(_) => {}
            }
        }
        Ok(())
    }

    /// Waits, at most for `timeout`, until much has happened or the session ends; hands out what is known by then.
    ///
    /// Rings hold a second's samples at 999 Hz and much less with stack bytes: 100 ms is a good timeout. A signal that
    /// is handled in this thread ends the wait early. After the end, batches are empty.
    ///
    /// # Errors
    /// Of [`start`](Self::start), when it was not called before; or what the system refused while sampling.
    pub fn poll(&mut self, timeout: Duration) -> Result<Batch, SampleError> {
        if let Some(end) = self.end {
            return Ok(Batch { records: Vec::new(), end: Some(end) });
        }
        self.start()?;
        let (raw, end) = match &self.source {
            Source::Recording(_) => self.take_recorded(),
            Source::Perf(_) | Source::Ptrace(_) => self.take_live(timeout)?,
        };
        let mut records = Vec::with_capacity(raw.len());
        for record in raw {
            self.follow(record, &mut records);
        }
        if end.is_some() {
            self.end = end;
            if let Source::Perf(source) = &self.source {
                // What was lost last is in no record, since none came after it.
                self.totals.lost = self.totals.lost.max(source.lost().unwrap_or(0));
            }
        }
        Ok(Batch { records, end })
    }

    fn take_recorded(&mut self) -> (Vec<Record>, Option<End>) {
        match &mut self.source {
            Source::Recording(source) if !self.stopping => source.take(),
            _ => (Vec::new(), Some(End::Stopped)),
        }
    }

    /// Waits for records of what happens now, and takes those that are in order.
    fn take_live(&mut self, timeout: Duration) -> Result<(Vec<Record>, Option<End>), SampleError> {
        if !self.stopping {
            let wait = self.left().map_or(timeout, |left| left.min(timeout));
            match &mut self.source {
                Source::Perf(source) => source.wait(wait)?,
                Source::Ptrace(source) => source.wait(wait),
                Source::Recording(_) => {}
            }
        }
        let target_ended = match &mut self.source {
            Source::Perf(source) => source.has_ended(),
            Source::Ptrace(source) => source.has_ended(),
            Source::Recording(_) => false,
        };
        let end = if target_ended {
            Some(End::TargetExited)
        } else if self.stopping {
            Some(End::Stopped)
        } else {
            self.left().filter(Duration::is_zero).map(|_| End::Duration)
        };
        let raw = match (&mut self.source, end) {
            (Source::Perf(source), None) => source.take(false)?,
            (Source::Perf(source), Some(_)) => {
                source.stop();
                let raw = source.take(true)?;
                self.target_status = source.finish();
                raw
            }
            (Source::Ptrace(source), None) => source.take(),
            (Source::Ptrace(source), Some(_)) => {
                self.target_status = Some(source.finish());
                source.take()
            }
            (Source::Recording(_), _) => Vec::new(),
        };
        Ok((raw, end))
    }

    /// Asks the session to end: the next [`poll`](Self::poll) returns without waiting, with what is left.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// The means that is used.
    #[must_use]
    pub const fn source(&self) -> SourceKind {
        match self.source {
            Source::Perf(_) => SourceKind::Perf,
            Source::Ptrace(_) => SourceKind::Ptrace,
            Source::Recording(_) => SourceKind::Recording,
        }
    }

    /// Whether the context switches of all CPUs are recorded, as [`Options::cpu_switches`] asks for.
    #[must_use]
    pub fn has_cpu_switches(&self) -> bool {
        match &self.source {
            Source::Perf(source) => source.has_switches(),
            Source::Ptrace(_) => false,
            Source::Recording(source) => !source.recording().told().is_empty(),
        }
    }

    /// What is replayed; `None` for what happens now.
    #[must_use]
    pub fn recording(&self) -> Option<&Recording> {
        match &self.source {
            Source::Recording(source) => Some(source.recording()),
            Source::Perf(_) | Source::Ptrace(_) => None,
        }
    }

    /// How often the event of a recording made a sample, and how long it did; `None` for what happens now.
    #[must_use]
    pub fn recorded(&self) -> Option<(Rate, Duration)> {
        match &self.source {
            Source::Recording(source) => Some((source.event().rate, source.duration())),
            Source::Perf(_) | Source::Ptrace(_) => None,
        }
    }

    /// The event that is used: what was asked for, or what was chosen.
    #[must_use]
    pub fn event(&self) -> &EventSpec {
        match &self.source {
            Source::Perf(source) => source.event(),
            Source::Ptrace(source) => source.event(),
            Source::Recording(source) => &source.event().spec,
        }
    }

    /// What the user should know.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Sums so far; complete after the last batch.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// How the command ended, after the last batch; `None` for other targets.
    #[must_use]
    pub const fn target_status(&self) -> Option<TargetStatus> {
        self.target_status
    }

    /// The process that is or becomes the command; `None` for other targets.
    #[must_use]
    pub fn child(&self) -> Option<Pid> {
        match &self.source {
            Source::Perf(source) => source.child(),
            Source::Ptrace(source) => Some(source.child()),
            Source::Recording(_) => None,
        }
    }

    /// What processes had mapped when, as of the records handed out.
    #[must_use]
    pub const fn spaces(&self) -> &Spaces {
        &self.spaces
    }

    /// Tells who a sampled thread is and what its process has mapped, if no record has yet: a sample that a program of
    /// the kernel dropped is in no record.
    pub fn describe(&mut self, sample: &Sample) -> Vec<Record> {
        let mut records = Vec::new();
        self.introduce(sample, sample.time, sample.cpu, &mut records);
        records
    }

    fn left(&self) -> Option<Duration> {
        let elapsed = self.started.map_or(Duration::ZERO, |started| started.elapsed());
        self.duration.map(|duration| duration.saturating_sub(elapsed))
    }

    /// Completes one record by what is known so far, and puts before it what it needs.
    fn follow(&mut self, mut record: Record, records: &mut Vec<Record>) {
        match &mut record.kind {
            RecordKind::Sample(sample) => {
                self.totals.samples += 1;
                let (time, cpu) = (record.time, record.cpu);
                self.introduce(sample, time, cpu, records);
                self.unwind(sample);
            }
            RecordKind::Lost { records } => self.totals.lost += *records,
            RecordKind::Throttle => self.totals.throttled += 1,
            // It is handed out when a sample needs it.
            RecordKind::Task(task) => {
                self.spaces.begin_unknown(task.pid, record.time);
                self.tasks.enter(task.clone());
                return;
            }
            kind => self.tasks.apply(kind),
        }
        self.spaces.apply(&record);
        records.push(record);
    }

    /// Tells who the sampled thread is and what its process has mapped, if the stream does not know yet.
    fn introduce(&mut self, sample: &Sample, time: u64, cpu: Cpu, records: &mut Vec<Record>) {
        let mut tell = |spaces: &mut Spaces, kind| {
            let record = Record { time, cpu, kind };
            spaces.apply(&record);
            records.push(record);
        };
        for task in self.tasks.introduce(sample.pid, sample.tid, sample.cpu) {
            tell(&mut self.spaces, RecordKind::Task(task));
        }
        if !self.spaces.knows(sample.pid) {
            self.spaces.begin_empty(sample.pid, time);
            let mappings = match &self.source {
                Source::Recording(_) => Vec::new(),
                Source::Perf(_) | Source::Ptrace(_) => {
                    executable_mappings(sample.pid).unwrap_or_default()
                }
            };
            for mapping in mappings {
                tell(&mut self.spaces, RecordKind::Mmap { pid: sample.pid, mapping });
            }
        }
    }

    fn unwind(&mut self, sample: &mut Sample) {
        let Some((mode, unwinder)) = &mut self.unwinder else { return };
        if let Some(space) = self.spaces.current_mut(sample.pid) {
            sample.user_stack = unwinder.user_stack(*mode, space, sample);
        }
        if !self.keeps_stack_bytes {
            sample.user_stack_bytes = None;
        }
    }
}

fn open_source(options: &Options, notices: &mut Vec<Notice>) -> Result<Source, OpenError> {
    if let Target::Recording(recording) = &options.target {
        let source = RecordingSource::open(recording, options, notices)?;
        return Ok(Source::Recording(Box::new(source)));
    }
    if options.source == SourceChoice::Ptrace {
        return PtraceSource::open(options, notices).map(Source::Ptrace);
    }
    match PerfSource::open(options, notices) {
        Ok(source) => Ok(Source::Perf(Box::new(source))),
        Err(error) => {
            let is_command = matches!(options.target, Target::Command(_));
            if options.source != SourceChoice::Auto || !error.is_perf_refused() || !is_command {
                return Err(error);
            }
            match PtraceSource::open(options, notices) {
                Ok(source) => {
                    notices.push(Notice::PtraceInstead { why: Box::new(error) });
                    Ok(Source::Ptrace(source))
                }
                Err(ptrace @ OpenError::PtraceRefused { .. }) => {
                    Err(OpenError::BothRefused { perf: Box::new(error), ptrace: Box::new(ptrace) })
                }
                Err(other) => Err(other),
            }
        }
    }
}
