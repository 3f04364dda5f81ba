//! `skep completions`: the shell's script, made from the command line itself.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use serde_json::{Map, Value, json};
use skep::Error;

use crate::args::{Cli, CompletionsArgs};
use crate::output::{Output, View};

/// A completion script.
struct Script {
    shell: String,
    text: String,
}

/// Prints the script.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn execute(args: &CompletionsArgs, output: &Output) -> Result<ExitCode, Error> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "skep", &mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    output.print(&Script { shell: args.shell.to_string(), text })?;
    Ok(ExitCode::SUCCESS)
}

impl View for Script {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())
    }

    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("shell".to_owned(), json!(self.shell)),
            ("script".to_owned(), json!(self.text)),
        ])
    }
}
