//! Failures: a paragraph for people, `{"error":…}` for scripts, and the exit status.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use skep::{Error, ErrorKind};

use super::style::{ERROR, HINT};
use super::{View, document};
use crate::args::JsonTo;

impl View for Error {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{ERROR}error{ERROR:#}: {}", self.message)?;
        match &self.hint {
            Some(hint) => writeln!(out, "{HINT}help{HINT:#}: {hint}"),
            None => Ok(()),
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let error = json!({
            "kind": self.kind.name(),
            "message": self.message,
            "hint": self.hint,
        });
        Map::from_iter([("error".to_owned(), error)])
    }
}

/// Reports why a command failed; returns the exit status that goes with it.
pub(crate) fn report(command: Option<&str>, json: &JsonTo, error: &Error) -> ExitCode {
    // Nothing more can be done about a failure that cannot be written.
    let _ = error.text(&mut anstream::stderr());
    let document = document(command, error.fields());
    let _ = match json {
        JsonTo::Nowhere => Ok(()),
        JsonTo::Stdout => writeln!(io::stdout(), "{document:#}"),
        JsonTo::File(path) => std::fs::write(path, format!("{document:#}\n")),
    };
    ExitCode::from(error.kind.exit_status())
}

/// Prints what clap has to say about a command line: help and version, or what is wrong with it.
pub(crate) fn usage(said: &clap::Error, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let _ = said.print();
    if !said.use_stderr() {
        return ExitCode::SUCCESS;
    }
    if let json @ (JsonTo::Stdout | JsonTo::File(_)) = JsonTo::from_unparsed(args) {
        let text = said.render().to_string();
        let message = text.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let error = Error::input(message).hint("`skep help` shows how each command is used");
        let document = document(None, error.fields());
        let _ = match json {
            JsonTo::File(path) => std::fs::write(path, format!("{document:#}\n")),
            _ => writeln!(io::stdout(), "{document:#}"),
        };
    }
    ExitCode::from(ErrorKind::Input.exit_status())
}
