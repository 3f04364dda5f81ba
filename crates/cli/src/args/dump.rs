//! `skep dump`.

use std::path::PathBuf;

use clap::Args;

use super::KernelArgs;

const EXAMPLES: &str = "\
Examples:
  skep dump profile.bpf.o                    everything, as the running kernel would get it
  skep dump profile.bpf.o --prog on_sample   one program
  skep dump profile.bpf.o --kernel 6.1       with the offsets of another kernel
";

/// Show what is in a BPF object
///
/// Disassembles the programs with their source lines, after relocation for a kernel; lists maps with the types of
/// keys and values, what the object wants from the kernel, and its types.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DumpArgs {
    /// The compiled object
    #[arg(value_name = "OBJ")]
    pub(crate) object: PathBuf,

    /// Only this program; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) prog: Vec<String>,

    #[command(flatten)]
    pub(crate) kernel: KernelArgs,
}
