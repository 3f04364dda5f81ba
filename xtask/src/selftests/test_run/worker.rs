//! What is done about one program: input, both sides, and what came of it.

use std::path::Path;

use skep_object::KernelProfile;

use super::super::object::{read, unresolved};
use super::super::runner;
use super::super::worker::profile;
use super::input::{self, Input};
use super::{Object, Outcome, Row, Side, compare, kernel, machine};

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
    let mut resolved = read(path, profile).ok();
    if let Some(Err(why)) = resolved.as_mut().map(|one| input::set_globals(&object, one)) {
        eprintln!("selftests: {why}");
        resolved = None;
    }
    let count = resolved.as_ref().map_or(0, |resolved| resolved.programs.len());
    let wanted: Vec<usize> = resolved
        .iter()
        .flat_map(|resolved| resolved.programs.iter().enumerate())
        .filter(|(_, program)| input::can_drive(&object, program) && unresolved(program).is_none())
        .map(|(at, _)| at)
        .collect();
    debug_assert!(wanted.len() <= count, "a part of all programs");
    wanted.into_iter().skip(skip).filter_map(move |at| {
        let resolved = resolved.as_ref()?;
        Some(row(profile, &object, resolved, at))
    })
}

fn row(profile: &KernelProfile, object: &str, resolved: &skep_object::Resolved, at: usize) -> Row {
    let program = &resolved.programs[at];
    let expected = input::retval(resolved, program);
    let prepared = machine::prepare(profile, resolved, program, true);
    let ctx = prepared.as_ref().map_or(0, |prepared| prepared.ctx_size(program));
    let input = Input::of(program, expected.is_some(), ctx);
    let kernel = kernel::twice(resolved, program, &input);
    let skep = match prepared {
        Ok(prepared) => machine::run(&prepared, program, &input),
        Err(side) => side,
    };
    let gives = |side: &Side, value| matches!(side, Side::Ran(ran) if ran.retval == value);
    let expected = expected.map(|value| (value, gives(&kernel[0], value), gives(&skep, value)));
    let mut outcome =
        compare::outcome(resolved, &kernel, &skep, input::returns_pointer(resolved, program));
    let mut excluded = String::new();
    if let Outcome::Different(how) = &outcome
        && !matches!(expected, Some((_, true, false)))
    {
        let varying = compare::varying(program);
        let reads_garbage = || {
            let strict = machine::prepare(profile, resolved, program, false);
            let ran = strict.map(|prepared| machine::run(&prepared, program, &input));
            matches!(ran, Ok(Side::Trapped(why)) if why.contains("was never written"))
        };
        if !varying.is_empty() {
            excluded = format!("{how}; {}", varying.join(" "));
        } else if reads_garbage() {
            excluded = format!("{how}; stack that was never written");
        }
        if !excluded.is_empty() {
            outcome = Outcome::Partly;
        }
    }
    Row {
        object: object.to_owned(),
        program: program.name.clone(),
        prog_type: program.prog_type.name().to_owned(),
        outcome,
        expected,
        excluded,
    }
}

/// Has all objects run, one after the other: programs change the state of the kernel that others look at.
pub(crate) fn run_all(objects: &[Object]) -> Result<Vec<Row>, String> {
    runner::run_all("--run-worker", objects, |object, number, why| Row {
        object: object.name.clone(),
        program: format!("number {number}"),
        prog_type: "?".to_owned(),
        outcome: Outcome::NotDriven(why),
        expected: None,
        excluded: String::new(),
    })
}
