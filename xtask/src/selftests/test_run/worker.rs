//! A child process that runs programs, so that one which takes its runner down costs a row and no more.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{env, io};

use skep_object::KernelProfile;

use super::super::object::{read, unresolved};
use super::super::worker::profile;
use super::input::{self, Input};
use super::{Object, Outcome, Row, Side, compare, kernel, machine};

/// The child's side: paths and numbers of programs to skip from standard input, rows to standard output.
///
/// # Errors
/// When the pipes break.
pub(crate) fn serve() -> Result<(), String> {
    std::panic::set_hook(Box::new(|_| {}));
    let profile = profile(None)?;
    let mut out = io::stdout().lock();
    for line in io::stdin().lines() {
        let line = line.map_err(|e| e.to_string())?;
        let Some((skip, path)) = line.split_once(' ') else { continue };
        let skip: usize = skip.parse().unwrap_or(0);
        let mut say = |text: String| {
            writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|e| e.to_string())
        };
        for row in rows(&profile, Path::new(path), skip) {
            say(serde_json::to_string(&row).map_err(|e| e.to_string())?)?;
        }
        say(String::new())?;
    }
    Ok(())
}

fn rows(profile: &KernelProfile, path: &Path, skip: usize) -> impl Iterator<Item = Row> {
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

fn start() -> Result<(Child, BufReader<std::process::ChildStdout>), String> {
    let program = env::current_exe().map_err(|e| e.to_string())?;
    let mut child = Command::new(program)
        .args(["selftests", "--run-worker"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start a worker: {e}"))?;
    let stdout = child.stdout.take().ok_or("a worker has no pipes")?;
    Ok((child, BufReader::new(stdout)))
}

/// Has all objects run, one after the other: programs change the state of the kernel that others look at.
pub(crate) fn run_all(objects: &[Object]) -> Result<Vec<Row>, String> {
    let (mut child, mut replies) = start()?;
    let mut rows: Vec<Row> = Vec::new();
    for object in objects {
        let mut done = 0;
        // A child that dies takes one program with it.
        'object: loop {
            if let Some(stdin) = child.stdin.as_mut() {
                let line = format!("{done} {}\n", object.path.display());
                let _ = stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush());
            }
            loop {
                let mut line = String::new();
                match replies.read_line(&mut line) {
                    Ok(0) | Err(_) => break,
                    Ok(_) if line.trim().is_empty() => break 'object,
                    Ok(_) => {}
                }
                rows.push(serde_json::from_str(&line).map_err(|e| e.to_string())?);
                done += 1;
            }
            let status = child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
            rows.push(Row {
                object: object.name.clone(),
                program: format!("number {done}"),
                prog_type: "?".to_owned(),
                outcome: Outcome::NotDriven(format!("it ends its runner: {status}")),
                expected: None,
                excluded: String::new(),
            });
            done += 1;
            (child, replies) = start()?;
        }
    }
    drop(child.stdin.take());
    let _ = child.wait();
    Ok(rows)
}
