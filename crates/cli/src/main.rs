//! The `skep` command: parses the command line, calls the library, prints what it answers.

mod args;
mod output;
mod profile;
mod run;

fn main() {}
