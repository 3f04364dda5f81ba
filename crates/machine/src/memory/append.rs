//! A table that only grows, read without locks: what was pushed stays where it is until the table goes.

use std::sync::OnceLock;

use parking_lot::Mutex;

/// Entries of the first segment; each further one doubles.
const FIRST: usize = 64;
/// Segments: enough for 2^32 entries.
const SEGMENTS: usize = 27;

/// An append-only table.
pub(crate) struct Append<T> {
    segments: [OnceLock<Box<[OnceLock<T>]>>; SEGMENTS],
    len: Mutex<u32>,
}

impl<T: std::fmt::Debug> std::fmt::Debug for Append<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T> Append<T> {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self { segments: [const { OnceLock::new() }; SEGMENTS], len: Mutex::new(0) }
    }

    /// Adds what `make` builds from its index; returns the index.
    pub(crate) fn push_with(&self, make: impl FnOnce(u32) -> T) -> u32 {
        match self.try_push_with(|index| Ok::<T, std::convert::Infallible>(make(index))) {
            Ok(index) => index,
            Err(never) => match never {},
        }
    }

    /// Adds what `make` builds from its index; returns the index.
    ///
    /// # Errors
    /// Whatever `make` fails with; then nothing is added.
    pub(crate) fn try_push_with<E>(
        &self,
        make: impl FnOnce(u32) -> Result<T, E>,
    ) -> Result<u32, E> {
        let mut len = self.len.lock();
        let index = *len;
        let (segment, at) = place(index);
        let size = FIRST << segment;
        let slots =
            self.segments[segment].get_or_init(|| (0..size).map(|_| OnceLock::new()).collect());
        // The lock makes this index ours alone, so the slot is empty.
        let _ = slots[at].set(make(index)?);
        *len = index + 1;
        Ok(index)
    }

    /// The entry with this index.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (segment, at) = place(index);
        self.segments.get(segment)?.get()?.get(at)?.get()
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> u32 {
        *self.len.lock()
    }

    /// All entries, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// Segment of an index, and the place in it.
#[inline]
fn place(index: u32) -> (usize, usize) {
    let shifted = index as usize + FIRST;
    let segment =
        (usize::BITS - 1 - shifted.leading_zeros()) as usize - FIRST.trailing_zeros() as usize;
    (segment, shifted - (FIRST << segment))
}

#[cfg(test)]
mod tests {
    use super::{Append, place};

    #[test]
    fn indices_fill_segment_after_segment() {
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(63), (0, 63));
        assert_eq!(place(64), (1, 0));
        assert_eq!(place(191), (1, 127));
        assert_eq!(place(192), (2, 0));
        assert_eq!(place(u32::MAX).0, super::SEGMENTS - 1);
    }

    #[test]
    fn entries_stay_where_they_are() {
        let table = Append::new();
        let first: *const u32 = table.get(table.push_with(|_| 7_u32)).unwrap();
        for n in 1..1000 {
            assert_eq!(table.push_with(|index| index), n);
        }
        assert_eq!(std::ptr::from_ref(table.get(0).unwrap()), first);
        assert_eq!(table.get(999), Some(&999));
        assert_eq!(table.get(1000), None);
        assert_eq!(table.iter().count(), 1000);
    }
}
