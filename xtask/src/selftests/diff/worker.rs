//! What is done about one program: `skep::diff` alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use skep_object::{KernelProfile, Resolved};

use super::super::object::read;
use super::super::worker::profile;
use super::super::{runner, test_run};
use super::{Object, Outcome, Row};

/// The child's side.
///
/// # Errors
/// When the pipes break.
pub(crate) fn serve() -> Result<(), String> {
    let profile = profile(None)?;
    runner::serve(|path, skip| rows(&profile, path, skip))
}

fn rows<'p>(
    profile: &'p KernelProfile,
    path: &Path,
    skip: usize,
) -> impl Iterator<Item = Row> + use<'p> {
    let object = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let resolved = read(path, profile).ok();
    let count = resolved.as_ref().map_or(0, |resolved| resolved.programs.len());
    (skip..count).filter_map(move |at| Some(row(profile, &object, resolved.as_ref()?, at)))
}

fn row(profile: &KernelProfile, object: &str, resolved: &Resolved, at: usize) -> Row {
    let program = &resolved.programs[at];
    let is_it = |other: &skep_object::ResolvedProgram| std::ptr::eq(other, program);
    let diff = || skep::diff::diff(object, resolved, profile, is_it, |_| ());
    let outcome = match catch_unwind(AssertUnwindSafe(diff)) {
        Ok(Ok(mut diffed)) => match diffed.programs.pop() {
            Some(diffed) => Outcome::of(diffed),
            None => Outcome::NotRun("it was not found".to_owned()),
        },
        Ok(Err(error)) => Outcome::NotRun(error.to_string()),
        Err(_) => Outcome::Different(vec!["skep panicked".to_owned()]),
    };
    Row {
        object: object.to_owned(),
        program: program.name.clone(),
        prog_type: program.prog_type.name().to_owned(),
        outcome,
        has_retval: test_run::has_retval(resolved, program),
    }
}

/// Has all objects compared, one after the other: programs change the state of the kernel that others look at.
pub(crate) fn run_all(objects: &[Object]) -> Result<Vec<Row>, String> {
    runner::run_all("--diff-worker", objects, |object, number, why| Row {
        object: object.name.clone(),
        program: format!("number {number}"),
        prog_type: "?".to_owned(),
        outcome: Outcome::NotRun(why),
        has_retval: false,
    })
}
