//! Allocations that fail because the user says so: what `CONFIG_FAILSLAB` is to a kernel under test.
//!
//! The machine has memory enough that no small allocation of a program ever fails by itself, so that a program's
//! path for null would never be seen to run.

use parking_lot::Mutex;

/// Which allocations made for programs fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailAlloc {
    /// None.
    #[default]
    Never,
    /// Every one.
    Always,
    /// The n-th alone, counted from 1 from the moment at which this was asked for (`/proc/self/fail-nth`).
    Nth(u64),
    /// Each n-th (`interval`); 0 is none.
    Each(u64),
}

/// Counts the allocations that programs ask for, and makes some of them fail.
#[derive(Debug, Default)]
pub struct Failslab(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    which: FailAlloc,
    asked: u64,
    failed: u64,
}

impl Failslab {
    /// Chooses which allocations fail from now on; counts begin anew.
    pub fn fail(&self, which: FailAlloc) {
        *self.0.lock() = State { which, ..State::default() };
    }

    /// Allocations that were asked for since [`Self::fail`] was called last.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.0.lock().asked
    }

    /// How many of them failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.0.lock().failed
    }

    /// Counts one allocation; `true` when it is to fail (`should_failslab`).
    pub(crate) fn should_fail(&self) -> bool {
        let mut state = self.0.lock();
        state.asked += 1;
        let fails = match state.which {
            FailAlloc::Never => false,
            FailAlloc::Always => true,
            FailAlloc::Nth(n) => state.asked == n,
            FailAlloc::Each(n) => n != 0 && state.asked.is_multiple_of(n),
        };
        state.failed += u64::from(fails);
        fails
    }
}

#[cfg(test)]
mod tests {
    use super::{FailAlloc, Failslab};

    #[test]
    fn exactly_the_chosen_allocations_fail() {
        let failslab = Failslab::default();
        let ten = |which| {
            failslab.fail(which);
            (1..=10).filter(|_| failslab.should_fail()).collect::<Vec<u64>>()
        };
        assert!(ten(FailAlloc::Never).is_empty());
        assert_eq!(ten(FailAlloc::Always).len(), 10);
        assert_eq!(ten(FailAlloc::Nth(3)), [3]);
        assert_eq!(ten(FailAlloc::Each(4)), [4, 8]);
        assert_eq!((failslab.asked(), failslab.failed()), (10, 2));
        assert!(ten(FailAlloc::Each(0)).is_empty());
    }
}
