//! `skep list`.

use clap::{Args, ValueEnum};
use skep_abi::{KernelVersion, ProgType};

use super::kernel;

const EXAMPLES: &str = "\
Examples:
  skep list helpers --prog-type perf_event    what a perf_event program may call
  skep list kfuncs --kernel 6.12              what Linux 6.12 offers
  skep list maps --json                       for scripts
";

/// List helpers, kfuncs, map types or program types, and what skep implements of them
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ListArgs {
    /// What to list
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: Listing,

    /// Only what this release has, such as 6.12
    #[arg(long, value_name = "V", value_parser = kernel::version)]
    pub(crate) kernel: Option<KernelVersion>,

    /// Only what programs of this type may call
    #[arg(long, value_name = "T", value_parser = prog_type)]
    pub(crate) prog_type: Option<ProgType>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// Helpers, which the uapi numbers
    Helpers,
    /// Kernel functions, which BTF names
    Kfuncs,
    /// Map types
    Maps,
    /// Program types
    ProgTypes,
}

impl Listing {
    /// The word as the user types it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Helpers => "helpers",
            Self::Kfuncs => "kfuncs",
            Self::Maps => "maps",
            Self::ProgTypes => "prog-types",
        }
    }
}

/// Accepts the kernel's name in either case, with or without its prefix.
fn prog_type(text: &str) -> Result<ProgType, String> {
    let lower = text.to_ascii_lowercase();
    let name = lower.strip_prefix("bpf_prog_type_").unwrap_or(&lower);
    ProgType::ALL.iter().copied().find(|kind| kind.name() == name).ok_or_else(|| {
        format!("`{text}` is no program type; `skep list prog-types` names them all")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_type_is_found_by_each_of_its_names() {
        for kind in ProgType::ALL {
            let name = kind.name();
            let long = format!("BPF_PROG_TYPE_{}", name.to_ascii_uppercase());
            assert_eq!(prog_type(name), Ok(*kind));
            assert_eq!(prog_type(&long), Ok(*kind));
        }
        assert!(prog_type("perf").unwrap_err().contains("skep list prog-types"));
    }
}
