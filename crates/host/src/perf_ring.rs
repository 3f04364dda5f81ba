//! The ring of a perf event: `mmap(2)` on it (`struct perf_event_mmap_page`, `kernel/events/ring_buffer.c`).

use std::os::fd::AsFd;

use crate::sys::memory::{Access, Mapping, PAGE};
use crate::{HostError, PerfEvent};

/// Where the kernel's and our position lie in the first page.
const DATA_HEAD: usize = 1024;
const DATA_TAIL: usize = 1032;
/// Bytes of `struct perf_event_header`: type, misc, size.
const HEADER: usize = 8;

/// A record: `struct perf_event_header`, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerfRecord {
    /// `PERF_RECORD_*`.
    pub kind: u32,
    /// `PERF_RECORD_MISC_*`.
    pub misc: u16,
    /// What follows the header, laid out by the event's attributes.
    pub body: Vec<u8>,
}

/// The mapped ring of an event.
#[derive(Debug)]
pub struct PerfRing {
    mapping: Mapping,
    size: usize,
}

impl PerfRing {
    /// Maps a ring of this many pages, a power of two.
    ///
    /// # Errors
    /// When the kernel refuses: -EINVAL for other numbers, -EPERM beyond what `perf_event_mlock_kb` leaves.
    pub fn new(event: &PerfEvent, pages: usize) -> Result<Self, HostError> {
        let len = pages.saturating_add(1).saturating_mul(PAGE);
        let mapping = Mapping::new(event.as_fd(), len, Access::Write, 0, 0).map_err(|error| {
            HostError::new("map the ring of a perf event", &error).with_hint(
                "pages are a power of two; without CAP_IPC_LOCK /proc/sys/kernel/perf_event_mlock_kb limits them",
            )
        })?;
        Ok(Self { mapping, size: pages * PAGE })
    }

    /// Hands over each record that is there, oldest first; returns how many.
    pub fn drain(&mut self, mut read: impl FnMut(PerfRecord)) -> usize {
        let (mut tail, head) = (self.mapping.load(DATA_TAIL), self.mapping.load(DATA_HEAD));
        let mut count = 0;
        while tail < head {
            // Records are multiples of 8 bytes, so that a header never wraps.
            let header = self.mapping.load(PAGE + (tail as usize & (self.size - 1)));
            let size = (header >> 48) as usize;
            if size < HEADER || size as u64 > head - tail {
                // Not a ring as the kernel writes it: nothing after this can be found.
                tail = head;
                break;
            }
            let body = self.bytes(tail + HEADER as u64, size - HEADER);
            read(PerfRecord { kind: header as u32, misc: (header >> 32) as u16, body });
            count += 1;
            tail += size as u64;
            self.mapping.store(DATA_TAIL, tail);
        }
        self.mapping.store(DATA_TAIL, tail);
        count
    }

    /// Bytes from a position on, in two pieces where they wrap round.
    fn bytes(&self, position: u64, len: usize) -> Vec<u8> {
        let start = position as usize & (self.size - 1);
        let first = len.min(self.size - start);
        let mut bytes = self.mapping.read(PAGE + start, first);
        if first < len {
            bytes.extend(self.mapping.read(PAGE, len - first));
        }
        bytes
    }
}
