//! One session from its opening to its end.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use skep_report::Era;
use skep_sample::recording::Recording;
use skep_sample::unwind::UnwindMode;
use skep_sample::{
    Cause, End, Notice, OpenError, Options, Record, SampleError, Session, SourceChoice, Totals,
};

use crate::host::Attachments;
use crate::{Error, ErrorKind};

/// How long one wait for records is: short against a ring's size, long against the work of waking up.
const WAIT: Duration = Duration::from_millis(100);

/// A session that came to its end.
#[derive(Debug)]
pub struct Watched {
    /// The session, which knows source, event, totals, notices and address spaces.
    pub session: Session,
    /// Why it ended.
    pub end: End,
    /// When sampling began; of a recording, when it was made.
    pub started: SystemTime,
    /// How long it took; of a recording, then.
    pub duration: Duration,
}

/// Opens the source that the options choose. Nothing runs or counts yet.
///
/// # Errors
/// What is missing or refused.
pub fn open(options: &Options) -> Result<Session, Error> {
    Session::open(options).map_err(|error| refused(&error))
}

/// Opens a `perf.data`, and looks through it.
///
/// # Errors
/// When it is none that skep reads.
pub fn open_recording(path: &Path) -> Result<Recording, Error> {
    Recording::open(path).map_err(|error| refused(&error))
}

/// Opens the source with programs of the running kernel attached to each of its events.
///
/// The kernel walks stacks by frame pointers, and a record without its call chain lets a program walk without context
/// markers, as the machine's events do.
///
/// # Errors
/// What is missing or refused, for sampling or for attaching.
pub(crate) fn open_with(options: &Options, attachments: &Attachments) -> Result<Session, Error> {
    let mut options = options.clone();
    options.source = SourceChoice::Perf;
    options.unwind = UnwindMode::Fp;
    options.fields.callchain = false;
    options.fields.regs = false;
    options.on_open = Some(attachments.on_open());
    Session::open(&options).map_err(|error| match attachments.refusal() {
        Some(refusal) => Error::from(refusal),
        None => refused(&error),
    })
}

/// Samples until the target ends, its time is over, or `stop` is set; hands each record on, in order of time.
///
/// `progress` is called after each wait.
///
/// # Errors
/// What the system refused. Records that were handed on before stay handed on.
pub fn watch(
    mut session: Session,
    stop: &AtomicBool,
    mut handle: impl FnMut(&Record),
    progress: &mut dyn FnMut(&Totals),
) -> Result<Watched, Error> {
    let started = SystemTime::now();
    let begun = Instant::now();
    session.start().map_err(|error| refused(&error))?;
    let end = loop {
        if stop.load(Ordering::Relaxed) {
            session.stop();
        }
        let batch = session.poll(WAIT).map_err(|error| broken(&error))?;
        batch.records.iter().for_each(&mut handle);
        progress(&session.totals());
        if let Some(end) = batch.end {
            break end;
        }
    };
    let (started, duration) = match (session.recording(), session.recorded()) {
        (Some(recording), Some((_, lasted))) => (recording.started(), lasted),
        _ => (started, begun.elapsed()),
    };
    Ok(Watched { session, end, started, duration })
}

impl Watched {
    /// What the user should know of the source, as sentences without a full stop.
    pub fn notices(&self) -> impl Iterator<Item = String> {
        self.session.notices().iter().map(Notice::to_string)
    }

    /// When the sampled addresses were in use.
    #[must_use]
    pub fn era(&self) -> Era {
        let Some(recording) = self.session.recording() else { return Era::Now };
        Era::Earlier { until: recording.ended(), kernel: recording.kernel() }
    }
}

/// The error of a source that cannot be opened.
#[must_use]
pub fn refused(error: &OpenError) -> Error {
    let kind = match error.cause() {
        Cause::Input => ErrorKind::Input,
        Cause::Environment => ErrorKind::Environment,
        Cause::Unsupported => ErrorKind::Unsupported,
    };
    Error { kind, message: error.to_string(), hint: error.hint() }
}

fn broken(error: &SampleError) -> Error {
    match error {
        SampleError::Open(error) => refused(error),
        other => Error::environment(other),
    }
}
