//! `skep run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{EventArgs, KernelArgs, SourceArgs, TargetArgs};

const EXAMPLES: &str = "\
Examples:
  skep run profile.bpf.o -- ./server              each program of the object, on each sample
  skep run profile.bpf.o --prog on_sample -p 12   one program, on a running process
  skep run ips.bpf.o -F 999 --dump ip_map -- make one map of the object, whole
";

/// Run the programs of a BPF object on the samples of a process
///
/// Loads the object unmodified, runs its perf_event programs in user space on each sample, and prints the maps
/// through their types and what the programs printed.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// The compiled object
    #[arg(value_name = "OBJ")]
    pub(crate) object: PathBuf,

    /// Only this program; may be repeated [default: every perf_event program]
    #[arg(long, value_name = "NAME")]
    pub(crate) prog: Vec<String>,

    /// How programs are attached to the event
    #[arg(long, value_enum, default_value_t = Attach::Link, value_name = "METHOD")]
    pub(crate) attach: Attach,

    /// What bpf_get_attach_cookie() returns; only with --attach link
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = number)]
    pub(crate) cookie: u64,

    /// Where the programs run
    #[arg(long, value_enum, default_value_t = Engine::Machine, value_name = "ENGINE")]
    pub(crate) engine: Engine,

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
}

/// How programs are attached to a perf event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attach {
    /// BPF_LINK_CREATE, which carries a cookie
    Link,
    /// PERF_EVENT_IOC_SET_BPF
    Ioctl,
    /// The way of tracepoints and kprobes before links
    Pmu,
}

/// Where programs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// skep's machine, in user space
    Machine,
    /// The running kernel
    Host,
}

/// Parses a number as C writes it: decimal, or hex after `0x`.
fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16),
        _ => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is no number of 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn cookies_are_decimal_or_hex() {
        assert_eq!(number("7"), Ok(7));
        assert_eq!(number("0xffffffffffffffff"), Ok(u64::MAX));
        for text in ["", "-1", "0x", "0x+1", "1ff"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
