//! Memory of processes that are gone, as far as files tell: code is what was mapped.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use object::Object;
use object::read::ReadCache;
use skep_abi::{Mapping, Pid};

use crate::mapped_file;
use crate::space::Spaces;
use crate::stream::Record;

/// By path and build id; `None` for files that are gone or other builds.
type Files = HashMap<(PathBuf, Vec<u8>), Option<File>>;

/// Files that are kept open.
const MAX_FILES: usize = 256;

/// Reads the code of processes out of the files that they had mapped. What they wrote into memory is not there.
#[derive(Debug, Default)]
pub struct MappedCode {
    spaces: Spaces,
    files: Mutex<Files>,
}

impl MappedCode {
    /// Follows a record of the session.
    pub fn follow(&mut self, record: &Record) {
        self.spaces.apply(record);
    }

    /// Reads `into.len()` bytes at an address of a process; `None` where they do not lie within one mapping of a file
    /// that is still the one that was mapped.
    #[must_use]
    pub fn read(&self, pid: Pid, addr: u64, into: &mut [u8]) -> Option<()> {
        let mapping = self.spaces.current(pid)?.mapping_at(addr)?;
        let end = addr.checked_add(into.len() as u64)?;
        let offset = mapping.file_offset_of(addr).filter(|_| end <= mapping.end)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= MAX_FILES {
            files.clear();
        }
        let key = (mapping.path.clone(), mapping.build_id.clone());
        let file = files.entry(key).or_insert_with(|| open(mapping)).as_ref()?;
        file.read_exact_at(into, offset).ok()
    }
}

/// Opens a mapped file, if it is the build that was mapped, as far as that was recorded.
fn open(mapping: &Mapping) -> Option<File> {
    let (file, _) = mapped_file::open(mapping.path.is_absolute().then_some(&mapping.path)?)?;
    if !mapping.build_id.is_empty() {
        let cache = ReadCache::new(&file);
        let elf = object::File::parse(&cache).ok()?;
        if elf.build_id().ok()?? != mapping.build_id {
            return None;
        }
    }
    Some(file)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use skep_abi::Cpu;

    use super::*;
    use crate::stream::RecordKind;

    fn mapped(start: u64, len: u64, path: &Path, build_id: &[u8]) -> MappedCode {
        let mapping = Mapping {
            start,
            end: start + len,
            file_offset: 4,
            path: path.into(),
            build_id: build_id.to_vec(),
        };
        let kind = RecordKind::Mmap { pid: Pid(7), mapping };
        let mut memory = MappedCode::default();
        memory.follow(&Record { time: 1, cpu: Cpu(0), kind });
        memory
    }

    fn read<const N: usize>(memory: &MappedCode, pid: u32, addr: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        memory.read(Pid(pid), addr, &mut bytes).map(|()| bytes)
    }

    #[test]
    fn code_is_read_from_its_file_and_nothing_else_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code");
        std::fs::write(&path, b"0123456789abcdef").unwrap();
        let memory = mapped(0x1000, 8, &path, &[]);
        assert_eq!(read(&memory, 7, 0x1000), Some(*b"4567"));
        assert_eq!(read(&memory, 7, 0x1004), Some(*b"89ab"));
        assert_eq!(read::<4>(&memory, 7, 0x1005), None, "beyond the mapping");
        assert_eq!(read::<4>(&memory, 8, 0x1000), None, "another process");
        assert_eq!(read::<4>(&mapped(0x1000, 64, &path, &[]), 7, 0x100e), None, "beyond the file");
        assert_eq!(
            read::<4>(&mapped(0x1000, 8, &path, &[1; 20]), 7, 0x1000),
            None,
            "no such build"
        );
        for odd in ["//anon", "[heap]", "/dev/zero", "/nowhere", "/proc/self/mem", "/proc/kmsg"] {
            assert_eq!(
                read::<4>(&mapped(0x1000, 8, Path::new(odd), &[]), 7, 0x1000),
                None,
                "{odd}"
            );
        }
    }

    #[test]
    fn another_build_in_the_files_place_is_not_read() {
        let exe = std::env::current_exe().unwrap();
        let bytes = std::fs::read(&exe).unwrap();
        let id = object::File::parse(&*bytes).unwrap().build_id().unwrap().unwrap().to_vec();
        let memory = mapped(0x1000, 8, &exe, &id);
        assert_eq!(read::<4>(&memory, 7, 0x1000).as_ref().map(|b| &b[..]), bytes.get(4..8));
        assert_eq!(read::<4>(&mapped(0x1000, 8, &exe, &[7; 20]), 7, 0x1000), None);
    }
}
