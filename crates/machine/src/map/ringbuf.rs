//! RINGBUF: `kernel/bpf/ringbuf.c`.
//!
//! A record has a header of 8 bytes, whose first word is its length with a busy and a discard bit, and
//! starts at a multiple of 8. User space takes records in the order of their reservation and waits at a
//! busy one. The kernel maps the ring twice in a row so that a record may run past its end; here the
//! memory is twice as long and such a record lies partly in its second half.

use std::sync::atomic::Ordering::{Acquire, Release};

use std::collections::BTreeMap;

use parking_lot::Mutex;
use skep_abi::{Addr, Errno, MapId};

use crate::Fault;
use crate::memory::{Label, Memory, OutOfMemory, Owner, Records, Slab, SlabSpec, Width, Window};

/// Bytes of a header.
const HEADER: u64 = 8;
/// The record is reserved.
const BUSY: u32 = 1 << 31;
/// The record was given up.
const DISCARD: u32 = 1 << 30;
/// Bytes of a record at most (`RINGBUF_MAX_RECORD_SZ`).
const MAX_RECORD: u64 = u32::MAX as u64 / 4;

/// `BPF_RB_NO_WAKEUP`.
const NO_WAKEUP: u64 = 1;
/// `BPF_RB_FORCE_WAKEUP`.
const FORCE_WAKEUP: u64 = 2;

/// Positions, in bytes since the ring was made.
#[derive(Debug, Default)]
struct Positions {
    consumer: u64,
    producer: u64,
    /// Start of the oldest record that was not committed when it was last looked at.
    pending: u64,
    wakeups: u64,
    /// Sizes of reserved records, by the offset of their data.
    reserved: BTreeMap<u64, u64>,
}

/// A ring buffer.
pub struct Ringbuf {
    slab: Slab,
    records: Records,
    size: u64,
    at: Mutex<Positions>,
}

impl std::fmt::Debug for Ringbuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ringbuf").field("size", &self.size).field("at", &*self.at.lock()).finish()
    }
}

impl Ringbuf {
    pub(crate) fn new(
        memory: &Memory,
        map: &str,
        id: MapId,
        size: u32,
    ) -> Result<Self, OutOfMemory> {
        let size = u64::from(size);
        let mut spec = SlabSpec::new(Window::Maps, 2 * size, 1, Label::new("records", map));
        spec.has_records = true;
        spec.owner = Owner::Ringbuf(id);
        let slab = memory.alloc(&spec)?;
        let records =
            memory.records(&slab).ok_or(OutOfMemory { bytes: 2 * size, window: Window::Maps })?;
        Ok(Self { slab, records, size, at: Mutex::default() })
    }

    fn offset(&self, position: u64) -> u64 {
        position & (self.size - 1)
    }

    fn header(&self, position: u64) -> u32 {
        self.slab.load_ordered(0, self.offset(position), Width::W, Acquire) as u32
    }

    fn set_header(&self, position: u64, header: u32) {
        self.slab.store_ordered(0, self.offset(position), Width::W, u64::from(header), Release);
    }

    /// Bytes of the ring that a record with this header takes.
    fn footprint(header: u32) -> u64 {
        (u64::from(header & !(BUSY | DISCARD)) + HEADER).next_multiple_of(8)
    }

    /// Reserves `size` bytes: the record's address, `None` when they do not fit or `flags` is not 0. The
    /// record's bytes are those that were there before.
    #[must_use]
    pub fn reserve(&self, size: u64, flags: u64) -> Option<Addr> {
        if flags != 0 || size > MAX_RECORD {
            return None;
        }
        let len = (size + HEADER).next_multiple_of(8);
        if len > self.size {
            return None;
        }
        let mut at = self.at.lock();
        while at.pending < at.producer {
            let header = self.header(at.pending);
            if header & BUSY != 0 {
                break;
            }
            at.pending += Self::footprint(header);
        }
        let end = at.producer + len;
        if end - at.consumer >= self.size || end - at.pending >= self.size {
            return None;
        }
        let start = self.offset(at.producer);
        self.set_header(at.producer, size as u32 | BUSY);
        self.records.begin(start + HEADER, size);
        at.reserved.insert(start + HEADER, size);
        at.producer = end;
        Some(self.slab.addr(0).offset((start + HEADER).cast_signed()))
    }

    /// Ends a record that [`Self::reserve`] gave: hands it to user space, or discards it. Flags other
    /// than the wake-up ones are ignored, as the kernel does.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no reserved record starts there.
    pub fn commit(&self, record: Addr, flags: u64, is_discard: bool) -> Result<(), Fault> {
        let refused = || Fault::WrongObject {
            addr: record,
            what: "reserved ring buffer record",
            found: "an address at which none starts, or one that was given up".to_owned(),
        };
        let offset = record.0.wrapping_sub(self.slab.addr(0).0);
        let mut at = self.at.lock();
        let size = at.reserved.remove(&offset).ok_or_else(refused)?;
        let start = offset - HEADER;
        self.records.end(offset, size);
        self.set_header(start, size as u32 | if is_discard { DISCARD } else { 0 });
        let is_next = self.offset(at.consumer) == start;
        if flags & FORCE_WAKEUP != 0 || (is_next && flags & NO_WAKEUP == 0) {
            at.wakeups += 1;
        }
        Ok(())
    }

    /// Copies a record into the ring (`bpf_ringbuf_output`).
    ///
    /// # Errors
    /// `EINVAL` for unknown flags, `EAGAIN` when it does not fit.
    pub fn output(&self, data: &[u8], flags: u64) -> Result<(), Errno> {
        if flags & !(NO_WAKEUP | FORCE_WAKEUP) != 0 {
            return Err(Errno::EINVAL);
        }
        let record = self.reserve(data.len() as u64, 0).ok_or(Errno::EAGAIN)?;
        self.slab.write(0, record.0 - self.slab.addr(0).0, data);
        // The record was just reserved.
        self.commit(record, flags, false).map_err(|_| Errno::EINVAL)
    }

    /// `bpf_ringbuf_query`: 0 data that waits, 1 size, 2 consumer, 3 producer position; 0 for others.
    #[must_use]
    pub fn query(&self, what: u64) -> u64 {
        let at = self.at.lock();
        match what {
            0 => at.producer - at.consumer,
            1 => self.size,
            2 => at.consumer,
            3 => at.producer,
            _ => 0,
        }
    }

    /// Takes submitted records as user space does, oldest first, up to the first that is still reserved.
    #[must_use]
    pub fn consume(&self) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        let mut at = self.at.lock();
        while at.consumer < at.producer {
            let header = self.header(at.consumer);
            if header & BUSY != 0 {
                break;
            }
            if header & DISCARD == 0 {
                let mut data = vec![0; header as usize];
                self.slab.read(0, self.offset(at.consumer) + HEADER, &mut data);
                taken.push(data);
            }
            at.consumer += Self::footprint(header);
        }
        taken
    }

    /// How often user space was woken.
    #[must_use]
    pub fn wakeups(&self) -> u64 {
        self.at.lock().wakeups
    }
}
