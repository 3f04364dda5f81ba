//! `skep diff`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  skep diff profile.bpf.o                   every program of the object, in both
  skep diff *.bpf.o --prog on_sample        the programs of this name
  skep diff profile.bpf.o --json=diff.json  for scripts: status 1 when anything differs
";

/// Hold skep's machine against the running kernel
///
/// Relocates each object once, against the running kernel's types, and loads it in both: verdict, last sentence of the
/// log and number of insns must be equal. A perf_event program that both take then runs in the kernel on samples of a
/// child, whose contexts are recorded before the program sees them, and on the machine on the same contexts: maps,
/// records, printed lines and delivered samples must be equal. A tracepoint program runs so where the child passes the
/// tracepoint that its section names. Programs for packets, raw tracepoints and syscall programs run on made-up input
/// (BPF_PROG_TEST_RUN). What cannot be equal, such as the clock, is listed.
/// Needs root, or CAP_BPF and CAP_PERFMON.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DiffArgs {
    /// Compiled objects
    #[arg(value_name = "OBJ", required = true)]
    pub(crate) objects: Vec<PathBuf>,

    /// Only this program; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) prog: Vec<String>,
}
