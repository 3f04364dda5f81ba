//! `skep check` and `skep explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use skep_abi::KernelVersion;

use super::{KernelArgs, TopologyArgs, kernel};

const EXAMPLES: &str = "\
Examples:
  skep check profile.bpf.o                        by the running kernel's rules
  skep check *.bpf.o --kernel 6.1                 will an older kernel take them?
  skep check profile.bpf.o --matrix               every kernel that skep knows
  skep check profile.bpf.o --format kernel        the verifier's log as that kernel writes it
  skep check *.bpf.o --topology \"512 cpus\"        on a machine with 512 possible CPUs
  skep check *.bpf.o --format sarif > check.sarif for code review tools
";

/// Judge programs as the Linux verifier would
///
/// Prints a table of verdicts, then each rejection like a compiler's error: the C line, the kernel's own sentence,
/// what led there, and what to do. Nothing is loaded: no privilege is needed, and the kernel may be another one.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Compiled objects
    #[arg(value_name = "OBJ", required = true)]
    pub(crate) objects: Vec<PathBuf>,

    /// Only this program; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) prog: Vec<String>,

    /// Several kernels side by side: all that skep knows, or those of a list such as 6.1,6.12
    #[arg(long, value_name = "V,…", value_delimiter = ',', num_args = 0..=1, require_equals = true)]
    #[arg(value_parser = kernel::version, conflicts_with_all = ["kernel", "btf", "format"])]
    pub(crate) matrix: Option<Vec<KernelVersion>>,

    /// How rejections are written
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub(crate) format: Format,

    #[command(flatten)]
    pub(crate) kernel: KernelArgs,

    #[command(flatten)]
    pub(crate) machine: TopologyArgs,
}

/// How rejections are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Like a compiler's errors
    Human,
    /// As the kernel's log
    Kernel,
    /// The JSON document, as --json
    Json,
    /// SARIF 2.1.0, for code review tools
    Sarif,
}

/// Explain a kind of rejection
///
/// Prints what the rejection means, the kernel's sentence, a program that meets with it, and what to do; without KIND,
/// lists all kinds.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Example:\n  skep explain register-uninit")]
pub(crate) struct ExplainArgs {
    /// The kind as `skep check` prints it in brackets, or a part of the kernel's sentence
    #[arg(value_name = "KIND")]
    pub(crate) kind: Option<String>,
}
