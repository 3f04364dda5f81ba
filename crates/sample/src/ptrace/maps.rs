//! What a traced process has mapped, read again when a stack leads elsewhere.

use skep_abi::{Mapping, Pid};

use crate::proc::executable_mappings;

/// Generated code lies in mappings that come and go: the file is read at most so often for its sake (ns).
const IMPATIENT: u64 = 100_000_000;
/// A mapping that no stack has led into at its top is found at the latest after this (ns).
const PATIENT: u64 = 1_000_000_000;

/// The executable mappings of one process as of the last look.
#[derive(Debug, Default)]
pub(super) struct MapsWatch {
    known: Vec<Mapping>,
    looked: Option<u64>,
}

impl MapsWatch {
    /// Looks if that is due; *Returns* the mappings that are new.
    pub(super) fn refresh(&mut self, pid: Pid, now: u64, stack: &[u64]) -> Vec<Mapping> {
        let age = self.looked.map_or(u64::MAX, |looked| now.saturating_sub(looked));
        if age < IMPATIENT || (age < PATIENT && stack.iter().all(|address| self.has(*address))) {
            return Vec::new();
        }
        self.looked = Some(now);
        let Ok(mappings) = executable_mappings(pid) else { return Vec::new() };
        let new = mappings.iter().filter(|mapping| !self.known.contains(mapping)).cloned().collect();
        self.known = mappings;
        new
    }

    fn has(&self, address: u64) -> bool {
        let after = self.known.partition_point(|mapping| mapping.end <= address);
        self.known.get(after).is_some_and(|mapping| mapping.start <= address)
    }
}
