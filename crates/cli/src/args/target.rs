//! TARGET: whom the samples are taken of.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use skep::Error;
use skep_abi::Pid;

use super::{CpuList, duration};

/// `-p`, `--cgroup`, `-a`, `--data`, `-- CMD…`, `-C`, `--duration`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Target (exactly one of the first five)")]
#[group(skip)]
pub(crate) struct TargetArgs {
    /// A command, sampled from its first instruction to its end, with all that it starts
    #[arg(last = true, value_name = "CMD", group = "whom")]
    pub(crate) command: Vec<OsString>,

    /// Running processes, with all their threads
    #[arg(short, long, value_name = "PID", value_delimiter = ',')]
    #[arg(value_parser = pid, group = "whom")]
    pub(crate) pid: Vec<Pid>,

    /// The tasks of a cgroup: a path below /sys/fs/cgroup, or from the root
    #[arg(long, value_name = "PATH", group = "whom")]
    pub(crate) cgroup: Option<PathBuf>,

    /// Everything on this machine
    #[arg(short, long, group = "whom")]
    pub(crate) all: bool,

    /// Whoever was recorded with `perf record`, on this machine or another, as if it happened now
    ///
    /// The recording tells event, rate, stacks, tasks, and the machine; `-e` chooses another of its events. Programs see
    /// what was recorded of each sample; of the memory of its process, the stack bytes in it and code.
    #[arg(long, value_name = "PERF.DATA", group = "whom")]
    pub(crate) data: Option<PathBuf>,

    /// Only on these CPUs, such as 0-3,5
    #[arg(short = 'C', long, value_name = "CPUS")]
    pub(crate) cpus: Option<CpuList>,

    /// Stop after this time: 10s, 500ms, 1.5m [default: at the target's end, or at Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) duration: Option<Duration>,
}

/// Whom the samples are taken of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A command with its arguments; at least one word.
    Command(Vec<OsString>),
    /// Running processes; at least one.
    Pids(Vec<Pid>),
    /// A cgroup.
    Cgroup(PathBuf),
    /// Everything.
    All,
    /// A recording.
    Recording(PathBuf),
}

impl TargetArgs {
    /// Whom the samples are taken of.
    ///
    /// # Errors
    /// When none of the five ways to say it was used; clap refuses more than one.
    pub(crate) fn target(&self, command: &str) -> Result<Target, Error> {
        if !self.command.is_empty() {
            return Ok(Target::Command(self.command.clone()));
        }
        if !self.pid.is_empty() {
            return Ok(Target::Pids(self.pid.clone()));
        }
        if let Some(path) = &self.cgroup {
            return Ok(Target::Cgroup(path.clone()));
        }
        if self.all {
            return Ok(Target::All);
        }
        if let Some(path) = &self.data {
            return Ok(Target::Recording(path.clone()));
        }
        Err(Error::input(format!("`skep {command}` was not told whom to sample")).hint(
            "give a command after `--`, processes with `-p PID`, a cgroup with `--cgroup PATH`, everything with `-a`, \
             or a recording with `--data perf.data`",
        ))
    }
}

fn pid(text: &str) -> Result<Pid, String> {
    // PID_MAX_LIMIT of 64-bit kernels.
    const MAX: u32 = 1 << 22;
    match text.parse() {
        Ok(number @ 1..=MAX) => Ok(Pid(number)),
        _ => Err(format!("`{text}` is no process id: these go from 1 to {MAX}")),
    }
}
