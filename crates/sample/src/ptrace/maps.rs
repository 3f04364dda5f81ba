//! What a traced process has mapped, read again when a stack leads elsewhere.

use skep_abi::{Mapping, Pid};

use crate::proc::executable_mappings;

/// The longest time (ns) without a look while stacks lead to unknown places: generated code comes and goes.
const IMPATIENT: u64 = 100_000_000;
/// The longest time without a look: a mapping that no stack has led into at its top is found at the latest after it.
const PATIENT: u64 = 1_000_000_000;
/// Both begin with this, since most is mapped just after an exec, and double with each look that finds nothing new.
const SOON: u64 = 1_000_000;

/// The executable mappings of one process as of the last look.
#[derive(Debug)]
pub(super) struct MapsWatch {
    known: Vec<Mapping>,
    looked: Option<u64>,
    patience: u64,
}

impl Default for MapsWatch {
    fn default() -> Self {
        Self { known: Vec::new(), looked: None, patience: SOON }
    }
}

impl MapsWatch {
    /// Looks if that is due; *Returns* the mappings that are new.
    pub(super) fn refresh(&mut self, pid: Pid, now: u64, stack: &[u64]) -> Vec<Mapping> {
        let age = self.looked.map_or(u64::MAX, |looked| now.saturating_sub(looked));
        let is_known = stack.iter().all(|address| self.has(*address));
        if age < if is_known { self.patience } else { self.patience.min(IMPATIENT) } {
            return Vec::new();
        }
        self.looked = Some(now);
        let Ok(mappings) = executable_mappings(pid) else { return Vec::new() };
        let new: Vec<_> =
            mappings.iter().filter(|mapping| !self.known.contains(mapping)).cloned().collect();
        self.patience = if new.is_empty() { (self.patience * 2).min(PATIENT) } else { SOON };
        self.known = mappings;
        new
    }

    fn has(&self, address: u64) -> bool {
        let after = self.known.partition_point(|mapping| mapping.end <= address);
        self.known.get(after).is_some_and(|mapping| mapping.start <= address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rarer_while_nothing_changes_but_not_for_unknown_places() {
        let us = Pid(std::process::id());
        let mut watch = MapsWatch::default();
        assert!(!watch.refresh(us, 0, &[]).is_empty());
        let code = MapsWatch::refresh as fn(&mut _, _, _, &_) -> _ as usize as u64;
        let looks = |watch: &mut MapsWatch, stack: &[u64]| {
            let mut looks = 0;
            for now in (0..10_000_000_000u64).step_by(1_000_000) {
                watch.refresh(us, now, stack);
                looks += u32::from(watch.looked == Some(now));
            }
            looks
        };
        assert!((10..=25).contains(&looks(&mut watch, &[code])));
        let mut watch = MapsWatch::default();
        assert!((90..=130).contains(&looks(&mut watch, &[1])));
    }
}
