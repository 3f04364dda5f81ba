//! Memory shared with the kernel: values of maps, rings, arenas.
#![expect(unsafe_code, reason = "mmap")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a page; x86-64 has no other.
pub(crate) const PAGE: usize = 4096;

/// What may be done with shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A mapping of a map's or event's memory, whole pages. Programs and the kernel write to it while we read: it is
/// only ever touched word by word, atomically.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
    access: Access,
}

// SAFETY: the memory is accessed by atomic words only, and unmapped when the last reference is gone.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` bytes, rounded up to pages, from `offset` on. With an address they lie there and replace nothing.
    ///
    /// # Errors
    /// The kernel's; EINVAL for a length of 0 or one that no address space has.
    pub(crate) fn new(
        fd: BorrowedFd<'_>,
        len: usize,
        access: Access,
        offset: usize,
        address: u64,
    ) -> io::Result<Self> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        let len = len.checked_next_multiple_of(PAGE).filter(|&len| len > 0).ok_or_else(invalid)?;
        let offset = libc::off_t::try_from(offset).map_err(|_| invalid())?;
        let protection = match access {
            Access::Read => libc::PROT_READ,
            Access::Write => libc::PROT_READ | libc::PROT_WRITE,
        };
        let fixed = if address == 0 { 0 } else { libc::MAP_FIXED_NOREPLACE };
        let hint = address as *mut libc::c_void;
        // SAFETY: without MAP_FIXED a new mapping replaces none that is in use.
        let start = unsafe {
            libc::mmap(hint, len, protection, libc::MAP_SHARED | fixed, fd.as_raw_fd(), offset)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast::<u8>()).ok_or_else(invalid)?;
        let mapping = Self { start, len, access };
        // Kernels before 4.17 take the address for a hint.
        if address != 0 && mapping.start.as_ptr() as u64 != address {
            return Err(io::Error::from_raw_os_error(libc::EEXIST));
        }
        Ok(mapping)
    }

    /// The word at a multiple of 8.
    fn word(&self, offset: usize) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8) && offset < self.len, "a word of the mapping");
        // SAFETY: the offset lies within the mapping.
        let at = unsafe { self.start.add(offset) };
        // SAFETY: the mapping starts at a page, so that the word is aligned; it lives as long as `self`, and every
        // access of this process to it is atomic.
        unsafe { AtomicU64::from_ptr(at.as_ptr().cast()) }
    }

    /// Reads the word at a multiple of 8 within the mapping.
    pub(crate) fn load(&self, offset: usize) -> u64 {
        self.word(offset).load(Ordering::Acquire)
    }

    /// Writes the word at a multiple of 8 within a mapping that may be written.
    pub(crate) fn store(&self, offset: usize, value: u64) {
        assert!(self.access == Access::Write, "the mapping may be written");
        self.word(offset).store(value, Ordering::Release);
    }

    /// Copies bytes out; fewer where the mapping ends.
    pub(crate) fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        let end = offset.saturating_add(len).min(self.len);
        if end <= offset {
            return Vec::new();
        }
        let first = offset - offset % 8;
        let mut bytes = Vec::with_capacity(end - first + 8);
        for at in (first..end).step_by(8) {
            bytes.extend(self.word(at).load(Ordering::Relaxed).to_ne_bytes());
        }
        bytes.truncate(end - first);
        bytes.drain(..offset - first);
        bytes
    }

    /// Copies bytes in. Those of a word that are not written keep what they are, also when somebody else writes them
    /// meanwhile.
    ///
    /// # Errors
    /// EINVAL when they reach beyond the mapping, EACCES when it may not be written.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        if offset.checked_add(bytes.len()).is_none_or(|end| end > self.len) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        if self.access != Access::Write {
            return Err(io::Error::from_raw_os_error(libc::EACCES));
        }
        let (mut at, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (word, within) = (self.word(at - at % 8), at % 8);
            let (part, more) = rest.split_at(rest.len().min(8 - within));
            let merge = |old: u64| {
                let mut new = old.to_ne_bytes();
                new[within..within + part.len()].copy_from_slice(part);
                Some(u64::from_ne_bytes(new))
            };
            // The closure always answers, so this cannot fail.
            let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, merge);
            (at, rest) = (at + part.len(), more);
        }
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is the one that `new` got, and no reference into it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
