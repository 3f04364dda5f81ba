//! `skep profile`.

use std::path::PathBuf;

use clap::Args;

use super::{AttachArgs, EngineArgs, EventArgs, SmtArgs, SourceArgs, TargetArgs, TopologyArgs};

const EXAMPLES: &str = "\
Examples:
  skep profile -- ./server --port 80           a command, from start to end
  skep profile -F 999 --duration 10s -p 1234   a running process for ten seconds
  skep profile -e page-faults -c 1 -- make     every page fault
  skep profile --engine host -p 1234           the program runs in the kernel: needs root
  skep profile --smt -C 0-7 -p 1234            each stack by whether the sibling thread was busy
  skep profile --data perf.data                what `perf record -g` recorded, here or elsewhere
  skep profile --json=report.json -- ./test    tables for people, and a document for scripts
";

/// Find out where a process spends its time
///
/// Samples the target, runs a built-in eBPF program on each sample in user space, prints the hottest functions and
/// stacks, and writes flame.svg, stacks.folded and profile.pb.gz. Needs no BPF privilege, unless the program shall run
/// in the kernel (`--engine host`).
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) event: EventArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) attach: AttachArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) machine: TopologyArgs,

    #[command(flatten)]
    pub(crate) smt: SmtArgs,

    /// Folder for the files; made when it does not exist
    #[arg(short, long, value_name = "DIR", default_value = "skep-out", help_heading = "Output")]
    pub(crate) output: PathBuf,
}
