//! The command line: one table of commands, parsed into plain values.
//!
//! Nothing here opens a file or knows what a command does with its values.

mod attach;
mod check;
mod completions;
mod cpu_list;
mod diff;
mod dump;
mod duration;
mod engine;
mod event;
mod kernel;
mod list;
mod machine;
mod plugin;
mod profile;
mod run;
mod smt;
mod target;

use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

pub(crate) use self::attach::AttachArgs;
pub(crate) use self::check::{CheckArgs, ExplainArgs, Format};
pub(crate) use self::completions::CompletionsArgs;
pub(crate) use self::cpu_list::CpuList;
pub(crate) use self::diff::DiffArgs;
pub(crate) use self::dump::DumpArgs;
pub(crate) use self::engine::EngineArgs;
pub(crate) use self::event::{EventArgs, Rate, Source, SourceArgs, Unwind};
pub(crate) use self::kernel::{BtfFile, KernelArgs};
pub(crate) use self::list::{ListArgs, Listing};
pub(crate) use self::machine::{MachineArgs, MachineCommand, TopologyArgs};
pub(crate) use self::plugin::PluginArgs;
pub(crate) use self::profile::ProfileArgs;
pub(crate) use self::run::RunArgs;
pub(crate) use self::smt::SmtArgs;
pub(crate) use self::target::{Target, TargetArgs};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_STATUS: &str = "\
Exit status:
  0  fine: the status of a profiled command is only reported
  1  a program was rejected or faulted
  2  wrong usage or unreadable input
  3  the system refused: permissions, a missing kernel feature
  4  something that skep does not support
";

/// The test bench for eBPF: runs unmodified BPF objects in user space, on real samples of real processes.
#[derive(Debug, Parser)]
#[command(name = "skep", version, styles = STYLES, max_term_width = 110)]
#[command(arg_required_else_help = true, after_help = EXIT_STATUS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Write one JSON document, to standard output or to FILE
    ///
    /// On standard output, nothing else goes there: what a profiled command prints goes to standard error.
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

impl Cli {
    /// Where the JSON document goes: `check --format json` is another way to ask for it.
    pub(crate) fn json_to(&self) -> JsonTo {
        match (&self.json, &self.command) {
            (None, Command::Check(args)) if args.format == Format::Json => JsonTo::Stdout,
            (json, _) => JsonTo::from_option(json.as_deref()),
        }
    }
}

/// Every command that skep has.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Profile(ProfileArgs),
    #[command(visible_alias = "replay")]
    Run(RunArgs),
    Check(CheckArgs),
    Diff(DiffArgs),
    Explain(ExplainArgs),
    Dump(DumpArgs),
    List(ListArgs),
    Machine(MachineArgs),
    ConformancePlugin(PluginArgs),
    Completions(CompletionsArgs),
}

impl Command {
    /// The name as the user types it, which is also the `"command"` of JSON documents.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Profile(_) => "profile",
            Self::Run(_) => "run",
            Self::Check(_) => "check",
            Self::Diff(_) => "diff",
            Self::Explain(_) => "explain",
            Self::Dump(_) => "dump",
            Self::List(_) => "list",
            Self::Machine(_) => "machine",
            Self::ConformancePlugin(_) => "conformance-plugin",
            Self::Completions(_) => "completions",
        }
    }
}

/// Where the JSON document goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonTo {
    /// Nowhere: none was asked for.
    Nowhere,
    /// Standard output, which it has for itself.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl JsonTo {
    /// What `--json[=FILE]` asked for.
    pub(crate) fn from_option(json: Option<&Path>) -> Self {
        match json {
            None => Self::Nowhere,
            Some(path) if path == Path::new("-") => Self::Stdout,
            Some(path) => Self::File(path.to_path_buf()),
        }
    }

    /// What a command line that could not be parsed asked for, as far as that can be told.
    pub(crate) fn from_unparsed(args: impl IntoIterator<Item = std::ffi::OsString>) -> Self {
        let mut args = args.into_iter().take_while(|arg| arg != "--");
        args.find_map(|arg| match arg.to_str()? {
            "--json" => Some(Self::Stdout),
            text => {
                text.strip_prefix("--json=").map(|file| Self::from_option(Some(Path::new(file))))
            }
        })
        .unwrap_or(Self::Nowhere)
    }
}

#[cfg(test)]
mod tests;
