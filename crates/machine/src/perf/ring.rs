//! The ring of an event's records: `kernel/events/ring_buffer.c`.

use parking_lot::Mutex;
use skep_abi::Errno;

use super::{PerfEvent, SampleType, record};

/// Bytes of a page.
const PAGE: usize = 4096;

/// Why an event got no ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// What the kernel says.
    #[error("the kernel refuses the ring: {0}")]
    Refused(Errno),
    /// Records would hold what the machine does not write.
    #[error("skep's machine writes no records with {0:?}; leave these out of `sample_type`")]
    Unsupported(SampleType),
}

#[derive(Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    /// Records that found no room since the last one that did.
    lost: u64,
    /// Samples since the last wakeup.
    samples: u32,
    /// Bytes since the last wakeup.
    unseen: usize,
}

/// Records of one event, and of its children's copies.
#[derive(Debug)]
pub struct RingBuffer {
    id: u64,
    capacity: usize,
    wakeup: Wakeup,
    contents: Mutex<Contents>,
}

/// When whoever polls the event is woken.
#[derive(Clone, Copy, Debug)]
enum Wakeup {
    /// After so many samples.
    Samples(u32),
    /// After so many bytes.
    Bytes(usize),
}

impl RingBuffer {
    /// Takes all records, oldest first, as the bytes that user space would find.
    #[must_use]
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.contents.lock().bytes)
    }

    /// Appends a record; returns the wakeups that follow. One that finds no room is lost, and the next that does comes
    /// behind a `PERF_RECORD_LOST`.
    pub(super) fn push(&self, record: &[u8], is_sample: bool) -> u64 {
        let mut contents = self.contents.lock();
        let lost =
            if contents.lost > 0 { record::lost(self.id, contents.lost) } else { Vec::new() };
        let size = lost.len() + record.len();
        if contents.bytes.len() + size > self.capacity {
            contents.lost += 1;
            return 0;
        }
        contents.bytes.extend(lost);
        contents.bytes.extend(record);
        contents.lost = 0;
        contents.unseen += size;
        contents.samples += u32::from(is_sample);
        match self.wakeup {
            Wakeup::Samples(limit) if contents.samples >= limit => contents.samples -= limit,
            Wakeup::Bytes(limit) if contents.unseen > limit => contents.unseen -= limit,
            _ => return 0,
        }
        1
    }
}

impl PerfEvent {
    /// Maps so many pages for records, as `mmap` does; until then they go nowhere.
    ///
    /// # Errors
    /// `EINVAL` when `pages` is no power of two, for an inherited event of a task on any CPU, and when there is a ring
    /// of another size; [`RingError::Unsupported`] for records that the machine cannot write.
    pub fn map_ring(&self, pages: usize) -> Result<&RingBuffer, RingError> {
        let unknown = self.attr.sample_type.difference(record::KNOWN);
        if !unknown.is_empty() {
            return Err(RingError::Unsupported(unknown));
        }
        let is_shared = self.cpu.is_none() && self.attr.inherit;
        if !pages.is_power_of_two() || is_shared {
            return Err(RingError::Refused(Errno::EINVAL));
        }
        let capacity = pages * PAGE;
        let wakeup = match self.attr.wakeup {
            events if events != 0 && !self.attr.watermark => Wakeup::Samples(events),
            bytes if bytes != 0 => Wakeup::Bytes((bytes as usize).min(capacity)),
            _ => Wakeup::Bytes(capacity / 2),
        };
        let id = self.id.0;
        let contents = Mutex::default();
        let ring = self.ring.get_or_init(|| RingBuffer { id, capacity, wakeup, contents });
        if ring.capacity == capacity { Ok(ring) } else { Err(RingError::Refused(Errno::EINVAL)) }
    }
}
