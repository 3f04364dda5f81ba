//! Names in the BPF file system, which outlive the process: only where they are asked for.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use skep_abi::Errno;

use crate::HostError;
use crate::sys::id;

/// Gives a map, program or link a name in a mounted BPF file system. Removing the file takes it away.
///
/// # Errors
/// When the path exists (-EEXIST), lies elsewhere, or the kernel refuses.
pub fn pin(path: &Path, what: &impl AsFd) -> Result<(), HostError> {
    id::pin(&text(path)?, what.as_fd()).map_err(|error| explain(path, "pin to", &error))
}

/// Opens what has a name in a mounted BPF file system.
///
/// # Errors
/// When there is none (-ENOENT), or the kernel refuses.
pub fn open_pinned(path: &Path) -> Result<OwnedFd, HostError> {
    id::get(&text(path)?).map_err(|error| explain(path, "open", &error))
}

fn text(path: &Path) -> Result<CString, HostError> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        HostError::missing(format!("use path {}", path.display()), "a path has no zero byte")
    })
}

fn explain(path: &Path, what: &str, error: &std::io::Error) -> HostError {
    let refusal = HostError::new(format!("{what} {}", path.display()), error);
    match refusal.errno {
        Errno::EINVAL | Errno::EPERM | Errno::EACCES | Errno::ENOENT => refusal.with_hint(
            "the path has to lie in a mounted BPF file system (mount -t bpf bpf /sys/fs/bpf), its folder has to exist, and its name must have no dot",
        ),
        _ => refusal,
    }
}
