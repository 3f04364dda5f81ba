//! Files that processes have mapped, or had.

use std::fs::{File, Metadata, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a regular file; anything else could block or act when it is opened. What the kernel makes up, as below `/proc`,
/// has no length, and is no file that was mapped, whatever a recording says.
pub(crate) fn open(path: &Path) -> Option<(File, Metadata)> {
    let is_real = |found: &Metadata| found.is_file() && found.len() > 0;
    path.metadata().ok().filter(is_real)?;
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    let found = file.metadata().ok().filter(is_real)?;
    Some((file, found))
}
