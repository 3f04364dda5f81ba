//! `skep conformance-plugin`.

use clap::Args;

/// Run one program for the `bpf_conformance` test suite
///
/// Reads the program's bytes in hex from standard input until its end, runs it with R1 and R2 as the address and
/// length of the memory, and prints R0 in hex.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo 'b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00' | skep conformance-plugin"
)]
pub(crate) struct PluginArgs {
    /// The memory that the program gets, in hex; none when absent
    #[arg(value_name = "MEMORY")]
    pub(crate) memory: Option<String>,
}
