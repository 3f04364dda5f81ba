//! Where the file behind a mapping can be read.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use object::Object;
use object::read::ReadCache;
use skep_abi::{Mapping, Pid};

/// A file that can be read, and what makes it the same file as another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Located {
    /// Device and inode.
    pub(super) identity: (u64, u64),
    /// The path by which to open it.
    pub(super) path: PathBuf,
}

/// Tells whether a mapping is of a named file: no anonymous memory, no `[vdso]`.
pub(super) fn is_file(mapping: &Mapping) -> bool {
    mapping.path.is_absolute() && !mapping.path.as_os_str().as_bytes().starts_with(b"//")
}

/// Finds the file behind a mapping, in the root of its process if that is still there, else in ours.
///
/// Returns `None` for what is no regular file or cannot be read.
pub(super) fn locate(pid: Pid, mapping: &Mapping) -> Option<Located> {
    if !is_file(mapping) {
        return None;
    }
    let ours = regular(&mapping.path);
    let theirs = regular(&in_root(pid, &mapping.path));
    let through = || {
        regular(Path::new(&format!("/proc/{pid}/map_files/{:x}-{:x}", mapping.start, mapping.end)))
    };
    match (ours, theirs) {
        // The plain path outlives the process, and leads to debug files beside it.
        (Some(ours), Some(theirs)) if ours.identity == theirs.identity => Some(ours),
        (_, Some(theirs)) => Some(theirs),
        (Some(ours), None) => Some(ours),
        (None, None) => through(),
    }
}

/// Finds the file behind a mapping of a recording: at its path, if it is the build that was mapped, as far as that was
/// recorded; else it is noted as changed.
pub(super) fn locate_earlier(
    mapping: &Mapping,
    changed: &mut BTreeSet<PathBuf>,
) -> Option<Located> {
    let found = is_file(mapping).then(|| regular(&mapping.path)).flatten()?;
    if !mapping.build_id.is_empty() && build_id(&found.path).as_deref() != Some(&mapping.build_id) {
        changed.insert(found.path);
        return None;
    }
    Some(found)
}

fn build_id(path: &Path) -> Option<Vec<u8>> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    Some(file.build_id().ok()??.to_vec())
}

/// A path as a process sees it.
pub(super) fn in_root(pid: Pid, path: &Path) -> PathBuf {
    let mut inside = PathBuf::from(format!("/proc/{pid}/root")).into_os_string();
    inside.push(path);
    inside.into()
}

fn regular(path: &Path) -> Option<Located> {
    // What the kernel makes up, as below /proc, has no length, and is no file that was mapped, whatever a recording says.
    let found = path.metadata().ok().filter(|found| found.is_file() && found.len() > 0)?;
    Some(Located { identity: (found.dev(), found.ino()), path: path.to_owned() })
}
