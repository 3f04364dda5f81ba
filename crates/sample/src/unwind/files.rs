//! Mapped files, loaded when a stack first leads through them, and shared by all processes that map them.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use skep_abi::{Mapping, Pid, RecordedKernel};

use super::image::Image;
use super::space::is_file;
use super::vdso;
use crate::mapped_file;

/// Unwind tables kept in memory; the least recently used go first.
const MAX_BYTES: usize = 48 << 20;
/// Files kept, however small.
const MAX_FILES: usize = 1024;

/// What makes a file the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Vdso,
    File { device: u64, inode: u64, size: u64, changed: (i64, i64) },
}

/// A place in the cache; it dangles once the file was evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ImageId {
    index: u32,
    generation: u32,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    used: u64,
    kept: Option<(Identity, Image)>,
}

/// The cache.
#[derive(Debug)]
pub(super) struct Files {
    slots: Vec<Slot>,
    known: HashMap<Identity, u32>,
    bytes: usize,
    clock: u64,
    max_bytes: usize,
    /// Of a recording: what its kernel has to do with the running one. `None`: the processes run.
    past: Option<RecordedKernel>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            known: HashMap::new(),
            bytes: 0,
            clock: 0,
            max_bytes: MAX_BYTES,
            past: None,
        }
    }
}

impl Files {
    /// An empty cache of files that processes of a recording had mapped.
    pub(super) fn of_recording(kernel: RecordedKernel) -> Self {
        Self { past: Some(kernel), ..Self::default() }
    }

    /// The file at a place, unless it was evicted.
    pub(super) fn get(&mut self, id: ImageId) -> Option<&Image> {
        self.clock += 1;
        let slot =
            self.slots.get_mut(id.index as usize).filter(|s| s.generation == id.generation)?;
        slot.used = self.clock;
        slot.kept.as_ref().map(|(_, image)| image)
    }

    /// Loads the file behind a mapping of a process, or finds it loaded already.
    ///
    /// Returns `None` when it is anonymous, gone, another build than was mapped, or no 64-bit ELF file.
    pub(super) fn load(&mut self, pid: Pid, mapping: &Mapping) -> Option<ImageId> {
        if mapping.path == Path::new(vdso::PATH) {
            if self.past == Some(RecordedKernel::Other) {
                return None;
            }
            return self
                .find(Identity::Vdso, mapping)
                .or_else(|| self.keep(Identity::Vdso, vdso::image()?));
        }
        if !is_file(mapping) {
            return None;
        }
        let candidates = match self.past {
            None => candidates(pid, mapping).to_vec(),
            Some(_) => vec![mapping.path.clone()],
        };
        candidates.iter().find_map(|path| {
            let (identity, file) = open(path)?;
            if let Some(id) = self.find(identity, mapping) {
                return Some(id);
            }
            let image = Image::read(file).filter(|image| is_build(image, mapping))?;
            self.keep(identity, image)
        })
    }

    fn find(&mut self, identity: Identity, mapping: &Mapping) -> Option<ImageId> {
        let index = *self.known.get(&identity)?;
        let generation = self.slots.get(index as usize)?.generation;
        let id = ImageId { index, generation };
        self.get(id).filter(|image| is_build(image, mapping))?;
        Some(id)
    }

    fn keep(&mut self, identity: Identity, image: Image) -> Option<ImageId> {
        let bytes = image.size();
        while self.known.len() >= MAX_FILES
            || (self.bytes + bytes > self.max_bytes && self.bytes > 0)
        {
            self.evict_oldest()?;
        }
        self.bytes += bytes;
        self.clock += 1;
        let free = self.slots.iter().position(|slot| slot.kept.is_none());
        let at = free.unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, used: 0, kept: None });
            self.slots.len() - 1
        });
        let index = u32::try_from(at).ok()?;
        let slot = self.slots.get_mut(at)?;
        slot.used = self.clock;
        slot.kept = Some((identity, image));
        self.known.insert(identity, index);
        Some(ImageId { index, generation: slot.generation })
    }

    fn evict_oldest(&mut self) -> Option<()> {
        let occupied = self.slots.iter_mut().filter(|slot| slot.kept.is_some());
        let slot = occupied.min_by_key(|slot| slot.used)?;
        let (identity, image) = slot.kept.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.bytes -= image.size();
        self.known.remove(&identity);
        Some(())
    }
}

fn is_build(image: &Image, mapping: &Mapping) -> bool {
    mapping.build_id.is_empty()
        || image.build_id().is_empty()
        || image.build_id() == mapping.build_id
}

/// Where the mapped file may be found: as the process sees it, as we see it, and, deleted or replaced, through
/// the mapping itself.
fn candidates(pid: Pid, mapping: &Mapping) -> [PathBuf; 3] {
    let mut inside = PathBuf::from(format!("/proc/{pid}/root")).into_os_string();
    inside.push(&mapping.path);
    let through = format!("/proc/{pid}/map_files/{:x}-{:x}", mapping.start, mapping.end).into();
    if mapping.path.as_os_str().as_bytes().ends_with(b" (deleted)") {
        [through, inside.into(), mapping.path.clone()]
    } else {
        [inside.into(), mapping.path.clone(), through]
    }
}

fn open(path: &Path) -> Option<(Identity, File)> {
    let (file, found) = mapped_file::open(path)?;
    let identity = Identity::File {
        device: found.dev(),
        inode: found.ino(),
        size: found.size(),
        changed: (found.ctime(), found.ctime_nsec()),
    };
    Some((identity, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_file_is_evicted_first() {
        let exe = std::fs::read("/proc/self/exe").unwrap();
        let image = || Image::from_bytes(&exe).unwrap();
        let size = image().size();
        let mut files = Files { max_bytes: size * 2 + size / 2, ..Files::default() };
        let identity = |inode| Identity::File { device: 1, inode, size: 1, changed: (0, 0) };
        let first = files.keep(identity(1), image()).unwrap();
        let second = files.keep(identity(2), image()).unwrap();
        assert!(files.get(first).is_some());
        let third = files.keep(identity(3), image()).unwrap();
        assert!(files.get(first).is_some() && files.get(third).is_some());
        assert!(files.get(second).is_none(), "it was not used since");
        assert_eq!(files.bytes, size * 2);
    }

    #[test]
    fn what_is_no_regular_file_is_never_opened() {
        let mapping = |path: &str| Mapping {
            start: 0x1000,
            end: 0x2000,
            file_offset: 0,
            path: path.into(),
            build_id: Vec::new(),
        };
        let mut files = Files::default();
        for path in [
            "//anon",
            "[heap]",
            "",
            "/dev/zero",
            "/",
            "/nowhere",
            "/proc/self/maps",
            "/memfd:x (deleted)",
        ] {
            assert_eq!(files.load(Pid(u32::MAX), &mapping(path)), None, "{path}");
        }
    }
}
