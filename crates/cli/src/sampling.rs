//! What `profile` and `run` share: the words of the command line as options of a sampling session, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use skep::Error;
use skep::sample::event_name::EventSpec;
use skep::sample::unwind::UnwindMode;
use skep::sample::{ChildStdout, Options, Rate as SampleRate, SourceChoice, Target as Sampled};
use skep::session::{open_recording as recording, refused};

use crate::args::{EventArgs, Rate, Source, SourceArgs, Target, TargetArgs, Unwind};
use crate::output::Output;

/// The options of a session; `unwind` is the command's default way.
///
/// # Errors
/// When nobody is named to sample, or the event is none that perf knows.
pub(crate) fn options(
    command: &str,
    target: &TargetArgs,
    event: &EventArgs,
    source: &SourceArgs,
    unwind: Unwind,
    output: &Output,
) -> Result<Options, Error> {
    let mut options = Options::new(match target.target(command)? {
        Target::Command(words) => Sampled::Command(words),
        Target::Pids(pids) => Sampled::Pids(pids),
        Target::Cgroup(path) => Sampled::Cgroup(path),
        Target::All => Sampled::All,
        Target::Recording(path) => Sampled::Recording(Arc::new(recording(&path)?)),
    });
    options.event = spec(event.event.as_deref(), &options.target)?;
    options.rate = match event.rate() {
        Rate::Frequency(hz) => SampleRate::Frequency(hz),
        Rate::Period(period) => SampleRate::Period(period),
    };
    options.cpus = target.cpus.as_ref().map(|cpus| cpus.as_slice().to_vec());
    options.duration = target.duration;
    options.source = match source.source {
        Source::Auto => SourceChoice::Auto,
        Source::Perf => SourceChoice::Perf,
        Source::Ptrace => SourceChoice::Ptrace,
    };
    options.unwind = match source.unwind.unwrap_or(unwind) {
        Unwind::Fp => UnwindMode::Fp,
        Unwind::Dwarf => UnwindMode::Dwarf,
        Unwind::Auto => UnwindMode::Auto,
    };
    if output.stdout_is_json() {
        options.child_stdout = ChildStdout::ToStderr;
    }
    Ok(options)
}

/// The event by its name: one that the running kernel knows, or one of a recording, whose main event it is without a
/// name.
fn spec(name: Option<&str>, target: &Sampled) -> Result<Option<EventSpec>, Error> {
    match (target, name) {
        (Sampled::Recording(recording), None) => Ok(Some(recording.main_event().spec.clone())),
        (Sampled::Recording(recording), Some(name)) => {
            let event = recording.event_named(name).map_err(|error| refused(&error))?;
            Ok(Some(event.spec.clone()))
        }
        (_, Some(name)) => EventSpec::parse(name).map(Some).map_err(Error::input),
        (_, None) => Ok(None),
    }
}

/// A flag that Ctrl-C and the like set, so that sampling ends with what was gathered.
///
/// A second Ctrl-C ends skep at once, for whoever does not want to wait for names.
///
/// # Errors
/// When the system gives no handler.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::environment(format!("no handler for Ctrl-C: {e}")))?;
    }
    Ok(stop)
}
