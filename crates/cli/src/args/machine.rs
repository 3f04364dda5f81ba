//! `skep machine`, and `--topology` of the commands that run or judge on one.

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  skep machine show                                     this host
  skep machine show --topology \"2 nodes x 16 cores x 2 threads\"
  skep machine show --topology \"1 socket x 4 nodes x 2 llcs x 8 cores, offline 3,7-9, nr_cpus 8192\"
  skep machine show --topology big.toml --json          a file: skep's own, lscpu's JSON or hwloc's XML
  skep machine show --topology perf.data                the one that perf recorded

A machine is so many of one thing in each of another: sockets, nodes and llcs in any order, then cores, then threads
(or `8 cpus`); then options after commas:
  siblings apart|adjacent    first threads of all cores first, as on most x86 (apart), or the threads of a core together
  smt off                    all threads but the first of each core are offline
  offline LIST               CPUs that are present but do not run, such as 3,7-9
  absent LIST                CPUs that are possible but not present
  offline nodes LIST         nodes that are possible but not there, with their CPUs
  node ids LIST              numbers of the nodes with CPUs, such as 0,2
  memory SIZE                of each node with CPUs, such as 64G (16G)
  memory-node N SIZE         one more node, without CPUs
  distance N                 between any two nodes, as in ACPI's SLIT (20)
  capacity N [on LIST]       0 to 1024
  freq FREQUENCY [on LIST]   the highest, such as 3.2GHz
  nr_cpus N                  what the kernel is compiled for (NR_CPUS)

A TOML file says everything:
  shape = \"2 nodes x 4 cores x 2 threads\"
  nr_cpus = 8192
  distances = [[10, 21, 17], [21, 10, 28], [17, 28, 10]]
  [[node]]
  id = 2
  memory = \"512G\"
  [[cpu]]
  ids = \"4-7\"
  capacity = 512         # also node, socket, core, llc, max_khz, present, online

Other machines are exported by `lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` or `lstopo --of xml`.
";

/// Look at machines, this one or those that you do not own
#[derive(Clone, Debug, Args)]
pub(crate) struct MachineArgs {
    #[command(subcommand)]
    pub(crate) command: MachineCommand,
}

/// What to do with a machine.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum MachineCommand {
    Show(ShowArgs),
}

/// Draw a machine: its nodes, caches, cores and CPUs
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// The machine: a text such as "2 nodes x 16 cores x 2 threads", a file, or `host`
    #[arg(long, value_name = "SPEC", default_value = "host")]
    pub(crate) topology: String,
}

/// `--topology`.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Machine")]
pub(crate) struct TopologyArgs {
    /// The machine: a text such as "2 nodes x 16 cores x 2 threads", a file, or `host` [default: the host's CPUs]
    ///
    /// `skep machine show --help` tells how machines are written. CPU n of the host is CPU n of the machine.
    #[arg(long, value_name = "SPEC")]
    pub(crate) topology: Option<String>,
}
