//! A child process that runs programs, so that one which takes its runner down costs a row and no more.
//!
//! The parent writes a line for an object: the number of programs that are done, and the path. The child answers with a
//! row a line, and with an empty line at the end of the object.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, io};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Object;

/// The child's side; `rows` gives those of an object without the first ones.
///
/// # Errors
/// When the pipes break.
pub(crate) fn serve<R: Serialize, I: Iterator<Item = R>>(
    rows: impl Fn(&Path, usize) -> I,
) -> Result<(), String> {
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = io::stdout().lock();
    for line in io::stdin().lines() {
        let line = line.map_err(|e| e.to_string())?;
        let Some((skip, path)) = line.split_once(' ') else { continue };
        let skip: usize = skip.parse().unwrap_or(0);
        let mut say = |text: String| {
            writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|e| e.to_string())
        };
        for row in rows(Path::new(path), skip) {
            say(serde_json::to_string(&row).map_err(|e| e.to_string())?)?;
        }
        say(String::new())?;
    }
    Ok(())
}

fn start(mode: &str) -> Result<(Child, BufReader<ChildStdout>), String> {
    let program = env::current_exe().map_err(|e| e.to_string())?;
    let mut child = Command::new(program)
        .args(["selftests", mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start a worker: {e}"))?;
    let stdout = child.stdout.take().ok_or("a worker has no pipes")?;
    Ok((child, BufReader::new(stdout)))
}

/// Has a child do all objects, one after the other. `lost` makes the row of a program that ended its runner, of which
/// the number in its object is known, and why.
///
/// # Errors
/// When a child cannot be started or talks nonsense.
pub(crate) fn run_all<R: DeserializeOwned>(
    mode: &str,
    objects: &[Object],
    lost: impl Fn(&Object, usize, String) -> R,
) -> Result<Vec<R>, String> {
    let (mut child, mut replies) = start(mode)?;
    let mut rows: Vec<R> = Vec::new();
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
            rows.push(lost(object, done, format!("it ends its runner: {status}")));
            done += 1;
            (child, replies) = start(mode)?;
        }
    }
    drop(child.stdin.take());
    let _ = child.wait();
    Ok(rows)
}
