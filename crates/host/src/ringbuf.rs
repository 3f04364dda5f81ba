//! Ring buffers, read (`BPF_MAP_TYPE_RINGBUF`, 5.8): what `bpf_ringbuf_output` and `_submit` hand over.

use std::os::fd::AsFd;
use std::time::Duration;

use skep_abi::{Errno, MapType};

use crate::poll::Poller;
use crate::sys::memory::{Access, Mapping, PAGE};
use crate::{HostError, Map};

/// Bits of a record's header beside its length.
const BUSY: u32 = 1 << 31;
const DISCARD: u32 = 1 << 30;
/// Bytes of a header: length and bits, offset of the ring's start.
const HEADER: usize = 8;

/// The reader of a ring buffer. There should be one for a map: readers take each other's records away.
#[derive(Debug)]
pub struct RingBuffer {
    /// The consumer's position, which we write.
    consumer: Mapping,
    /// The producers' position, a page, then the data twice in a row.
    producer: Mapping,
    size: usize,
    poller: Poller,
}

impl RingBuffer {
    /// Maps a ring buffer.
    ///
    /// # Errors
    /// When the map is of another kind, or the kernel refuses.
    pub fn new(map: &Map) -> Result<Self, HostError> {
        let what = || format!("read ring buffer {}", map.name());
        if map.kind() != Some(MapType::Ringbuf) {
            return Err(HostError::unsupported(what(), "it is a map of another kind"));
        }
        let size = map.max_entries() as usize;
        let refused = |error: std::io::Error| {
            let refusal = HostError::new(what(), &error);
            match refusal.errno {
                Errno::EPERM => refusal.with_hint("the map was frozen or its flags forbid it"),
                _ => refusal,
            }
        };
        let fd = map.as_fd();
        let consumer = Mapping::new(fd, PAGE, Access::Write, 0, 0).map_err(refused)?;
        let len = size.saturating_mul(2).saturating_add(PAGE);
        let producer = Mapping::new(fd, len, Access::Read, PAGE, 0).map_err(refused)?;
        let mut poller = Poller::new()?;
        poller.add(map, 0)?;
        Ok(Self { consumer, producer, size, poller })
    }

    /// Hands over each record that is ready, oldest first; returns how many. Records that programs have reserved but
    /// not handed over stop it, as the kernel keeps the order.
    pub fn drain(&mut self, mut read: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        let mut at = self.consumer.load(0);
        loop {
            let end = self.producer.load(0);
            if at >= end {
                return count;
            }
            while at < end {
                let offset = PAGE + (at as usize & (self.size - 1));
                let header = self.producer.load(offset) as u32;
                if header & BUSY != 0 {
                    return count;
                }
                let len = ((header & !(BUSY | DISCARD)) as usize).min(self.size);
                if header & DISCARD == 0 {
                    read(&self.producer.read(offset + HEADER, len));
                    count += 1;
                }
                at += (HEADER + len).next_multiple_of(8) as u64;
                self.consumer.store(0, at);
            }
        }
    }

    /// Waits until there is something to read, or the time is over; whether there is.
    ///
    /// # Errors
    /// When the kernel refuses to wait.
    pub fn wait(&self, timeout: Duration) -> Result<bool, HostError> {
        self.poller.wait(timeout).map(|ready| !ready.is_empty())
    }
}
