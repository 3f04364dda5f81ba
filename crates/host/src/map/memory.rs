//! The memory of a map whose values are mapped: globals (`BPF_F_MMAPABLE` arrays, 5.5) and arenas (6.9).

use std::os::fd::AsFd;

use skep_abi::MapType;

use super::Map;
use crate::HostError;
use crate::sys::memory::{Access, Mapping, PAGE};

/// `BPF_F_MMAPABLE`.
const MMAPABLE: u32 = 1 << 10;
/// `BPF_F_RDONLY_PROG`, which data sections that are frozen have.
const RDONLY_PROG: u32 = 1 << 7;

/// A map's values as memory: what programs write is there at once. Stays as long as this lives, also without the map.
#[derive(Debug)]
pub struct MapMemory {
    mapping: Mapping,
    len: usize,
}

impl MapMemory {
    pub(super) fn of_arena(mapping: Mapping, len: usize) -> Self {
        Self { mapping, len }
    }

    /// Bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies bytes out; fewer where the memory ends. Words that programs write meanwhile are old or new, never mixed.
    #[must_use]
    pub fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        self.mapping.read(offset, len.min(self.len.saturating_sub(offset)))
    }

    /// Copies bytes in.
    ///
    /// # Errors
    /// -EINVAL when they reach beyond the end, -EACCES when user space may not write.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), HostError> {
        let fits = offset.checked_add(bytes.len()).is_some_and(|end| end <= self.len);
        let answer = if fits {
            self.mapping.write(offset, bytes)
        } else {
            Err(std::io::Error::from_raw_os_error(libc::EINVAL))
        };
        answer.map_err(|error| HostError::new("write a map's memory", &error))
    }
}

impl Map {
    /// The memory of an arena that an object declares; none for other maps. Reading a page that nobody has touched
    /// allocates it.
    #[must_use]
    pub fn arena(&self) -> Option<&MapMemory> {
        self.arena.as_ref()
    }

    /// Maps the values: those of an array in a row, each padded to 8 bytes; or an arena's pages. An arena can be mapped
    /// only once by a process, which loading an object does ([`Self::arena`]).
    ///
    /// # Errors
    /// When the map's values are not mapped, or the kernel refuses.
    pub fn memory(&self) -> Result<MapMemory, HostError> {
        let is_arena = self.kind() == Some(MapType::Arena);
        if self.flags & MMAPABLE == 0 && !is_arena {
            return Err(HostError::unsupported(
                format!("map the values of map {}", self.name),
                "create it with BPF_F_MMAPABLE",
            ));
        }
        let entries = self.max_entries as usize;
        let len = match is_arena {
            true => entries.saturating_mul(PAGE),
            false => self.value_size().next_multiple_of(8).saturating_mul(entries),
        };
        let access = if self.flags & RDONLY_PROG != 0 { Access::Read } else { Access::Write };
        let mapping = Mapping::new(self.as_fd(), len, access, 0, 0)
            .map_err(|error| self.refused("map the values of", &error))?;
        Ok(MapMemory { mapping, len })
    }
}
