//! Records in order of time.
//!
//! perf empties the rings of all CPUs in rounds: within one, records are in no order; and none of a round is older than
//! the newest of the round before the last. So what was read two rounds ago can be handed out, sorted.

/// Bytes of records that are held back at most: a file without rounds must not fill memory.
const MAX_HELD: usize = 256 << 20;

/// Holds records until none that is older can come.
#[derive(Debug, Default)]
pub(super) struct Order {
    held: Vec<Held>,
    bytes: usize,
    /// The newest of this round and before, and of the round before.
    newest: u64,
    newest_before: u64,
    /// Numbers records, so that those of one time stay in their order.
    next: u64,
}

/// A record's bytes, its time, and the event that wrote it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) time: u64,
    number: u64,
    pub(super) event: usize,
    pub(super) bytes: Vec<u8>,
}

/// Bytes of memory that a record takes: its own, its place here, and what the allocator adds.
const fn weight(len: usize) -> usize {
    len + size_of::<Held>() + 32
}

impl Order {
    /// Takes a record in; *Returns* whether too many are held.
    pub(super) fn hold(&mut self, time: u64, event: usize, bytes: &[u8]) -> bool {
        self.newest = self.newest.max(time);
        self.bytes += weight(bytes.len());
        self.held.push(Held { time, number: self.next, event, bytes: bytes.to_vec() });
        self.next += 1;
        self.bytes > MAX_HELD
    }

    /// A round ends: hands out what nothing that comes can be older than.
    pub(super) fn end_round(&mut self) -> Vec<Held> {
        let until = std::mem::replace(&mut self.newest_before, self.newest);
        self.hand_out(|held| held.time <= until)
    }

    /// Hands out the older half, though older ones may come.
    pub(super) fn relieve(&mut self) -> Vec<Held> {
        self.held.sort_unstable_by_key(|held| (held.time, held.number));
        let half = self.held.get(self.held.len() / 2).map_or(u64::MAX, |held| held.time);
        self.hand_out(|held| held.time <= half)
    }

    /// Hands out all.
    pub(super) fn end(&mut self) -> Vec<Held> {
        self.hand_out(|_| true)
    }

    fn hand_out(&mut self, is_due: impl Fn(&Held) -> bool) -> Vec<Held> {
        let (mut due, rest): (Vec<Held>, Vec<Held>) =
            std::mem::take(&mut self.held).into_iter().partition(is_due);
        self.held = rest;
        self.bytes = self.held.iter().map(|held| weight(held.bytes.len())).sum();
        due.sort_unstable_by_key(|held| (held.time, held.number));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(held: &[Held]) -> Vec<u64> {
        held.iter().map(|held| held.time).collect()
    }

    #[test]
    fn what_two_rounds_have_passed_is_handed_out_sorted() {
        let mut order = Order::default();
        for time in [0, 5, 3, 9] {
            order.hold(time, 0, b"");
        }
        assert_eq!(times(&order.end_round()), [0], "only what has no time cannot be preceded");
        for time in [8, 12, 10] {
            order.hold(time, 0, b"");
        }
        assert_eq!(times(&order.end_round()), [3, 5, 8, 9]);
        assert_eq!(times(&order.end_round()), [10, 12]);
        assert!(order.end().is_empty());
    }

    #[test]
    fn records_of_one_time_keep_their_order() {
        let mut order = Order::default();
        for event in 0..100 {
            order.hold(7, event, b"x");
        }
        let events: Vec<usize> = order.end().iter().map(|held| held.event).collect();
        assert_eq!(events, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn memory_is_relieved_by_the_older_half() {
        let mut order = Order::default();
        let large = vec![0; 1 << 20];
        let full = (0..1000).find(|time| order.hold(1000 - time, 0, &large)).unwrap();
        assert_eq!(full, 255);
        let older = times(&order.relieve());
        assert_eq!((older.len(), older.first(), older.last()), (129, Some(&745), Some(&873)));
        assert!(!order.hold(1, 0, &large));
    }
}
