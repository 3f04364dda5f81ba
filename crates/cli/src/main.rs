//! The `skep` command: parses the command line, calls the library, prints what it answers.

mod args;
mod catalogue;
mod check;
mod completions;
mod diff;
mod dump;
mod explain;
mod kernel;
mod list;
mod machine;
mod object;
mod output;
mod plugin;
mod profile;
mod run;
mod sampling;

use std::process::ExitCode;

use clap::Parser;
use skep::Error;

use crate::args::{Cli, Command};
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => return output::usage(&said, std::env::args_os().skip(1)),
    };
    let json = cli.json_to();
    let name = cli.command.name();
    match execute(cli.command, &Output::new(name, json.clone())) {
        Ok(status) => status,
        Err(error) => output::report(Some(name), &json, &error),
    }
}

/// Runs a command; returns its exit status when it came to an end.
fn execute(command: Command, output: &Output) -> Result<ExitCode, Error> {
    match command {
        Command::Profile(args) => profile::execute(&args, output),
        Command::Run(args) => run::execute(&args, output),
        Command::Check(args) => check::execute(args, output),
        Command::Diff(args) => diff::execute(&args, output),
        Command::Explain(args) => explain::execute(&args, output),
        Command::Dump(args) => dump::execute(&args, output),
        Command::List(args) => list::execute(&args, output),
        Command::Machine(args) => machine::execute(&args, output),
        Command::ConformancePlugin(args) => plugin::execute(&args, output),
        Command::Completions(args) => completions::execute(&args, output),
    }
}
