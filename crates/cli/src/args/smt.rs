//! `--smt`: what the other thread of the sampled CPU's core did.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use skep::Error;
use skep::profiler::smt::{Request, why_not_on_host};
use skep::sample::sched::Script;

use super::CpuList;

/// Bytes of a script that are read: a million lines, and some comments.
const MAX_SCRIPT: u64 = 64 << 20;

/// `--smt` and `--idle-script`.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "SMT")]
pub(crate) struct SmtArgs {
    /// Split every stack by whether the other thread of its CPU's core was busy, for each NUMA node
    ///
    /// Records of all context switches tell which CPUs are idle at the instant of a sample: that needs root,
    /// CAP_PERFMON, or kernel.perf_event_paranoid of 0 or less; in a recording, `perf record -a --switch-events` or
    /// `-e sched:sched_switch`. `--cpus` says which CPUs count. On a machine without
    /// SMT there is nothing to split, and the profile says so.
    #[arg(long)]
    pub(crate) smt: bool,

    /// What CPUs do when, instead of context switches
    ///
    /// Lines such as `12.5ms cpu 3,8-9 busy`, in order of time, which counts from the start. What a CPU does is `idle`,
    /// `busy`, `task TID`, `offline` or `online`; CPUs are idle until a line says otherwise. `#` begins a comment.
    #[arg(long, value_name = "FILE", requires = "smt")]
    pub(crate) idle_script: Option<PathBuf>,
}

impl SmtArgs {
    /// What to tell apart; `None` without `--smt`.
    ///
    /// # Errors
    /// When the running kernel is to do it, and when the script cannot be read.
    pub(crate) fn request(
        &self,
        cpus: Option<&CpuList>,
        is_host: bool,
    ) -> Result<Option<Request>, Error> {
        if !self.smt {
            return Ok(None);
        }
        if is_host {
            let why = why_not_on_host();
            return Err(Error::unsupported(format!(
                "`--smt` does not go with `--engine host`: {why}"
            ))
            .hint("leave `--engine host` out: skep's machine has such a scheduler"));
        }
        let script = self.idle_script.as_deref().map(script).transpose()?;
        Ok(Some(Request { cpus: cpus.map(CpuList::mask), script }))
    }
}

fn script(path: &Path) -> Result<Script, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_SCRIPT + 1).read_to_end(&mut bytes));
    read.map_err(|error| Error::input(format!("{} cannot be read: {error}", path.display())))?;
    if bytes.len() as u64 > MAX_SCRIPT {
        return Err(Error::input(format!("{} is over 64 MiB", path.display())));
    }
    Script::parse_bytes(&bytes).map_err(|error| {
        Error::input(format!("{}, {error}", path.display()))
            .hint("`skep profile --help` tells how scripts are written")
    })
}
