//! An event that makes too many samples in one tick is silenced for the rest of it
//! (`__perf_event_account_interrupt`).

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// `MAX_INTERRUPTS`: the event is silent.
const SILENT: u64 = u64::MAX;

/// Samples of one event in the current tick.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// The tick (`interrupts_seq`), + 1; 0 before the first sample.
    tick: AtomicU64,
    interrupts: AtomicU64,
}

/// What the sample is to the event's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// The event is silent: there is no sample.
    Silent,
    /// Below the limit.
    Below,
    /// The first one after a silence.
    Resumed,
    /// It reaches the limit: the last one of this tick.
    Last,
}

impl Throttle {
    /// Accounts a sample of a tick; `max` is the limit, `counts` whether it applies to this sample.
    ///
    /// One CPU accounts at a time, since a task runs on one CPU and CPUs have their own events.
    pub(super) fn account(&self, tick: u64, max: u64, counts: bool) -> Pace {
        let seq = tick.wrapping_add(1);
        let interrupts = self.interrupts.load(Relaxed);
        let is_same = self.tick.load(Relaxed) == seq;
        if is_same && interrupts == SILENT {
            return Pace::Silent;
        }
        let next = if is_same { interrupts + 1 } else { 1 };
        if !is_same {
            self.tick.store(seq, Relaxed);
        }
        if counts && next >= max {
            self.interrupts.store(SILENT, Relaxed);
            return Pace::Last;
        }
        self.interrupts.store(next, Relaxed);
        if !is_same && interrupts == SILENT { Pace::Resumed } else { Pace::Below }
    }

    /// Silences the event until the tick is over, with the rest of its group.
    pub(super) fn silence(&self, tick: u64) {
        self.tick.store(tick.wrapping_add(1), Relaxed);
        self.interrupts.store(SILENT, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, Throttle};

    #[test]
    fn the_sample_that_reaches_the_limit_is_the_last_of_its_tick() {
        let throttle = Throttle::default();
        let paces: Vec<Pace> = (0..5).map(|_| throttle.account(7, 3, true)).collect();
        assert_eq!(paces, [Pace::Below, Pace::Below, Pace::Last, Pace::Silent, Pace::Silent]);
        assert_eq!(throttle.account(8, 3, true), Pace::Resumed);
        assert_eq!(throttle.account(8, 3, true), Pace::Below);
    }

    #[test]
    fn samples_to_which_the_limit_does_not_apply_are_counted_all_the_same() {
        let throttle = Throttle::default();
        assert!((0..10).all(|_| throttle.account(0, 3, false) == Pace::Below));
        assert_eq!(throttle.account(0, 3, true), Pace::Last);
    }
}
