//! How often a program ran, and what became of its samples.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts of one program.
#[derive(Debug, Default)]
pub struct Counters {
    runs: AtomicU64,
    dropped: AtomicU64,
    returned_0: AtomicU64,
    faults: AtomicU64,
}

/// [`Counters`] at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountersNow {
    /// Runs, those that faulted among them.
    pub runs: u64,
    /// Samples dropped because a program ran on the CPU already; the kernel does not count them.
    pub dropped: u64,
    /// Runs that returned 0 as a 32-bit value, which drops the sample's record.
    pub returned_0: u64,
    /// Runs that ended in a fault.
    pub faults: u64,
}

impl Counters {
    /// A run ended with this R0.
    pub fn ran(&self, r0: u64) {
        self.runs.fetch_add(1, Relaxed);
        if r0 as u32 == 0 {
            self.returned_0.fetch_add(1, Relaxed);
        }
    }

    /// A run ended in a fault.
    pub fn faulted(&self) {
        self.runs.fetch_add(1, Relaxed);
        self.faults.fetch_add(1, Relaxed);
    }

    /// A sample was dropped because the CPU was busy.
    pub fn dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    /// The counts.
    #[must_use]
    pub fn now(&self) -> CountersNow {
        CountersNow {
            runs: self.runs.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            returned_0: self.returned_0.load(Relaxed),
            faults: self.faults.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters, CountersNow};

    #[test]
    fn only_the_low_half_of_r0_drops_a_record() {
        let counters = Counters::default();
        for r0 in [0, 1, u64::MAX, 1 << 32] {
            counters.ran(r0);
        }
        counters.faulted();
        counters.dropped();
        assert_eq!(counters.now(), CountersNow { runs: 5, dropped: 1, returned_0: 2, faults: 1 });
    }
}
