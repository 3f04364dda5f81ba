//! Host memory under the machine's addresses: one reservation, made usable piece by piece.
//!
//! All contents are words read and written by 64-bit atomics, whatever the width of the access. The
//! Rust memory model forbids racing atomic accesses of different widths to the same bytes; with one
//! width there are none, so a program that races with itself on several simulated CPUs gets some
//! interleaving and never undefined behaviour. Bytes lie in a word lowest first.
#![expect(unsafe_code, reason = "the machine's memory is a mapping that simulated CPUs share")]

use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Bytes of a host page for commits: a multiple of the page size of every host that skep runs on.
pub(crate) const COMMIT_UNIT: usize = 1 << 16;

/// A reservation of host address space.
pub(crate) struct Backing {
    host: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to no thread, and all access to its contents is by atomics.
unsafe impl Send for Backing {}
// SAFETY: as above.
unsafe impl Sync for Backing {}

impl Backing {
    /// Reserves `len` bytes, a multiple of [`COMMIT_UNIT`], that cost nothing until committed.
    ///
    /// # Errors
    /// What `mmap` says, such as `ENOMEM` under a limit of address space.
    pub(crate) fn reserve(len: usize) -> io::Result<Arc<Self>> {
        // SAFETY: a fresh private anonymous mapping at an address of the kernel's choice overlaps
        // nothing that exists.
        let host = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if host == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // A touched element must not take a whole huge page. Kernels without huge pages refuse, rightly.
        // SAFETY: the range is the mapping just made, and the advice changes no contents.
        let _ = unsafe { libc::madvise(host, len, libc::MADV_NOHUGEPAGE) };
        match NonNull::new(host.cast()) {
            Some(host) => Ok(Arc::new(Self { host, len })),
            None => Err(io::Error::other("mmap returned the null page")),
        }
    }

    /// Makes `[start, start + len)` readable and writable.
    ///
    /// # Errors
    /// `InvalidInput` when the range is not in whole units within the reservation; else what
    /// `mprotect` says.
    pub(crate) fn commit(self: &Arc<Self>, start: usize, len: usize) -> io::Result<Area> {
        let fits = start.checked_add(len).is_some_and(|end| end <= self.len);
        if !fits || !start.is_multiple_of(COMMIT_UNIT) || !len.is_multiple_of(COMMIT_UNIT) {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        // SAFETY: `start <= len` of the mapping, so the sum stays within it.
        let at = unsafe { self.host.add(start) };
        // SAFETY: the range lies in our mapping and is page-aligned; gaining rights takes none from
        // anyone who holds a reference into it.
        let code =
            unsafe { libc::mprotect(at.as_ptr().cast(), len, libc::PROT_READ | libc::PROT_WRITE) };
        if code != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Area { first: at.cast(), words: len / 8, backing: Arc::clone(self) })
    }
}

impl Drop for Backing {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no `Area` is left, since each holds an `Arc` of this.
        let code = unsafe { libc::munmap(self.host.as_ptr().cast(), self.len) };
        debug_assert_eq!(code, 0, "munmap of a whole mapping of ours");
    }
}

/// Committed words. Clones share them.
#[derive(Clone)]
pub(crate) struct Area {
    first: NonNull<AtomicU64>,
    words: usize,
    /// Keeps the mapping alive.
    backing: Arc<Backing>,
}

// SAFETY: an area is a shared slice of atomics, which any thread may use.
unsafe impl Send for Area {}
// SAFETY: as above.
unsafe impl Sync for Area {}

impl Area {
    /// The words.
    #[inline]
    pub(crate) fn words(&self) -> &[AtomicU64] {
        // SAFETY: `commit` made `words` words at `first` readable and writable; `first` is aligned to
        // a page; fresh anonymous memory is all zero, which is a valid `AtomicU64`; the mapping lives
        // as long as `backing`; nothing ever takes the rights away again or accesses the memory but
        // through these atomics and `release`, which leaves it zero.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.words) }
    }

    /// A part of this area, in words.
    ///
    /// # Panics
    /// When the part does not lie in the area.
    pub(crate) fn part(&self, start: usize, words: usize) -> Self {
        let slice = &self.words()[start..start + words];
        // A slice's pointer is never null.
        let first = NonNull::from(slice).cast();
        Self { first, words, backing: Arc::clone(&self.backing) }
    }

    /// Gives whole pages back to the host; words in them read as zero afterwards.
    pub(crate) fn release(&self) {
        let first = self.first.as_ptr() as usize;
        let start = first.next_multiple_of(COMMIT_UNIT);
        let end = (first + self.words * 8) & !(COMMIT_UNIT - 1);
        if start < end {
            // SAFETY: the range lies in the area and in whole pages; private anonymous memory reads
            // as zero after MADV_DONTNEED, which atomic readers may see at any time.
            let code = unsafe {
                libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_DONTNEED)
            };
            debug_assert_eq!(code, 0, "MADV_DONTNEED within a mapping of ours");
        }
    }
}
