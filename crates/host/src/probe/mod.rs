//! What the running kernel can do, found by trying it: as `libbpf_probe_*` and `bpftool feature probe` find it.
//!
//! Nothing is attached and nothing stays. Each answer says how it was found, so that a surprising one can be checked.

mod btf;
mod call;
mod map_type;
mod program_type;
mod system;

use std::fmt;

pub(crate) use btf::Features as BtfFeatures;
#[cfg(test)]
pub(crate) use btf::blob as btf_blob;
pub use call::{helper, kfunc, kfuncs_trust_all_args};
pub use map_type::map_type;
pub use program_type::program_type;
pub use system::{System, links, memory_accounting};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Support {
    /// The kernel can.
    Yes,
    /// The kernel cannot.
    No,
    /// It cannot be told from here.
    Unknown,
}

impl Support {
    /// Yes or no, where it can be told.
    #[must_use]
    pub fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

/// What was found, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What was found.
    pub support: Support,
    /// How: what was tried, and what the kernel said.
    pub how: String,
}

impl Probed {
    fn yes(how: impl Into<String>) -> Self {
        Self { support: Support::Yes, how: how.into() }
    }

    fn no(how: impl Into<String>) -> Self {
        Self { support: Support::No, how: how.into() }
    }

    fn unknown(how: impl Into<String>) -> Self {
        Self { support: Support::Unknown, how: how.into() }
    }

    /// Whether the kernel can.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        self.support == Support::Yes
    }
}

impl fmt::Display for Probed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.support {
            Support::Yes => "yes",
            Support::No => "no",
            Support::Unknown => "unknown",
        };
        write!(f, "{word} ({})", self.how)
    }
}
