//! What is counted, how often a sample is taken, and where samples and stacks come from.

use clap::{Args, ValueEnum};

/// Samples a second where neither a frequency nor a period is given: not in step with any timer.
const DEFAULT_FREQUENCY: u64 = 99;

/// `-e`, `-F`, `-c`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sampling")]
pub(crate) struct EventArgs {
    /// Event by its perf name: cycles, cpu-clock, page-faults, L1-dcache-load-misses, r01c2, mem:ADDR:w …
    ///
    /// Without it, cycles where the processor counts them, else cpu-clock; of a recording, its first event.
    #[arg(short, long, value_name = "EVENT")]
    pub(crate) event: Option<String>,

    /// Samples a second [default: 99]
    #[arg(short = 'F', long, value_name = "HZ", conflicts_with_all = ["period", "data"])]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) frequency: Option<u64>,

    /// A sample each PERIOD events, instead of a frequency
    #[arg(short = 'c', long, value_name = "PERIOD", conflicts_with = "data")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=i64::MAX.cast_unsigned()))]
    pub(crate) period: Option<u64>,
}

/// How often a sample is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    /// So many a second.
    Frequency(u64),
    /// One each so many events.
    Period(u64),
}

impl EventArgs {
    /// How often a sample is taken.
    pub(crate) fn rate(&self) -> Rate {
        match self.period {
            Some(period) => Rate::Period(period),
            None => Rate::Frequency(self.frequency.unwrap_or(DEFAULT_FREQUENCY)),
        }
    }
}

/// `--source`, `--unwind`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sampling")]
pub(crate) struct SourceArgs {
    /// Where samples come from
    #[arg(long, value_enum, default_value_t = Source::Auto, value_name = "SOURCE")]
    #[arg(conflicts_with = "data")]
    pub(crate) source: Source,

    /// How user stacks are unwound [default: fp for run, auto for profile]
    #[arg(long, value_enum, value_name = "METHOD")]
    pub(crate) unwind: Option<Unwind>,
}

/// Where samples come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    /// perf_event_open(2), or nothing
    Perf,
    /// Stop the command's threads by ptrace(2): slower, needs no permission, own commands only
    Ptrace,
    /// perf where it is permitted; else, for a command, ptrace
    Auto,
}

/// How user stacks are unwound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unwind {
    /// By frame pointers: what the kernel gives to a program
    Fp,
    /// By the unwind tables of the binaries, from copies of the stack
    Dwarf,
    /// dwarf where tables exist, else fp
    Auto,
}
