//! `skep diff`: the machine against the running kernel.

mod view;

use std::path::Path;
use std::process::ExitCode;

use skep::diff::{DiffedObject, diff};
use skep::{Error, ErrorKind};
use skep_object::KernelProfile;

use self::view::DiffView;
use crate::args::{DiffArgs, JsonTo};
use crate::object;
use crate::output::{Output, Progress, report};

#[cfg(test)]
mod tests;

/// Compares objects and prints what differs.
///
/// The exit status is 1 when anything differs, 2 when an object could not be read.
///
/// # Errors
/// When no object could be read, or the kernel may not be asked.
pub(crate) fn execute(args: &DiffArgs, output: &Output) -> Result<ExitCode, Error> {
    let kernel = skep::profile::running()?;
    let progress = Progress::start(None);
    let (mut objects, mut faults) = (Vec::new(), Vec::new());
    for path in &args.objects {
        match one(path, args, &kernel, &progress) {
            Ok(object) => objects.push(object),
            // Nothing more can be asked.
            Err(error) if error.kind == ErrorKind::Environment => return Err(error),
            Err(error) => faults.push(error),
        }
    }
    drop(progress);
    for name in &args.prog {
        let has = |object: &DiffedObject| object.programs.iter().any(|prog| prog.name == *name);
        if !objects.is_empty() && !objects.iter().any(has) {
            faults.push(
                Error::input(format!("no object has a program `{name}`"))
                    .hint("`skep dump OBJ` lists the programs of an object"),
            );
        }
    }
    if objects.is_empty() && faults.len() == 1 {
        return Err(faults.remove(0));
    }
    let differs = objects.iter().flat_map(|object| &object.programs).any(|prog| !prog.is_equal());
    output.print(&DiffView { objects, release: kernel.release })?;
    for error in &faults {
        report(Some("diff"), &JsonTo::Nowhere, error);
    }
    let status = match faults.iter().map(|error| error.kind).next() {
        Some(kind) => kind.exit_status(),
        None => u8::from(differs),
    };
    Ok(ExitCode::from(status))
}

fn one(
    path: &Path,
    args: &DiffArgs,
    kernel: &KernelProfile,
    progress: &Progress,
) -> Result<DiffedObject, Error> {
    let spec = object::open(path)?;
    let resolved = object::resolve(path, &spec, kernel)?;
    let shown = path.display().to_string();
    diff(
        &shown,
        &resolved,
        kernel,
        |program| args.prog.is_empty() || args.prog.contains(&program.name),
        |program| progress.checking(&shown, &program.name),
    )
}
