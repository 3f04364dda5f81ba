//! The memory that the kernel shares with a sampler: a control page, then a ring of bytes.
//!
//! The kernel writes records and moves `data_head`; we read and move `data_tail`. It never writes between tail and
//! head, and never moves head further than one round past tail (the mapping is writable, hence not in overwrite
//! mode). See `kernel/events/ring_buffer.c`, "the kernel writes, user space reads".

#![expect(unsafe_code, reason = "memory shared with the kernel")]

use std::io;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use perf_event_open_sys::bindings::perf_event_mmap_page;
use rustix::mm::{MapFlags, ProtFlags};

/// A mapped ring.
#[derive(Debug)]
pub(crate) struct RingMap {
    page: NonNull<perf_event_mmap_page>,
    data: NonNull<u8>,
    data_len: usize,
    map_len: usize,
}

// SAFETY: the mapping belongs to this value alone and may be used from any thread; reading takes `&mut self`.
unsafe impl Send for RingMap {}

impl RingMap {
    /// Maps the ring of an event: `data_len` bytes, a power of two and a multiple of the page size.
    pub(crate) fn new(event: BorrowedFd<'_>, data_len: usize) -> io::Result<Self> {
        let page_size = rustix::param::page_size();
        let map_len = data_len.checked_add(page_size).ok_or(io::ErrorKind::InvalidInput)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses the address, so no existing memory is touched.
        let base = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), map_len, protection, MapFlags::SHARED, event, 0)
        }?;
        let page = NonNull::new(base.cast::<perf_event_mmap_page>()).ok_or(io::ErrorKind::Other)?;
        // SAFETY: the mapping has `page_size` bytes before the data, so the result lies within it.
        let data = unsafe { page.cast::<u8>().add(page_size) };
        Ok(Self { page, data, data_len, map_len })
    }

    /// Hands everything that the kernel has written to `read`, in one or two pieces, and gives the room back.
    pub(crate) fn consume<R>(&mut self, read: impl FnOnce(&[u8], &[u8]) -> R) -> R {
        let head = self.head().load(Ordering::Acquire);
        let tail = self.tail().load(Ordering::Relaxed);
        // Never more than a round: the kernel holds to it, and the slices below depend on it.
        let filled = usize::try_from(head.wrapping_sub(tail)).unwrap_or(0).min(self.data_len);
        let start = (tail % self.data_len as u64) as usize;
        let first = filled.min(self.data_len - start);
        // SAFETY: `start` is below `data_len`, so this points into the data area.
        let at = unsafe { self.data.add(start) };
        // SAFETY: `start + first` is at most `data_len`; the bytes lie between tail and head, which the kernel has
        // written (acquired with head above) and does not write again before the tail is moved below.
        let front = unsafe { std::slice::from_raw_parts(at.as_ptr(), first) };
        // SAFETY: as above for the bytes that wrapped round; `filled - first` is at most `start`.
        let back = unsafe { std::slice::from_raw_parts(self.data.as_ptr(), filled - first) };
        let result = read(front, back);
        self.tail().store(head, Ordering::Release);
        result
    }

    fn head(&self) -> &AtomicU64 {
        // SAFETY: the control page is mapped for as long as `self` lives.
        let head = unsafe { &raw mut (*self.page.as_ptr()).data_head };
        // SAFETY: the field is an aligned word of that page, and both sides access it atomically only.
        unsafe { AtomicU64::from_ptr(head) }
    }

    fn tail(&self) -> &AtomicU64 {
        // SAFETY: the control page is mapped for as long as `self` lives.
        let tail = unsafe { &raw mut (*self.page.as_ptr()).data_tail };
        // SAFETY: the field is an aligned word of that page, and both sides access it atomically only.
        unsafe { AtomicU64::from_ptr(tail) }
    }
}

impl Drop for RingMap {
    fn drop(&mut self) {
        // SAFETY: `page` and `map_len` are what mmap gave; no reference into the mapping outlives `self`.
        let unmapped = unsafe { rustix::mm::munmap(self.page.as_ptr().cast(), self.map_len) };
        debug_assert!(unmapped.is_ok(), "unmapping one's own mapping cannot fail");
    }
}
