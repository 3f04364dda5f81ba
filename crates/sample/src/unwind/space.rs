//! The executable mappings of one process, as `PERF_RECORD_MMAP2` and `/proc/PID/maps` tell them.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use skep_abi::{Mapping, Pid};

use super::files::ImageId;

/// The kernel's own limit (`vm.max_map_count`); beyond it, stale anonymous mappings are dropped, since nothing
/// tells when one is unmapped.
const MAX_REGIONS: usize = 65_530;

/// Which file is mapped where in one process.
#[derive(Clone, Debug)]
pub struct AddressSpace {
    pid: Pid,
    regions: Vec<Region>,
}

#[derive(Clone, Debug)]
pub(super) struct Region {
    /// Shared with the parent that it was inherited from.
    pub(super) mapping: Arc<Mapping>,
    pub(super) image: Loaded,
}

/// Whether the file behind a mapping was looked at yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    Unknown,
    Nothing,
    Image(ImageId),
}

impl AddressSpace {
    /// An empty address space.
    #[must_use]
    pub fn new(pid: Pid) -> Self {
        Self { pid, regions: Vec::new() }
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Adds an executable mapping; what it covers of older ones is gone, as with `MAP_FIXED`.
    pub fn map(&mut self, mapping: Mapping) {
        if mapping.start >= mapping.end {
            return;
        }
        let first = self.regions.partition_point(|r| r.mapping.end <= mapping.start);
        let last = self.regions.partition_point(|r| r.mapping.start < mapping.end);
        let mut replaced = Vec::with_capacity(3);
        for region in self.regions.get(first..last.max(first)).unwrap_or_default() {
            let old = &region.mapping;
            if old.start < mapping.start {
                let head = Mapping { end: mapping.start, ..Mapping::clone(old) };
                replaced.push(Region { mapping: head.into(), image: region.image });
            }
            if old.end > mapping.end {
                let file_offset = old.file_offset.wrapping_add(mapping.end - old.start);
                let tail = Mapping { start: mapping.end, file_offset, ..Mapping::clone(old) };
                replaced.push(Region { mapping: tail.into(), image: region.image });
            }
        }
        replaced.push(Region { mapping: mapping.into(), image: Loaded::Unknown });
        replaced.sort_by_key(|region| region.mapping.start);
        self.regions.splice(first..last.max(first), replaced);
        if self.regions.len() > MAX_REGIONS {
            self.regions.retain(|region| is_file(&region.mapping));
        }
    }

    /// Forgets every mapping, as `execve(2)` does.
    pub fn clear(&mut self) {
        self.regions.clear();
    }

    /// The address space of a child that was just forked.
    #[must_use]
    pub fn fork(&self, pid: Pid) -> Self {
        Self { pid, regions: self.regions.clone() }
    }

    /// The mapping that an address lies in.
    #[must_use]
    pub fn mapping_at(&self, address: u64) -> Option<&Mapping> {
        self.find(address).and_then(|at| self.regions.get(at)).map(|region| &*region.mapping)
    }

    /// Every mapping, by address.
    pub fn mappings(&self) -> impl ExactSizeIterator<Item = &Mapping> {
        self.regions.iter().map(|region| &*region.mapping)
    }

    pub(super) fn region_at(&mut self, address: u64) -> Option<&mut Region> {
        self.find(address).and_then(|at| self.regions.get_mut(at))
    }

    fn find(&self, address: u64) -> Option<usize> {
        let at = self.regions.partition_point(|region| region.mapping.end <= address);
        self.regions.get(at).filter(|region| region.mapping.start <= address).map(|_| at)
    }
}

/// Tells whether a mapping is of a file (the vDSO counts as one), not of anonymous memory.
pub(super) fn is_file(mapping: &Mapping) -> bool {
    let path = mapping.path.as_os_str();
    // `//anon` is perf's name for no name.
    (mapping.path.is_absolute() && !path.as_bytes().starts_with(b"//")) || path == super::vdso::PATH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(start: u64, end: u64, path: &str) -> Mapping {
        Mapping { start, end, file_offset: start, path: path.into(), build_id: Vec::new() }
    }

    fn shape(space: &AddressSpace) -> Vec<(u64, u64, u64, &str)> {
        let row = |m: &'_ Mapping| (m.start, m.end, m.file_offset);
        space.mappings().map(|m| (row(m).0, row(m).1, row(m).2, m.path.to_str().unwrap())).collect()
    }

    #[test]
    fn a_new_mapping_cuts_what_it_covers() {
        let mut space = AddressSpace::new(Pid(1));
        space.map(mapping(0x5000, 0x9000, "/b"));
        space.map(mapping(0x1000, 0x4000, "/a"));
        space.map(mapping(0x6000, 0x7000, "/c"));
        assert_eq!(
            shape(&space),
            [
                (0x1000, 0x4000, 0x1000, "/a"),
                (0x5000, 0x6000, 0x5000, "/b"),
                (0x6000, 0x7000, 0x6000, "/c"),
                (0x7000, 0x9000, 0x7000, "/b"),
            ]
        );
        space.map(mapping(0x2000, 0x8000, "/d"));
        assert_eq!(
            shape(&space),
            [
                (0x1000, 0x2000, 0x1000, "/a"),
                (0x2000, 0x8000, 0x2000, "/d"),
                (0x8000, 0x9000, 0x8000, "/b"),
            ]
        );
        assert_eq!(space.mapping_at(0x7fff).map(|m| m.start), Some(0x2000));
        assert_eq!(space.mapping_at(0x9000), None);
        assert_eq!(space.mapping_at(0xfff), None);
    }

    #[test]
    fn empty_and_backward_mappings_are_ignored() {
        let mut space = AddressSpace::new(Pid(1));
        space.map(mapping(0x2000, 0x2000, "/a"));
        space.map(mapping(0x3000, 0x1000, "/a"));
        assert_eq!(space.mappings().len(), 0);
    }

    #[test]
    fn a_child_starts_with_its_parents_mappings() {
        let mut parent = AddressSpace::new(Pid(1));
        parent.map(mapping(0x1000, 0x2000, "/a"));
        let mut child = parent.fork(Pid(2));
        child.clear();
        assert_eq!((parent.mappings().len(), child.mappings().len(), child.pid()), (1, 0, Pid(2)));
    }
}
