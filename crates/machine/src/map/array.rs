//! ARRAY, PERCPU_ARRAY and ARRAY_OF_MAPS: `kernel/bpf/arraymap.c`.

use skep_abi::{Addr, Cpu, Errno, MapId};

use super::update::UpdateFlags;
use super::values::{NewValue, Values};

/// An array of values.
pub(crate) struct Array {
    values: Values,
    len: u32,
}

/// The index that a key is; `None` for a key of the wrong size.
pub(crate) fn index_of(key: &[u8]) -> Option<u32> {
    key.try_into().ok().map(u32::from_le_bytes)
}

/// The index after a key's (`array_map_get_next_key`): the first one after a key that is none.
pub(crate) fn next_index(key: Option<&[u8]>, len: u32) -> Result<u32, Errno> {
    match key.and_then(index_of) {
        Some(index) if index == len - 1 => Err(Errno::ENOENT),
        Some(index) if index < len => Ok(index + 1),
        _ => Ok(0),
    }
}

impl Array {
    pub(crate) fn new(values: Values, len: u32) -> Self {
        Self { values, len }
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Index of an element that exists.
    pub(crate) fn index(&self, key: &[u8]) -> Option<u64> {
        index_of(key).filter(|index| *index < self.len).map(u64::from)
    }

    pub(crate) fn lookup(&self, key: &[u8], cpu: Cpu) -> Option<Addr> {
        self.values.addr(self.index(key)?, cpu)
    }

    /// Writes an element; all exist always.
    pub(crate) fn update(
        &self,
        cpu: Cpu,
        key: &[u8],
        value: NewValue<'_>,
        flags: UpdateFlags,
    ) -> Result<(), Errno> {
        if !self.values.takes(value) || key.len() != 4 {
            return Err(Errno::EINVAL);
        }
        let index = self.index(key).ok_or(Errno::E2BIG)?;
        if flags.contains(UpdateFlags::NOEXIST) {
            return Err(Errno::EEXIST);
        }
        flags.without_lock()?;
        self.values.write(index, cpu, value, false);
        self.values.free_fields(index, Some((cpu, value)));
        Ok(())
    }

    /// The inner map of an index.
    pub(crate) fn inner(&self, key: &[u8]) -> Option<MapId> {
        self.values.inner(self.index(key)?)
    }
}
