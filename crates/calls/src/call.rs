//! One entry of the catalogue: the facts and what runs it.

use skep_abi::{CallSpec, KernelVersion};
use skep_machine::{Kernel, Stop};

/// Runs a call with R1 to R5; returns R0.
pub type RunFn = fn(&mut Kernel<'_, '_>, [u64; 5]) -> Result<u64, Stop>;

/// A helper or kfunc of the simulated kernel.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// What may be asked about it.
    pub spec: CallSpec,
    /// Runs it as the newest release does.
    pub run: RunFn,
    /// Runs it as earlier releases did, oldest first.
    pub older: &'static [Older],
}

/// What ran a call whose prototype has changed since.
#[derive(Clone, Copy, Debug)]
pub struct Older {
    /// First release that no longer ran it so.
    pub until: KernelVersion,
    /// Runs it.
    pub run: RunFn,
}

impl Call {
    /// What runs the call in `version`.
    #[must_use]
    pub fn run_at(&self, version: KernelVersion) -> RunFn {
        self.older.iter().find(|older| version < older.until).map_or(self.run, |older| older.run)
    }
}

/// The calls of one block.
pub(crate) type CallSet = &'static [Call];
