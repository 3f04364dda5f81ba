//! Where programs run.

use clap::{Args, ValueEnum};
use skep::Error;

use super::{KernelArgs, Source, SourceArgs, TargetArgs, Unwind};

/// `--engine`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct EngineArgs {
    /// Where the programs run
    #[arg(long, value_enum, default_value_t = Engine::Machine, value_name = "ENGINE")]
    pub(crate) engine: Engine,
}

/// Where programs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// skep's machine, in user space
    Machine,
    /// The running kernel, which wants root or CAP_BPF and CAP_PERFMON
    Host,
}

impl EngineArgs {
    /// Whether the running kernel is meant.
    pub(crate) fn is_host(self) -> bool {
        self.engine == Engine::Host
    }

    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self.engine {
            Engine::Machine => "machine",
            Engine::Host => "host",
        }
    }

    /// Refuses what contradicts the running kernel.
    ///
    /// # Errors
    /// Which option does.
    pub(crate) fn check(
        self,
        target: &TargetArgs,
        source: &SourceArgs,
        kernel: Option<&KernelArgs>,
    ) -> Result<(), Error> {
        if !self.is_host() {
            return Ok(());
        }
        let wrong = |option: &str, why: &str| {
            Err(Error::input(format!("`{option}` does not go with `--engine host`: {why}"))
                .hint("leave one of them out"))
        };
        if target.data.is_some() {
            return wrong("--data", "the kernel runs programs on what happens now");
        }
        match (source.source, source.unwind, kernel) {
            (Source::Ptrace, ..) => {
                wrong("--source ptrace", "the kernel runs programs on perf events")
            }
            (_, Some(Unwind::Dwarf), _) => {
                wrong("--unwind dwarf", "the kernel walks stacks by frame pointers")
            }
            (.., Some(kernel)) if kernel.kernel.is_some() || kernel.btf.is_some() => {
                wrong("--kernel", "programs run in the kernel that runs")
            }
            _ => Ok(()),
        }
    }
}
