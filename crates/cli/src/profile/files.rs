//! The files that a profile leaves: `flame.svg`, `stacks.folded`, `profile.pb.gz`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use skep::Error;
use skep::profiler::Outcome;
use skep::report::pprof::{Sampling, Unit};
use skep::report::{flame, folded, pprof};

use crate::args::{ProfileArgs, Rate};
use crate::output::by;

/// Makes the folder before anything is sampled, so that no profile is lost for want of it.
///
/// # Errors
/// When it cannot be made.
pub(super) fn prepare(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))
}

/// Writes the files; *Returns* their names for scripts, and paths.
///
/// # Errors
/// When one cannot be written.
pub(super) fn write(
    folder: &Path,
    args: &ProfileArgs,
    outcome: &Outcome,
) -> Result<Vec<(&'static str, PathBuf)>, Error> {
    let profile = &outcome.profile;
    let session = &outcome.watched.session;
    let event = &session.event().name;
    let subtitle =
        format!("{} samples of {event} {}", profile.weight(), by(session.source().name()));
    let sampling = sampling(args, outcome);
    let mut files = Vec::new();
    let mut file = |key, name: &str, write: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let path = folder.join(name);
        let written = File::create(&path).and_then(|file| {
            let mut out = BufWriter::new(file);
            write(&mut out).and_then(|()| out.flush())
        });
        files.push((key, path.clone()));
        written.map_err(|e| unwritable(&path, &e))
    };
    file("flamegraph", "flame.svg", &|out| {
        flame::write(profile, "skep profile", Some(&subtitle), out)
    })?;
    file("folded", "stacks.folded", &|out| folded::write(profile, out))?;
    file("pprof", "profile.pb.gz", &|out| pprof::write(profile, &sampling, out))?;
    Ok(files)
}

fn sampling(args: &ProfileArgs, outcome: &Outcome) -> Sampling {
    let watched = &outcome.watched;
    let event = watched.session.event();
    let (unit, period) = match super::rate(args, &watched.session) {
        Rate::Frequency(hz) => (Unit::Nanoseconds, 1_000_000_000 / hz.max(1)),
        Rate::Period(period) if event.is_clock() => (Unit::Nanoseconds, period),
        Rate::Period(period) => (Unit::Count, period),
    };
    let since_1970 = watched.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    Sampling {
        event: event.name.clone(),
        unit,
        period,
        started: u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX),
        duration: u64::try_from(watched.duration.as_nanos()).unwrap_or(u64::MAX),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let text = error.to_string();
    let reason = text.split(" (os error").next().unwrap_or(&text);
    Error::environment(format!("cannot write {}: {reason}", path.display()))
        .hint("choose a folder that you may write to with `-o DIR`")
}
