//! `skep conformance-plugin`: one program for the `bpf_conformance` test suite.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use skep::{Error, ErrorKind};
use skep_interp::conformance::{PluginError, Request};

use crate::args::PluginArgs;
use crate::output::{Output, View};

/// A program has a million insns at most, and each byte of one takes three characters.
const MAX_TEXT: u64 = 64 << 20;

/// What a program returned.
struct Returned(u64);

/// Reads a program, runs it, and prints R0.
///
/// # Errors
/// When the bytes are no hex or no program, and when the program does what it must not.
pub(crate) fn execute(args: &PluginArgs, output: &Output) -> Result<ExitCode, Error> {
    let mut words: Vec<String> = Vec::new();
    words.extend(args.program.iter().flat_map(|hex| ["--program".to_owned(), hex.clone()]));
    words.extend(args.elf.then(|| "--elf".to_owned()));
    words.extend(args.debug.then(|| "--debug".to_owned()));
    words.extend(args.memory.clone());
    let request = Request::read(&words, &mut io::stdin().take(MAX_TEXT)).map_err(|e| failed(&e))?;
    output.print(&Returned(request.run().map_err(|e| failed(&e))?))?;
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &PluginError) -> Error {
    let kind = match error {
        PluginError::Trap(_) => ErrorKind::Program,
        PluginError::Machine(_) | PluginError::Memory(_) => ErrorKind::Environment,
        PluginError::Elf => ErrorKind::Unsupported,
        _ => ErrorKind::Input,
    };
    Error::new(kind, error)
}

impl View for Returned {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{:x}", self.0)
    }

    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("r0".to_owned(), json!(format!("{:#x}", self.0)))])
    }
}
