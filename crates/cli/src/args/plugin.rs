//! `skep conformance-plugin`.

use clap::Args;

const EXAMPLE: &str = "\
Example:
  echo 'b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00' | skep conformance-plugin
";

/// Run one program for the `bpf_conformance` test suite
///
/// Reads the program's bytes in hex from standard input until its end, runs it with R1 and R2 as the address and
/// length of the memory, and prints R0 in hex.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct PluginArgs {
    /// The memory that the program gets, in hex; none when absent
    #[arg(value_name = "MEMORY")]
    pub(crate) memory: Option<String>,

    /// The program's bytes in hex, instead of standard input
    #[arg(long, value_name = "HEX")]
    pub(crate) program: Option<String>,

    /// Part of the protocol; changes nothing
    #[arg(long)]
    pub(crate) debug: bool,

    /// Part of the protocol; not supported
    #[arg(long)]
    pub(crate) elf: bool,
}
