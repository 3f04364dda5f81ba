//! Executable mappings of a sampled process.

use std::path::PathBuf;

/// One executable mapping of a process, as `PERF_RECORD_MMAP2` or `/proc/PID/maps` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// First address after it.
    pub end: u64,
    /// Offset in the file of the first byte.
    pub file_offset: u64,
    /// What is mapped: a path as the process sees it, `[vdso]`, `//anon`, …
    pub path: PathBuf,
    /// Build id, when the record carried it; else empty.
    pub build_id: Vec<u8>,
}

impl Mapping {
    /// The offset in the mapped file of an address, or `None` outside.
    #[must_use]
    pub fn file_offset_of(&self, addr: u64) -> Option<u64> {
        (self.start..self.end)
            .contains(&addr)
            .then(|| (addr - self.start).wrapping_add(self.file_offset))
    }
}
