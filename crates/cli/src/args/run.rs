//! `skep run`.

use std::path::PathBuf;

use clap::Args;

use super::{AttachArgs, EngineArgs, EventArgs, KernelArgs, SourceArgs, TargetArgs, TopologyArgs};

const EXAMPLES: &str = "\
Examples:
  skep run profile.bpf.o -- ./server              each program of the object, on each sample
  skep run profile.bpf.o --prog on_sample -p 12   one program, on a running process
  skep run ips.bpf.o -F 999 --dump ip_map -- make one map of the object, whole
  skep run ips.bpf.o --engine host -p 12          in the running kernel, instead of user space
  skep run switch.bpf.o -e sched:sched_switch -c 1 -p 12   a tracepoint program, on each switch
  skep replay ips.bpf.o --data perf.data          on the samples of a recording
  skep run ips.bpf.o --topology \"2 nodes x 1 core\" -- make   CPUs 0 and 1 on two NUMA nodes
";

/// Run the programs of a BPF object on the samples of a process or recording
///
/// Loads the object unmodified, runs its perf_event programs in user space on each sample (its tracepoint programs
/// where the event is a tracepoint), and prints the maps through their types and what the programs printed. Programs
/// that watch task_newtask run when the target makes a task.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// The compiled object
    #[arg(value_name = "OBJ")]
    pub(crate) object: PathBuf,

    /// Only this program; may be repeated [default: every program that the event takes]
    #[arg(long, value_name = "NAME")]
    pub(crate) prog: Vec<String>,

    #[command(flatten)]
    pub(crate) attach: AttachArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    /// Print only this map, and all of it; may be repeated
    #[arg(long, value_name = "MAP")]
    pub(crate) dump: Vec<String>,

    #[command(flatten)]
    pub(crate) target: TargetArgs,

    #[command(flatten)]
    pub(crate) event: EventArgs,

    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) kernel: KernelArgs,

    #[command(flatten)]
    pub(crate) machine: TopologyArgs,
}
