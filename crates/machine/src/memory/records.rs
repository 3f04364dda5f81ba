//! Which records of a ring buffer are alive: those between reserve and submit or discard.
//!
//! For each 8 bytes of the ring, half a word holds the end in bytes of the record that covers them; 0
//! where there is none. Records start at multiples of 8 and no two overlap, so bytes belong to one live
//! record exactly where their first and last units say the same end, and that end is not before theirs.
//! The table is machine memory, so that the untouched part of a large ring costs nothing.

use std::sync::atomic::Ordering;

use super::backing::Area;
use super::words::Width;

/// Ends of live records by unit of 8 bytes. Clones share them.
#[derive(Clone)]
pub(crate) struct Records(Area);

impl Records {
    /// Bytes of table for a ring whose records lie in `bytes` bytes.
    pub(crate) const fn table_bytes(bytes: u64) -> u64 {
        bytes.div_ceil(8) * 4
    }

    /// Over a zeroed table of that size.
    pub(crate) fn new(table: Area) -> Self {
        Self(table)
    }

    fn mark(&self, start: u64, len: u64, end: u64) {
        for unit in start / 8..(start + len).div_ceil(8) {
            self.0.store((unit * 4) as usize, Width::W, end, Ordering::Release);
        }
    }

    /// A record of `len` bytes at `start`, a multiple of 8, comes alive.
    pub(crate) fn begin(&self, start: u64, len: u64) {
        self.mark(start, len, start + len);
    }

    /// It is given up.
    pub(crate) fn end(&self, start: u64, len: u64) {
        self.mark(start, len, 0);
    }

    /// Start and end of the live record at an offset.
    pub(crate) fn record_at(&self, offset: u64) -> Option<(u64, u64)> {
        let end = self.end_at(offset);
        if end <= offset {
            return None;
        }
        let before = |start: &u64| start.checked_sub(8).filter(|at| self.end_at(*at) == end);
        std::iter::successors(Some(offset / 8 * 8), before).last().map(|start| (start, end))
    }

    fn end_at(&self, offset: u64) -> u64 {
        self.0.load((offset / 8 * 4) as usize, Width::W, Ordering::Acquire)
    }

    /// Whether `size` bytes at `offset`, which lie in the ring, lie in one live record.
    pub(crate) fn covers(&self, offset: u64, size: u64) -> bool {
        let last = offset + size.max(1) - 1;
        let end = self.end_at(offset);
        end > last && self.end_at(last) == end
    }
}
