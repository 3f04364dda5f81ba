//! What `bpf(2)` does with a map: `kernel/bpf/syscall.c`.
//!
//! Where the kernel takes file descriptors of inner maps, user space here gives their numbers; programs
//! go into a PROG_ARRAY through [`super::ProgArray::set`] and events through
//! [`super::PerfEventArray::set`].

use std::sync::atomic::Ordering::{AcqRel, Acquire};

use skep_abi::{Cpu, Errno, KernelVersion, MapId, MapType};

use super::array::{index_of, next_index};
use super::values::NewValue;
use super::{Body, LocalStorage, Map, MapFlags, UpdateFlags};
use crate::Machine;

/// The CPU that user space runs on, whose free elements its updates use.
const CPU: Cpu = Cpu(0);

/// The release in which stack traces can be taken.
const STACK_TRACE_TAKE: KernelVersion = KernelVersion::new(6, 18);

/// A map as user space sees it. Values of per-CPU maps are those of all CPUs, each rounded up to 8 bytes.
#[derive(Clone, Copy, Debug)]
pub struct UserSide<'m> {
    machine: &'m Machine,
    map: &'m Map,
}

impl<'m> UserSide<'m> {
    pub(crate) fn new(machine: &'m Machine, map: &'m Map) -> Self {
        Self { machine, map }
    }

    pub(super) fn machine(&self) -> &'m Machine {
        self.machine
    }

    /// The map.
    #[must_use]
    pub fn map(&self) -> &'m Map {
        self.map
    }

    /// Bytes of a value for user space (`bpf_map_value_size`).
    #[must_use]
    pub fn value_size(&self) -> usize {
        match &self.map.body {
            Body::Array(array) => array.values().user_size(),
            Body::Hash(hash) => hash.values().user_size(),
            _ => self.map.def.value_size as usize,
        }
    }

    fn may_read(&self) -> Result<(), Errno> {
        if self.map.def.flags.contains(MapFlags::WRONLY) { Err(Errno::EPERM) } else { Ok(()) }
    }

    fn may_write(&self) -> Result<(), Errno> {
        let is_frozen = self.map.frozen.load(Acquire);
        if is_frozen || self.map.def.flags.contains(MapFlags::RDONLY) {
            Err(Errno::EPERM)
        } else {
            Ok(())
        }
    }

    /// Flags of a look-up: none but LOCK exist, and only local storage has the spin lock that it needs. The kernel
    /// looks at access in between. *Returns* whether the lock is wanted.
    fn check_flags(&self, flags: u64, access: Result<(), Errno>) -> Result<bool, Errno> {
        if flags & !UpdateFlags::LOCK.bits() != 0 {
            return Err(Errno::EINVAL);
        }
        access?;
        if flags == 0 || self.has_lock() { Ok(flags != 0) } else { Err(Errno::EINVAL) }
    }

    fn has_lock(&self) -> bool {
        self.map.local_storage().is_some_and(LocalStorage::has_lock)
    }

    fn checked<'k>(&self, key: &'k [u8]) -> Result<&'k [u8], Errno> {
        if key.len() == self.map.def.key_size as usize { Ok(key) } else { Err(Errno::EINVAL) }
    }

    /// `BPF_MAP_LOOKUP_ELEM` of a Bloom filter: whether a value may be in it.
    ///
    /// # Errors
    /// `ENOENT` when it is not; `EPERM` for a map that user space only writes; `EINVAL` for a value of another size and
    /// for other maps.
    pub fn contains(&self, value: &[u8]) -> Result<(), Errno> {
        self.may_read()?;
        self.map.contains(value)
    }

    /// `BPF_MAP_LOOKUP_ELEM`: the value, or the number of the inner map or program.
    ///
    /// # Errors
    /// `ENOENT` when there is none, `EPERM` for a map that user space only writes, `ENOTSUPP` for kinds
    /// without look-ups, `EINVAL` for flags (none are known without spin locks) or a key of another size.
    pub fn lookup(&self, key: &[u8], flags: u64) -> Result<Vec<u8>, Errno> {
        let is_locked = self.check_flags(flags, self.may_read())?;
        let key = self.checked(key)?;
        match &self.map.body {
            Body::Array(array) => {
                let index = array.index(key).ok_or(Errno::ENOENT)?;
                if self.map.map_type().is_map_in_map() {
                    array.inner(key).ok_or(Errno::ENOENT)?;
                }
                Ok(array.values().user_bytes(index))
            }
            Body::Hash(hash) => hash.user_value(key).ok_or(Errno::ENOENT),
            Body::LpmTrie(trie) => trie.user_value(key).ok_or(Errno::ENOENT),
            Body::QueueStack(map) => map.peek(),
            // The kernel asks for the value that user space has in its buffer, which is none here.
            Body::BloomFilter(map) => {
                let value = vec![0; self.value_size()];
                map.contains(&value).map(|()| value)
            }
            Body::StackTrace(map) => index_of(key).and_then(|id| map.get(id)).ok_or(Errno::ENOENT),
            Body::ProgArray(map) => {
                let prog = index_of(key).and_then(|index| map.get(index)).ok_or(Errno::ENOENT)?;
                Ok(prog.0.to_le_bytes().to_vec())
            }
            Body::PerfEventArray(_) | Body::Ringbuf(_) => Err(Errno::ENOTSUPP),
            Body::CgroupStorage(_) | Body::Slots(_) => Err(Errno::ENOENT),
            Body::LocalStorage(storage) => {
                storage.user_value(self.owner(key)?, is_locked).ok_or(Errno::ENOENT)
            }
        }
    }

    /// `BPF_MAP_UPDATE_ELEM`.
    ///
    /// # Errors
    /// As [`Map::update`]; `EPERM` for a frozen map and one that user space only reads; for maps of maps
    /// `EBADF` when there is no map with the number, `EINVAL` when its shape is not the inner maps'.
    pub fn update(&self, key: &[u8], value: &[u8], flags: u64) -> Result<(), Errno> {
        self.may_write()?;
        if flags & UpdateFlags::LOCK.bits() != 0 && !self.has_lock() {
            return Err(Errno::EINVAL);
        }
        self.store(self.checked(key)?, value, flags)?;
        // What was there before goes.
        self.machine.rcu().run_callbacks();
        Ok(())
    }

    fn store(&self, key: &[u8], value: &[u8], flags: u64) -> Result<(), Errno> {
        if let Body::LocalStorage(storage) = &self.map.body {
            let owner = self.owner(key)?;
            if value.len() != self.map.def.value_size as usize {
                return Err(Errno::EINVAL);
            }
            return storage.update(owner, value, UpdateFlags::parse(flags)?);
        }
        match self.map.map_type() {
            MapType::Ringbuf => Err(Errno::ENOTSUPP),
            MapType::CgroupStorage | MapType::PercpuCgroupStorage => Err(Errno::ENOENT),
            MapType::CgroupArray
            | MapType::Devmap
            | MapType::DevmapHash
            | MapType::Sockmap
            | MapType::Sockhash
            | MapType::Cpumap
            | MapType::Xskmap => Err(Errno::EBADF),
            MapType::StackTrace => Err(Errno::EINVAL),
            MapType::Queue | MapType::Stack | MapType::BloomFilter => self.map.push(value, flags),
            MapType::ProgArray | MapType::PerfEventArray => {
                self.check_slot(key, flags)?;
                Err(Errno::EBADF)
            }
            MapType::ArrayOfMaps | MapType::HashOfMaps => {
                let number = value.try_into().map(u32::from_le_bytes).map_err(|_| Errno::EINVAL)?;
                self.set_inner(key, MapId(number), flags)
            }
            _ => self.map.write(CPU, key, NewValue::User(value), flags),
        }
    }

    /// Puts a map into a map of maps.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub fn set_inner(&self, key: &[u8], id: MapId, flags: u64) -> Result<(), Errno> {
        if self.map.map_type() == MapType::ArrayOfMaps {
            self.check_slot(key, flags)?;
        }
        let inner = self.machine.map(id).ok_or(Errno::EBADF)?;
        let fits = self.map.def.inner.as_ref().is_some_and(|shape| shape.may_hold(inner.def()));
        if !fits {
            return Err(Errno::EINVAL);
        }
        self.map.write(CPU, key, NewValue::Map(id), flags)
    }

    /// What all arrays of descriptors demand of an update.
    fn check_slot(&self, key: &[u8], flags: u64) -> Result<(), Errno> {
        if flags != 0 {
            return Err(Errno::EINVAL);
        }
        match index_of(key) {
            Some(index) if index < self.map.def.max_entries => Ok(()),
            _ => Err(Errno::E2BIG),
        }
    }

    /// `BPF_MAP_DELETE_ELEM`.
    ///
    /// # Errors
    /// `ENOENT` when there is none, `EINVAL` for arrays, `E2BIG` past the end of slots, `EPERM` as for
    /// updates, `ENOTSUPP` for ring buffers.
    pub fn delete(&self, key: &[u8]) -> Result<(), Errno> {
        self.may_write()?;
        self.remove(self.checked(key)?)?;
        self.machine.rcu().run_callbacks();
        Ok(())
    }

    fn remove(&self, key: &[u8]) -> Result<(), Errno> {
        let index = index_of(key).unwrap_or(u32::MAX);
        match &self.map.body {
            Body::Array(array) if self.map.map_type() == MapType::ArrayOfMaps => {
                let at = array.index(key).ok_or(Errno::E2BIG)?;
                array.inner(key).ok_or(Errno::ENOENT)?;
                array.values().set_inner(at, None);
                Ok(())
            }
            Body::Array(_) => Err(Errno::EINVAL),
            Body::Hash(hash) => hash.take(CPU, key, false).map(drop),
            Body::LpmTrie(trie) => trie.delete(key),
            Body::QueueStack(_) => Err(Errno::EINVAL),
            Body::BloomFilter(_) => Err(Errno::EOPNOTSUPP),
            Body::StackTrace(map) => map.delete(CPU, index),
            Body::ProgArray(map) => map.delete(index),
            Body::PerfEventArray(map) => map.delete(index),
            Body::Ringbuf(_) => Err(Errno::ENOTSUPP),
            Body::CgroupStorage(_) => Err(Errno::EINVAL),
            Body::Slots(_) => Err(Errno::ENOENT),
            Body::LocalStorage(storage) => storage.delete(self.owner(key)?),
        }
    }

    /// `BPF_MAP_LOOKUP_AND_DELETE_ELEM`.
    ///
    /// # Errors
    /// `ENOTSUPP` for kinds other than hashes and (since 6.18) stack traces; else as a look-up and a delete.
    pub fn take(&self, key: &[u8], flags: u64) -> Result<Vec<u8>, Errno> {
        self.check_flags(flags, self.may_read().and(self.may_write()))?;
        let key = self.checked(key)?;
        match &self.map.body {
            Body::Hash(hash) if !self.map.map_type().is_map_in_map() => hash.take(CPU, key, true),
            Body::QueueStack(map) => map.pop(),
            Body::StackTrace(map) if self.machine.version() >= STACK_TRACE_TAKE => {
                let id = index_of(key).ok_or(Errno::EINVAL)?;
                let value = map.get(id).ok_or(Errno::ENOENT)?;
                map.delete(CPU, id).map(|()| value)
            }
            _ => Err(Errno::ENOTSUPP),
        }
    }

    /// `BPF_MAP_GET_NEXT_KEY`: the key after one, the first for `None` and after a key that is not there.
    ///
    /// # Errors
    /// `ENOENT` after the last, `EPERM` for a map that user space only writes, `ENOTSUPP` for ring buffers.
    pub fn next_key(&self, key: Option<&[u8]>) -> Result<Vec<u8>, Errno> {
        self.may_read()?;
        let key = key.map(|key| self.checked(key)).transpose()?;
        let index = key.and_then(index_of);
        let next = match &self.map.body {
            Body::Hash(hash) => return hash.table().next_key(key).ok_or(Errno::ENOENT),
            Body::LpmTrie(trie) => return trie.next_key(key).ok_or(Errno::ENOENT),
            Body::QueueStack(_) => return Err(Errno::EINVAL),
            Body::BloomFilter(_) => return Err(Errno::EOPNOTSUPP),
            Body::Array(array) => next_index(key, array.len())?,
            Body::ProgArray(map) => next_index(key, map.len())?,
            Body::PerfEventArray(map) => next_index(key, map.len())?,
            Body::StackTrace(map) => map.next(index)?,
            Body::Ringbuf(_) | Body::LocalStorage(_) => return Err(Errno::ENOTSUPP),
            Body::CgroupStorage(_) => return Err(Errno::ENOENT),
            Body::Slots(slots) => next_index(key, slots.len())?,
        };
        Ok(next.to_le_bytes().to_vec())
    }

    /// `BPF_MAP_FREEZE`: user space writes no more; programs may.
    ///
    /// # Errors
    /// `EPERM` when user space may not write anyway, for one because the map is frozen; `ENOTSUPP` where values have
    /// special fields.
    pub fn freeze(&self) -> Result<(), Errno> {
        if !self.map.def.fields.is_empty() {
            return Err(Errno::ENOTSUPP);
        }
        self.may_write()?;
        if self.map.frozen.swap(true, AcqRel) { Err(Errno::EPERM) } else { Ok(()) }
    }

    /// All keys with their values, whatever access user space has: for printing. Empty slots are left out;
    /// a ring buffer and a Bloom filter have none. Values of local storage have the numbers of their owners for keys, those
    /// of queues and stacks the order in which they are taken.
    #[must_use]
    pub fn entries(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let key = |index: u32| index.to_le_bytes().to_vec();
        match &self.map.body {
            Body::Array(array) => (0..array.len())
                .filter(|i| {
                    !self.map.map_type().is_map_in_map()
                        || array.values().inner(u64::from(*i)).is_some()
                })
                .map(|i| (key(i), array.values().user_bytes(u64::from(i))))
                .collect(),
            Body::Hash(hash) => hash.entries(),
            Body::LpmTrie(trie) => trie.entries(),
            // There are no keys: values have their places, the one that is taken next first.
            Body::QueueStack(map) => (0..).map(key).zip(map.values()).collect(),
            Body::StackTrace(map) => {
                map.ids().filter_map(|id| Some((key(id), map.get(id)?))).collect()
            }
            Body::ProgArray(map) => (0..map.len())
                .filter_map(|i| Some((key(i), map.get(i)?.0.to_le_bytes().to_vec())))
                .collect(),
            Body::LocalStorage(storage) => {
                let named = storage.entries().into_iter();
                let mut named: Vec<_> =
                    named.map(|(owner, value)| (self.number_of(owner), value)).collect();
                named.sort_unstable();
                named.into_iter().map(|(number, value)| (key(number), value)).collect()
            }
            Body::PerfEventArray(_)
            | Body::Ringbuf(_)
            | Body::CgroupStorage(_)
            | Body::BloomFilter(_)
            | Body::Slots(_) => Vec::new(),
        }
    }

    /// The values of each CPU in a per-CPU value as user space reads it, CPU 0 first, without padding; the
    /// value itself in other maps.
    #[must_use]
    pub fn percpu_values(&self, value: &[u8]) -> Vec<Vec<u8>> {
        if !self.map.map_type().is_percpu() {
            return vec![value.to_vec()];
        }
        let size = self.map.def.value_size as usize;
        value
            .chunks(size.next_multiple_of(8))
            .map(|one| one[..size.min(one.len())].to_vec())
            .collect()
    }
}
