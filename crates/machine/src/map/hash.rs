//! HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH and HASH_OF_MAPS: `kernel/bpf/hashtab.c`.
//!
//! Updating an element of a plain hash swaps in another one: a pointer from an earlier look-up keeps
//! seeing the old value, until that element is used again. Per-CPU values and inner maps are replaced
//! where they are. Elements stay memory of the map when they are deleted.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use parking_lot::Mutex;
use skep_abi::{Addr, Cpu, Errno};

use super::freelist::Freelist;
use super::lru::Lru;
use super::table::{Bucket, Slot, Table};
use super::update::{UpdateFlags, check_existing};
use super::values::{NewValue, Values};

/// Where elements come from.
pub(crate) enum Pool {
    /// A fixed number of elements, all made with the map.
    Fixed {
        free: Freelist,
        /// For each CPU the element that its next swap uses; none where values are replaced in place.
        extras: Box<[Mutex<Slot>]>,
    },
    /// Elements that are allocated one by one (`BPF_F_NO_PREALLOC`), and their number. A swap allocates
    /// the new one before it frees the old one, so there are more than may be in the map.
    // DEVIATION(linux): the element freed last is reused first here; there the allocator of per-CPU
    // values may have others at hand, and gives memory back to the kernel after a while.
    Alloc { free: Freelist, count: AtomicU32, max: u32 },
    /// The element that was not used for the longest time, when none is free.
    Lru(Lru),
}

impl Pool {
    /// An element for a new key.
    fn insert(&self, cpu: Cpu) -> Result<Slot, Errno> {
        match self {
            Self::Fixed { free, .. } => free.pop(cpu).ok_or(Errno::E2BIG),
            Self::Alloc { free, count, max } => {
                let more = |count| (count < *max).then_some(count + 1);
                count.fetch_update(Relaxed, Relaxed, more).map_err(|_| Errno::E2BIG)?;
                free.pop(cpu).ok_or(Errno::ENOMEM).inspect_err(|_| {
                    count.fetch_sub(1, Relaxed);
                })
            }
            // They are taken before the bucket's lock.
            Self::Lru(_) => Err(Errno::ENOMEM),
        }
    }

    /// The element of a key that was deleted. No bucket's lock may be held.
    fn remove(&self, cpu: Cpu, slot: Slot) {
        match self {
            Self::Fixed { free, .. } => free.push(cpu, slot),
            Self::Alloc { free, count, .. } => {
                free.push(cpu, slot);
                count.fetch_sub(1, Relaxed);
            }
            Self::Lru(lru) => lru.push(slot),
        }
    }
}

/// A hash table.
pub(crate) struct Hash {
    table: Table,
    values: Values,
    pool: Pool,
    key_size: usize,
}

impl Hash {
    pub(crate) fn new(table: Table, values: Values, pool: Pool, key_size: u32) -> Self {
        Self { table, values, pool, key_size: key_size as usize }
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    fn find(&self, key: &[u8]) -> Option<Slot> {
        if key.len() != self.key_size {
            return None;
        }
        let (bucket, hash) = self.table.place(key);
        let _guard = self.table.read(bucket);
        self.table.find(bucket, hash, key)
    }

    /// Looks a value up for a program, which counts as a use.
    pub(crate) fn lookup(&self, key: &[u8], cpu: Cpu) -> Option<Addr> {
        let slot = self.find(key)?;
        if let Pool::Lru(lru) = &self.pool {
            lru.touch(slot);
        }
        self.values.addr(slot.index(), cpu)
    }

    /// Copies a value out for user space, which is no use.
    pub(crate) fn user_value(&self, key: &[u8]) -> Option<Vec<u8>> {
        let (bucket, hash) = self.table.place(key);
        let _guard = self.table.read(bucket);
        let slot = self.table.find(bucket, hash, key)?;
        Some(self.values.user_bytes(slot.index()))
    }

    /// Inserts or replaces.
    pub(crate) fn update(
        &self,
        cpu: Cpu,
        key: &[u8],
        value: NewValue<'_>,
        flags: UpdateFlags,
    ) -> Result<(), Errno> {
        if key.len() != self.key_size || !self.values.takes(value) {
            return Err(Errno::EINVAL);
        }
        if let Pool::Lru(lru) = &self.pool {
            return self.update_lru(lru, cpu, key, value, flags);
        }
        let (bucket, hash) = self.table.place(key);
        let _guard = self.table.write(bucket);
        let old = self.table.find(bucket, hash, key);
        check_existing(old.is_some(), flags)?;
        match (old, &self.pool) {
            (None, pool) => {
                let slot = pool.insert(cpu)?;
                self.values.write(slot.index(), cpu, value, true);
                self.table.link(bucket, hash, slot, key);
            }
            (Some(old), _) if self.values.is_in_place() => {
                self.replace(old, cpu, value);
            }
            (Some(old), Pool::Fixed { extras, .. }) => {
                let mut extra = extras[cpu.0 as usize % extras.len()].lock();
                let new = std::mem::replace(&mut *extra, old);
                self.swap(bucket, hash, old, new, key, cpu, value);
            }
            (Some(old), Pool::Alloc { free, .. }) => {
                let new = free.pop(cpu).ok_or(Errno::ENOMEM)?;
                self.swap(bucket, hash, old, new, key, cpu, value);
                free.push(cpu, old);
            }
            // Handled above.
            (Some(_), Pool::Lru(_)) => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one step of an update with all that it decided")]
    fn swap(
        &self,
        bucket: Bucket,
        hash: u32,
        old: Slot,
        new: Slot,
        key: &[u8],
        cpu: Cpu,
        value: NewValue<'_>,
    ) {
        self.values.write(new.index(), cpu, value, true);
        self.table.link(bucket, hash, new, key);
        self.table.unlink(bucket, old);
        self.values.free_fields(old.index(), None);
    }

    /// Replaces a value where it is.
    // DEVIATION(linux): kernels without a fix of late 2025, which stable kernels have too, forget to give up what the
    // fields of a replaced per-CPU value own.
    fn replace(&self, slot: Slot, cpu: Cpu, value: NewValue<'_>) {
        self.values.write(slot.index(), cpu, value, false);
        self.values.free_fields(slot.index(), Some((cpu, value)));
    }

    fn update_lru(
        &self,
        lru: &Lru,
        cpu: Cpu,
        key: &[u8],
        value: NewValue<'_>,
        flags: UpdateFlags,
    ) -> Result<(), Errno> {
        let (bucket, hash) = self.table.place(key);
        // Taking an element may evict one from any bucket, so it comes before this bucket's lock. It is
        // needed unless the element exists, which may change until the lock is held.
        let mut spare = None;
        loop {
            let guard = self.table.write(bucket);
            let old = self.table.find(bucket, hash, key);
            let checked = check_existing(old.is_some(), flags);
            if let (Ok(()), Some(old)) = (checked, old)
                && (self.values.is_in_place() || spare.is_some())
            {
                lru.touch(old);
                if let Some(new) = spare.take_if(|_| !self.values.is_in_place()) {
                    self.swap(bucket, hash, old, new, key, cpu, value);
                    lru.touch(new);
                    spare = Some(old);
                } else {
                    self.replace(old, cpu, value);
                }
            } else if let (Ok(()), None, Some(new)) = (checked, old, spare) {
                self.values.write(new.index(), cpu, value, true);
                self.table.link(bucket, hash, new, key);
                spare = None;
            } else if checked.is_ok() {
                drop(guard);
                let taken = lru.pop(cpu, &self.table).ok_or(Errno::ENOMEM)?;
                // What was evicted owns nothing any more.
                self.values.free_fields(taken.index(), None);
                spare = Some(taken);
                continue;
            }
            drop(guard);
            if let Some(unused) = spare {
                lru.push(unused);
            }
            return checked;
        }
    }

    /// Deletes; gives the value as user space reads it.
    pub(crate) fn take(&self, cpu: Cpu, key: &[u8], wants_value: bool) -> Result<Vec<u8>, Errno> {
        if key.len() != self.key_size {
            return Err(Errno::EINVAL);
        }
        let (bucket, hash) = self.table.place(key);
        let guard = self.table.write(bucket);
        let slot = self.table.find(bucket, hash, key).ok_or(Errno::ENOENT)?;
        let value = if wants_value { self.values.user_bytes(slot.index()) } else { Vec::new() };
        self.table.unlink(bucket, slot);
        drop(guard);
        self.values.free_fields(slot.index(), None);
        self.pool.remove(cpu, slot);
        Ok(value)
    }

    /// All elements as user space reads them.
    pub(crate) fn entries(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut entries = Vec::new();
        for bucket in self.table.buckets_from(0) {
            let _guard = self.table.read(bucket);
            entries.extend(self.table.chain(bucket).map(|slot| {
                (self.table.keys().bytes(slot.index()), self.values.user_bytes(slot.index()))
            }));
        }
        entries
    }
}
