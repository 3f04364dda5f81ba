//! STACK_TRACE: `kernel/bpf/stackmap.c`.
//!
//! A stack's id is the bucket that its hash falls into, so that equal stacks have equal ids, on every
//! machine and in the kernel.

use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;
use skep_abi::{Cpu, Errno};

use super::freelist::Freelist;
use super::jhash::stack_hash;
use super::table::Slot;
use crate::memory::{Area, Memory, OutOfMemory, Width};

/// `BPF_F_FAST_STACK_CMP`: stacks with the same hash are the same.
const FAST_STACK_CMP: u64 = 1 << 9;
/// `BPF_F_REUSE_STACKID`: another stack in the bucket gives way.
const REUSE_STACKID: u64 = 1 << 10;

/// Locks at most; buckets share them in turn.
const LOCKS: u32 = 64;
/// Bytes of an element before its stack: hash and length in bytes.
const HEAD: u64 = 8;
/// `struct bpf_stack_build_id`: status, 20 bytes of build id, offset or address.
const BUILD_ID_SIZE: usize = 32;
/// `BPF_STACK_BUILD_ID_IP`: no build id is known, the address is.
const BUILD_ID_IP: u32 = 2;

/// A stack trace map.
pub struct StackTrace {
    /// For each bucket the slot of its stack; 0 for none.
    buckets: Area,
    elements: Area,
    free: Freelist,
    locks: Box<[Mutex<()>]>,
    len: u32,
    value_size: u32,
    is_build_id: bool,
}

impl std::fmt::Debug for StackTrace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StackTrace").field("buckets", &self.len).finish_non_exhaustive()
    }
}

impl StackTrace {
    pub(crate) fn new(
        memory: &Memory,
        (max_entries, value_size): (u32, u32),
        is_build_id: bool,
        cpus: u32,
    ) -> Result<Self, OutOfMemory> {
        let len = max_entries.next_power_of_two();
        let element = HEAD + u64::from(value_size);
        Ok(Self {
            buckets: memory.alloc_hidden(4 * u64::from(len))?,
            elements: memory.alloc_hidden(element * u64::from(max_entries))?,
            free: Freelist::new(max_entries, cpus),
            locks: (0..len.min(LOCKS)).map(|_| Mutex::new(())).collect(),
            len,
            value_size,
            is_build_id,
        })
    }

    /// Number of ids: the number of entries, rounded up to a power of two.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are no ids, which no such map has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Frames that a stack has at most: what a value holds, up to `kernel.perf_event_max_stack`.
    #[must_use]
    pub fn max_depth(&self) -> u32 {
        let frame = if self.is_build_id { BUILD_ID_SIZE as u32 } else { 8 };
        (self.value_size / frame).min(super::MAX_STACK)
    }

    fn start(&self, slot: Slot) -> usize {
        slot.index() as usize * (HEAD as usize + self.value_size as usize)
    }

    fn slot(&self, id: u32) -> Option<Slot> {
        let number = self.buckets.load(4 * id as usize, Width::W, Relaxed) as u32;
        (number != 0).then_some(Slot(number))
    }

    fn set_slot(&self, id: u32, to: Option<Slot>) {
        let to = to.map_or(0, |slot| u64::from(slot.0));
        self.buckets.store(4 * id as usize, Width::W, to, Relaxed);
    }

    fn lock(&self, id: u32) -> &Mutex<()> {
        &self.locks[id as usize % self.locks.len()]
    }

    /// Hash and bytes of the stack in a slot.
    fn element(&self, slot: Slot) -> (u32, Vec<u8>) {
        let start = self.start(slot);
        let hash = self.elements.load(start, Width::W, Relaxed) as u32;
        let len = self.elements.load(start + 4, Width::W, Relaxed);
        let mut bytes = vec![0; (len as usize).min(self.value_size as usize)];
        self.elements.read(start + HEAD as usize, &mut bytes);
        (hash, bytes)
    }

    fn bytes_of(&self, ips: &[u64]) -> Vec<u8> {
        if !self.is_build_id {
            return ips.iter().flat_map(|ip| ip.to_le_bytes()).collect();
        }
        // DEVIATION(linux): the machine knows no build ids of the sampled process; every entry is what
        // the kernel writes when it cannot read one: the plain address.
        let entry = |ip: &u64| {
            let mut entry = [0; BUILD_ID_SIZE];
            entry[..4].copy_from_slice(&BUILD_ID_IP.to_le_bytes());
            entry[24..].copy_from_slice(&ip.to_le_bytes());
            entry
        };
        ips.iter().flat_map(entry).collect()
    }

    /// Stores a stack of at most [`Self::max_depth`] addresses, innermost first and frames to skip
    /// already dropped; gives its id. Of `flags`,
    /// only `BPF_F_FAST_STACK_CMP` and `BPF_F_REUSE_STACKID` count.
    ///
    /// # Errors
    /// `EFAULT` for an empty stack, `EEXIST` when another stack has the bucket and may not be replaced,
    /// `ENOMEM` when no element is free.
    pub fn insert(&self, cpu: Cpu, ips: &[u64], flags: u64) -> Result<u32, Errno> {
        let ips = &ips[..ips.len().min(self.max_depth() as usize)];
        if ips.is_empty() {
            return Err(Errno::EFAULT);
        }
        let hash = stack_hash(ips);
        let id = hash & (self.len - 1);
        let bytes = self.bytes_of(ips);
        let _guard = self.lock(id).lock();
        let old = self.slot(id);
        if let Some(old) = old {
            let (old_hash, old_bytes) = self.element(old);
            let is_same = flags & FAST_STACK_CMP != 0 || old_bytes == bytes;
            if old_hash == hash && is_same {
                return Ok(id);
            }
            if flags & REUSE_STACKID == 0 {
                return Err(Errno::EEXIST);
            }
        }
        let new = self.free.pop(cpu).ok_or(Errno::ENOMEM)?;
        let start = self.start(new);
        self.elements.store(start, Width::W, u64::from(hash), Relaxed);
        self.elements.store(start + 4, Width::W, bytes.len() as u64, Relaxed);
        self.elements.write(start + HEAD as usize, &bytes);
        self.set_slot(id, Some(new));
        if let Some(old) = old {
            self.free.push(cpu, old);
        }
        Ok(id)
    }

    /// The bytes of a stack, zeroes to the value size after them.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<Vec<u8>> {
        if id >= self.len {
            return None;
        }
        let _guard = self.lock(id).lock();
        let (_, mut bytes) = self.element(self.slot(id)?);
        bytes.resize(self.value_size as usize, 0);
        Some(bytes)
    }

    /// The addresses of a stack, innermost first, as `bpf_get_stackid` stored them.
    #[must_use]
    pub fn ips(&self, id: u32) -> Option<Vec<u64>> {
        let (step, at) = if self.is_build_id { (BUILD_ID_SIZE, 24) } else { (8, 0) };
        if id >= self.len {
            return None;
        }
        let _guard = self.lock(id).lock();
        let (_, bytes) = self.element(self.slot(id)?);
        let word = |entry: &[u8]| entry[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        bytes.chunks_exact(step).map(word).collect()
    }

    /// Forgets a stack.
    ///
    /// # Errors
    /// `E2BIG` for an id past the end, `ENOENT` when the bucket is empty.
    pub fn delete(&self, cpu: Cpu, id: u32) -> Result<(), Errno> {
        if id >= self.len {
            return Err(Errno::E2BIG);
        }
        let _guard = self.lock(id).lock();
        let slot = self.slot(id).ok_or(Errno::ENOENT)?;
        self.set_slot(id, None);
        self.free.push(cpu, slot);
        Ok(())
    }

    /// The id after one, or the first where that one has no stack (`stack_map_get_next_key`).
    ///
    /// # Errors
    /// `ENOENT` after the last.
    pub fn next(&self, id: Option<u32>) -> Result<u32, Errno> {
        let first = match id {
            Some(id) if id < self.len && self.slot(id).is_some() => id + 1,
            _ => 0,
        };
        (first..self.len).find(|id| self.slot(*id).is_some()).ok_or(Errno::ENOENT)
    }

    /// Ids of all stacks.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u32> {
        (0..self.len).filter(|id| self.slot(*id).is_some())
    }
}
