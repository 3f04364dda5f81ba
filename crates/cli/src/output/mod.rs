//! Where results go: tables to standard output, one JSON document on request, notices and errors to standard error.

mod document;
mod failure;
mod progress;
mod style;
mod table;

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::{Map, Value};
use skep::Error;

use crate::args::JsonTo;

#[cfg(test)]
pub(crate) use self::document::assert_schema;
pub(crate) use self::document::document;
pub(crate) use self::failure::{report, usage};
pub(crate) use self::progress::Progress;
pub(crate) use self::style::{CODE, ERROR, HEADING, NOTE};
pub(crate) use self::table::{Table, width};

/// What a command printed and where it may print.
#[derive(Debug)]
pub(crate) struct Output {
    command: &'static str,
    json: JsonTo,
}

impl Output {
    /// The output of a command by its name.
    pub(crate) const fn new(command: &'static str, json: JsonTo) -> Self {
        Self { command, json }
    }

    /// Whether the JSON document has standard output for itself, so that what a profiled command prints has to go
    /// to standard error.
    pub(crate) fn stdout_is_json(&self) -> bool {
        self.json == JsonTo::Stdout
    }

    /// Prints a result: as text unless JSON has standard output, and as a document where one was asked for.
    ///
    /// # Errors
    /// When standard output or the file cannot be written. A reader that went away (`| head`) is no error.
    pub(crate) fn print(&self, result: &impl View) -> Result<(), Error> {
        if self.json != JsonTo::Nowhere {
            self.document(result.fields())?;
        }
        if self.stdout_is_json() {
            return Ok(());
        }
        let mut out = anstream::AutoStream::auto(io::stdout()).lock();
        written(result.text(&mut out).and_then(|()| out.flush()))
    }

    /// Writes the JSON document where it was asked for.
    fn document(&self, fields: Map<String, Value>) -> Result<(), Error> {
        let document = document(Some(self.command), fields);
        match &self.json {
            JsonTo::Nowhere => Ok(()),
            JsonTo::Stdout => {
                let mut out = io::stdout().lock();
                written(writeln!(out, "{document:#}").and_then(|()| out.flush()))
            }
            JsonTo::File(path) => std::fs::write(path, format!("{document:#}\n")).map_err(|e| {
                Error::environment(format!(
                    "cannot write the JSON document to {}: {e}",
                    path.display()
                ))
                .hint("name a file in a folder that exists and that you may write to")
            }),
        }
    }
}

/// What a command found, in the two forms that every command has.
pub(crate) trait View {
    /// Prints it for people. Colours are always sent; the stream drops what its reader does not take.
    ///
    /// # Errors
    /// Those of the stream.
    fn text(&self, out: &mut dyn Write) -> io::Result<()>;

    /// The members of its JSON document after `schema` and `command`.
    fn fields(&self) -> Map<String, Value>;
}

/// How samples were taken, in words.
pub(crate) fn by(source: &str) -> String {
    if source == "recording" { "from a recording".to_owned() } else { format!("by {source}") }
}

/// Where programs ran, in words after the source; nothing for the machine.
pub(crate) fn place(engine: &str) -> &'static str {
    if engine == "host" { " in the running kernel" } else { "" }
}

/// Prints a notice to standard error; whether anybody reads it does not matter.
pub(crate) fn notice(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{NOTE}note{NOTE:#}: {text}");
}

fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::environment(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}
