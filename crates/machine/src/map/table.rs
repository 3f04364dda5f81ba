//! Buckets of a hash table: chains of slots, new ones at the head, as in `kernel/bpf/hashtab.c`.
//!
//! Heads and links lie in machine memory that no program can reach, so that a large table that is
//! hardly used costs hardly anything. Chains are read and changed under the lock of their bucket, which
//! a few buckets share. A bucket's order is the kernel's; with `BPF_F_ZERO_SEED` so is the table's.

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::jhash::key_hash;
use crate::memory::{Area, Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Width, Window};
use std::sync::atomic::Ordering::Relaxed;

/// Number of an element, from 1; 0 is the end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// Index of the element in slabs.
    pub(crate) fn index(self) -> u64 {
        u64::from(self.0 - 1)
    }

    fn some(number: u64) -> Option<Self> {
        // Links are stored as 32 bits.
        (number != 0).then_some(Self(number as u32))
    }
}

/// Number of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket(pub(crate) u32);

/// Locks at most; buckets share them in turn.
const LOCKS: u32 = 256;

/// Chains and keys.
pub(crate) struct Table {
    heads: Area,
    /// For each slot: the next slot of its chain, and the hash of its key.
    nodes: Area,
    keys: Slab,
    locks: Box<[RwLock<()>]>,
    buckets: u32,
}

impl Table {
    /// For `slots` elements in `buckets` buckets, a power of two.
    pub(crate) fn new(
        memory: &Memory,
        map: &str,
        key_size: u32,
        slots: u32,
        buckets: u32,
    ) -> Result<Self, OutOfMemory> {
        let label = Label::new("key", map);
        let mut spec = SlabSpec::new(Window::Maps, u64::from(key_size), u64::from(slots), label);
        spec.rights = Rights::READ_ONLY;
        Ok(Self {
            heads: memory.alloc_hidden(4 * u64::from(buckets))?,
            nodes: memory.alloc_hidden(8 * u64::from(slots))?,
            keys: memory.alloc(&spec)?,
            locks: (0..buckets.min(LOCKS)).map(|_| RwLock::new(())).collect(),
            buckets,
        })
    }

    /// Hash of a key and the bucket it belongs to.
    // DEVIATION(linux): the kernel's seed is random unless BPF_F_ZERO_SEED asks for none; here it is
    // always none, so that runs repeat. Only the order of elements shows it.
    pub(crate) fn place(&self, key: &[u8]) -> (Bucket, u32) {
        let hash = key_hash(key, 0);
        (Bucket(hash & (self.buckets - 1)), hash)
    }

    fn lock(&self, bucket: Bucket) -> &RwLock<()> {
        &self.locks[bucket.0 as usize % self.locks.len()]
    }

    /// Keeps the chain of a bucket as it is.
    pub(crate) fn read(&self, bucket: Bucket) -> RwLockReadGuard<'_, ()> {
        self.lock(bucket).read()
    }

    /// Allows to change the chain of a bucket.
    pub(crate) fn write(&self, bucket: Bucket) -> RwLockWriteGuard<'_, ()> {
        self.lock(bucket).write()
    }

    fn head(&self, bucket: Bucket) -> Option<Slot> {
        Slot::some(self.heads.load(4 * bucket.0 as usize, Width::W, Relaxed))
    }

    fn next(&self, slot: Slot) -> Option<Slot> {
        Slot::some(self.nodes.load(8 * slot.index() as usize, Width::W, Relaxed))
    }

    fn hash_of(&self, slot: Slot) -> u32 {
        self.nodes.load(8 * slot.index() as usize + 4, Width::W, Relaxed) as u32
    }

    fn set_head(&self, bucket: Bucket, to: Option<Slot>) {
        let to = to.map_or(0, |slot| u64::from(slot.0));
        self.heads.store(4 * bucket.0 as usize, Width::W, to, Relaxed);
    }

    fn set_next(&self, slot: Slot, to: Option<Slot>) {
        let to = to.map_or(0, |slot| u64::from(slot.0));
        self.nodes.store(8 * slot.index() as usize, Width::W, to, Relaxed);
    }

    /// The slots of a bucket, its lock held.
    pub(crate) fn chain(&self, bucket: Bucket) -> impl Iterator<Item = Slot> {
        std::iter::successors(self.head(bucket), |slot| self.next(*slot))
    }

    /// The element with this key, the bucket's lock held.
    pub(crate) fn find(&self, bucket: Bucket, hash: u32, key: &[u8]) -> Option<Slot> {
        self.chain(bucket)
            .find(|slot| self.hash_of(*slot) == hash && self.keys.equals(slot.index(), key))
    }

    /// Puts a new element at the head of its bucket, the bucket's write lock held.
    pub(crate) fn link(&self, bucket: Bucket, hash: u32, slot: Slot, key: &[u8]) {
        self.keys.write(slot.index(), 0, key);
        self.nodes.store(8 * slot.index() as usize + 4, Width::W, u64::from(hash), Relaxed);
        self.set_next(slot, self.head(bucket));
        self.set_head(bucket, Some(slot));
    }

    /// Takes an element out of its bucket, the bucket's write lock held; false when it is not there.
    pub(crate) fn unlink(&self, bucket: Bucket, slot: Slot) -> bool {
        let mut before = None;
        for at in self.chain(bucket) {
            if at == slot {
                match before {
                    Some(before) => self.set_next(before, self.next(slot)),
                    None => self.set_head(bucket, self.next(slot)),
                }
                return true;
            }
            before = Some(at);
        }
        false
    }

    /// The bucket that a linked element is in.
    pub(crate) fn bucket_of(&self, slot: Slot) -> Bucket {
        Bucket(self.hash_of(slot) & (self.buckets - 1))
    }

    /// Buckets from one on.
    pub(crate) fn buckets_from(&self, first: u32) -> impl Iterator<Item = Bucket> + use<> {
        (first..self.buckets).map(Bucket)
    }

    /// Keys by slot.
    pub(crate) fn keys(&self) -> &Slab {
        &self.keys
    }

    /// The element after the one with this key, or the first when there is none (`get_next_key`).
    pub(crate) fn next_key(&self, key: Option<&[u8]>) -> Option<Vec<u8>> {
        let mut from = 0;
        if let Some(key) = key {
            let (bucket, hash) = self.place(key);
            let guard = self.read(bucket);
            if let Some(slot) = self.find(bucket, hash, key) {
                if let Some(next) = self.next(slot) {
                    return Some(self.keys.bytes(next.index()));
                }
                from = bucket.0 + 1;
            }
            drop(guard);
        }
        self.buckets_from(from).find_map(|bucket| {
            // A look without the lock spares most of an empty table's locks.
            self.head(bucket)?;
            let _guard = self.read(bucket);
            self.head(bucket).map(|slot| self.keys.bytes(slot.index()))
        })
    }
}
