//! All elements of a map: in batches where the kernel has them (5.6), else key by key.

use std::collections::HashSet;
use std::io;

use skep_abi::Errno;

use super::Map;
use crate::HostError;
use crate::error::errno;
use crate::sys::map::Cursor;

/// Elements that are asked for at once: at first, and at most.
const FIRST: u32 = 256;
const MOST: u32 = 1 << 20;
/// Bytes that a batch's values may take.
const ROOM: usize = 1 << 24;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

impl Map {
    /// The key after a key, or the first; none at the end. A key that is gone starts again from the first.
    ///
    /// # Errors
    /// When the key's length is not the map's (-EINVAL), or the kernel refuses: some kinds have no order.
    pub fn next_key(&self, key: Option<&[u8]>) -> Result<Option<Vec<u8>>, HostError> {
        self.next(key).map_err(|error| self.refused("list the keys of", &error))
    }

    fn next(&self, key: Option<&[u8]>) -> io::Result<Option<Vec<u8>>> {
        match self.fd.next_key(key) {
            Ok(key) => Ok(Some(key)),
            Err(error) if errno(&error) == Errno::ENOENT => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All keys in the kernel's order. While programs add and remove elements, some of these may be missing; none is
    /// there twice.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn keys(&self) -> Result<Vec<Vec<u8>>, HostError> {
        let mut seen = HashSet::new();
        let mut keys = Vec::new();
        let mut last: Option<Vec<u8>> = None;
        // A removed key makes the walk start again: it ends at last when it has been round a few times.
        let most = (self.max_entries as usize).saturating_mul(4).saturating_add(64);
        for _ in 0..most {
            let Some(key) = self.next_key(last.as_deref())? else { break };
            if seen.insert(key.clone()) {
                keys.push(key.clone());
            }
            last = Some(key);
        }
        Ok(keys)
    }

    /// All keys with their values, as [`Self::lookup`] gives these: in batches where the kernel has them for this
    /// kind, else one by one. While programs add and remove elements, some of these may be missing.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn entries(&self) -> Result<Vec<Entry>, HostError> {
        match self.batches() {
            Ok(entries) => Ok(entries),
            Err(error) if is_no_batch(errno(&error)) => self.entries_one_by_one(),
            Err(error) => Err(self.refused("read", &error)),
        }
    }

    /// All keys with their values, one by one: what [`Self::entries`] does on kernels without batches.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn entries_one_by_one(&self) -> Result<Vec<Entry>, HostError> {
        let mut entries = Vec::new();
        for key in self.keys()? {
            if let Some(value) = self.lookup(&key)? {
                entries.push((key, value));
            }
        }
        Ok(entries)
    }

    fn batches(&self) -> io::Result<Vec<Entry>> {
        let value_len = self.fd.value_len()?;
        let one = value_len.saturating_add(self.key_size()).max(1);
        let room = u32::try_from(ROOM / one).unwrap_or(MOST).max(1);
        let mut count = FIRST.min(self.max_entries.max(1)).min(room);
        let (mut entries, mut cursor) = (Vec::new(), Cursor::default());
        loop {
            let (keys, values, is_last) = match self.fd.lookup_batch(&mut cursor, count) {
                Ok(batch) => batch,
                // A bucket with more elements than were asked for.
                Err(error) if errno(&error) == Errno::ENOSPC && count < MOST => {
                    count *= 2;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_empty = keys.is_empty();
            let keys = keys.chunks_exact(self.key_size().max(1)).map(<[u8]>::to_vec);
            let values = values.chunks_exact(value_len.max(1)).map(<[u8]>::to_vec);
            entries.extend(keys.zip(values));
            if is_last || is_empty {
                return Ok(entries);
            }
        }
    }
}

/// Whether the kernel has no batches, or none for this kind of map.
fn is_no_batch(errno: Errno) -> bool {
    matches!(errno, Errno::ENOTSUPP | Errno::EOPNOTSUPP | Errno::EINVAL | Errno::ENOSPC)
}
