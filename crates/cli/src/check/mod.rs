//! `skep check`: what the Linux verifier would say.

mod human;
mod json;
mod marked;
mod matrix;
mod sarif;
mod view;

use std::path::Path;
use std::process::ExitCode;

use skep::check::{CheckedObject, Judged, Options, check_object};
use skep::{Error, ErrorKind};
use skep_object::KernelProfile;

pub(crate) use self::human::reasons;
use self::view::CheckView;
use crate::args::{CheckArgs, Format};
use crate::output::{Output, Progress, report};
use crate::{kernel, object};

/// The kernel's log level that shows the path at fault.
const LOG_PATH: u32 = 1;

/// Judges objects and prints the verdicts.
///
/// The exit status is the gravest: an unreadable object 2, a rejection 1, something that skep cannot tell 4.
///
/// # Errors
/// When no object could be read, or the kernel's types could not.
pub(crate) fn execute(args: CheckArgs, output: &Output) -> Result<ExitCode, Error> {
    if let Some(versions) = &args.matrix {
        return matrix::execute(&args, versions, output);
    }
    let (profile, _) = kernel::profile_on(&args.kernel, &args.machine, None)?;
    let progress = Progress::start(None);
    let (mut objects, mut faults) = (Vec::new(), Vec::new());
    for path in &args.objects {
        match check(path, &args, &profile, &progress) {
            Ok(object) => objects.push(object),
            Err(error) => faults.push(error),
        }
    }
    drop(progress);
    missing_names(&args, &objects, &mut faults);
    let statuses = objects.iter().filter_map(status).chain(faults.iter().map(|error| error.kind));
    let status = gravest(statuses);
    let is_judged = objects.iter().any(|object| !object.programs.is_empty());
    let last = faults.iter().position(|error| Some(error.kind) == status);
    if let (false, Some(last)) = (is_judged, last) {
        // Nothing but what is wrong is told, the gravest last.
        let last = faults.remove(last);
        tell(&faults);
        return Err(last);
    }
    let view = CheckView { objects, faults, release: profile.release, format: args.format };
    output.print(&view)?;
    tell(&view.faults);
    Ok(ExitCode::from(status.map_or(0, ErrorKind::exit_status)))
}

/// Tells of what could not be judged.
fn tell(faults: &[Error]) {
    for error in faults {
        report(Some("check"), &crate::args::JsonTo::Nowhere, error);
    }
}

fn check(
    path: &Path,
    args: &CheckArgs,
    profile: &KernelProfile,
    progress: &Progress,
) -> Result<CheckedObject, Error> {
    let spec = object::open(path)?;
    let resolved = object::resolve(path, &spec, profile)?;
    let shown = path.display().to_string();
    let level = if args.format == Format::Kernel { LOG_PATH } else { 0 };
    Ok(check_object(
        &shown,
        &resolved,
        profile,
        Options { log_level: level },
        |program| args.prog.is_empty() || args.prog.contains(&program.name),
        |program| progress.checking(&shown, &program.name),
    ))
}

/// A program that was asked for by name must be in some object.
fn missing_names(args: &CheckArgs, objects: &[CheckedObject], faults: &mut Vec<Error>) {
    for name in &args.prog {
        let has = |object: &CheckedObject| object.programs.iter().any(|prog| prog.name == *name);
        if !objects.is_empty() && !objects.iter().any(has) {
            faults.push(
                Error::input(format!("no object has a program `{name}`"))
                    .hint("`skep dump OBJ` lists the programs of an object"),
            );
        }
    }
}

/// The gravest of an object's verdicts.
fn status(object: &CheckedObject) -> Option<ErrorKind> {
    gravest(object.programs.iter().filter_map(|program| match program.judged {
        Judged::Accepted => None,
        Judged::Rejected(_) => Some(ErrorKind::Program),
        Judged::Unsupported(_) => Some(ErrorKind::Unsupported),
    }))
}

/// The first of: wrong input, refusal by the environment, rejection, something unsupported.
fn gravest(kinds: impl Iterator<Item = ErrorKind>) -> Option<ErrorKind> {
    kinds.min_by_key(|kind| match kind {
        ErrorKind::Input => 0,
        ErrorKind::Environment => 1,
        ErrorKind::Program => 2,
        ErrorKind::Unsupported => 3,
    })
}
