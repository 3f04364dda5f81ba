//! Machines by what a user names: a short text, a file, or the host.

mod kernel;
mod recorded;
mod sysfs;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use skep_topology::{Form, Parsed, Problem, Topology, parse};

use crate::Error;
use crate::session::open_recording;

pub use kernel::{Fitted, kernel_for};
pub use recorded::recorded;
pub use sysfs::{host, host_at};

/// Bytes of a file that are read: hwloc's XML of 8,192 CPUs takes about 100 MiB.
const MAX_FILE: u64 = 256 << 20;

/// What a machine was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// sysfs of the host.
    Host,
    /// A text or a file, in this form.
    Text(Form),
    /// A `perf.data`, in which perf has described the machine that it ran on.
    Recording,
}

impl Source {
    /// The word that `--json` uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Text(Form::Text) => "text",
            Self::Text(Form::Toml) => "toml",
            Self::Text(Form::Lscpu) => "lscpu",
            Self::Text(Form::Hwloc) => "hwloc",
            Self::Recording => "recording",
        }
    }
}

/// A machine that a user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The machine.
    pub topology: Topology,
    /// Where it is from.
    pub source: Source,
    /// Sentences for people, without a full stop: what the source does not say, and what was taken instead.
    pub notes: Vec<String>,
}

/// The machine that `spec` names: `host`, else a file of that name, else the short text.
///
/// # Errors
/// [`Error::input`] for what is none of them, with the place where it goes wrong.
pub fn declared(spec: &str) -> Result<Declared, Error> {
    if spec == "host" {
        return host();
    }
    let path = Path::new(spec);
    if path.is_file() && recorded::is_recording(path) {
        return recorded(&open_recording(path)?);
    }
    if path.is_file() {
        let content =
            read(path).map_err(|error| Error::input(format!("{spec} cannot be read: {error}")))?;
        return from_text(&content, Some(spec));
    }
    match spec.trim_start().starts_with(|first: char| first.is_ascii_digit()) {
        true => from_text(spec, None),
        false => Err(Error::input(format!("there is no file `{spec}`")).hint(HINT)),
    }
}

const HINT: &str = "name `host`, a file, or a machine such as \"2 nodes x 16 cores x 2 threads\"";

fn read(path: &Path) -> std::io::Result<String> {
    let mut content = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut content)?;
    match content.len() as u64 > MAX_FILE {
        true => Err(std::io::Error::other("it is over 256 MiB")),
        false => Ok(content),
    }
}

fn from_text(content: &str, file: Option<&str>) -> Result<Declared, Error> {
    let Parsed { topology, form, notes } = parse(content).map_err(|error| {
        let message = match file {
            Some(file) => Error::input(format!("{file}: {error}")),
            None => Error::input(&error),
        };
        let hint = match (form_hint(error.form), &error.problem) {
            (_, Problem::Topology(_)) => return message,
            (hint, _) => hint,
        };
        message.hint(hint)
    })?;
    Ok(Declared { topology, source: Source::Text(form), notes })
}

const fn form_hint(form: Form) -> &'static str {
    match form {
        Form::Text => "write a machine such as \"2 nodes x 16 cores x 2 threads, offline 3,7-9\"",
        Form::Toml => "`skep machine show --help` has an example of a file",
        Form::Lscpu => {
            "`lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` writes what is needed"
        }
        Form::Hwloc => "`lstopo --of xml` of hwloc 2 writes what is needed",
    }
}
