//! Maps with the kernel's semantics: `kernel/bpf/syscall.c` and a file for each kind.
//!
//! Operations of [`Map`] are what the `bpf_map_*` helpers do for a program on a CPU: look-ups give
//! addresses, updates of a per-CPU map touch that CPU's value. What `bpf(2)` does for user space is
//! [`UserSide`]'s.

mod array;
mod bloom_filter;
mod check;
mod create;
mod def;
mod field;
mod freelist;
mod hash;
mod jhash;
mod local_storage;
mod lpm_trie;
mod lru;
mod maps;
mod object;
mod owner;
mod perf_event_array;
mod possible;
mod prog_array;
mod queue_stack;
mod ringbuf;
mod selem;
mod slots;
mod stack_trace;
mod table;
#[cfg(test)]
mod tests;
mod update;
mod user;
mod values;
mod walk;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use skep_abi::{Addr, Cpu, Errno, MapId, MapType};

use crate::cpu::Rcu;
use crate::kptr::Dtors;
use crate::memory::Slab;
use array::Array;
use bloom_filter::BloomFilter;
pub use def::{KeyType, MapDef, MapError, MapFlags};
use hash::Hash;
pub(crate) use local_storage::LocalStorages;
pub use local_storage::{LocalStorage, StorageLock};
use lpm_trie::LpmTrie;
pub(crate) use object::MapObjects;
pub use perf_event_array::{INDEX_MASK, PerfEventArray, PerfSlot};
pub use prog_array::ProgArray;
use queue_stack::QueueStack;
pub use ringbuf::Ringbuf;
use slots::Slots;
pub use stack_trace::StackTrace;
pub use update::UpdateFlags;
pub use user::UserSide;
use values::NewValue;
pub use walk::Walk;

/// The kinds that the machine has.
pub const KINDS: &[MapType] = &[
    MapType::Hash,
    MapType::Array,
    MapType::ProgArray,
    MapType::PerfEventArray,
    MapType::PercpuHash,
    MapType::PercpuArray,
    MapType::StackTrace,
    MapType::LruHash,
    MapType::LruPercpuHash,
    MapType::ArrayOfMaps,
    MapType::HashOfMaps,
    MapType::LpmTrie,
    MapType::Queue,
    MapType::Stack,
    MapType::BloomFilter,
    MapType::Ringbuf,
    MapType::CgroupStorage,
    MapType::PercpuCgroupStorage,
    MapType::CgroupArray,
    MapType::Devmap,
    MapType::DevmapHash,
    MapType::Sockmap,
    MapType::Sockhash,
    MapType::Cpumap,
    MapType::Xskmap,
    MapType::SkStorage,
    MapType::InodeStorage,
    MapType::TaskStorage,
    MapType::CgrpStorage,
];
pub(crate) use possible::PossibleCpus;
pub(crate) use walk::WalkKeys;

/// Frames of a stack at most (`kernel.perf_event_max_stack`).
pub const MAX_STACK: u32 = 127;

/// What all maps of a machine share.
#[derive(Clone, Debug)]
pub(crate) struct MapEnv {
    /// `struct bpf_map` of each map, by its number.
    pub(crate) objects: Slab,
    pub(crate) walk_keys: Arc<WalkKeys>,
    pub(crate) possible: PossibleCpus,
    /// `nr_cpu_ids`.
    pub(crate) cpus: u32,
    /// `nr_node_ids`.
    pub(crate) nodes: u32,
    pub(crate) dtors: Arc<Dtors>,
    pub(crate) storages: Arc<LocalStorages>,
    pub(crate) rcu: Arc<Rcu>,
}

/// What is in a map.
pub(crate) enum Body {
    Array(Array),
    Hash(Hash),
    StackTrace(StackTrace),
    PerfEventArray(PerfEventArray),
    ProgArray(ProgArray),
    Ringbuf(Ringbuf),
    /// The value that a program has for the cgroup that it runs in.
    CgroupStorage(Array),
    /// Slots for sockets, devices, cgroups or CPUs.
    Slots(Slots),
    LpmTrie(LpmTrie),
    QueueStack(QueueStack),
    BloomFilter(BloomFilter),
    /// Values of kernel objects.
    LocalStorage(LocalStorage),
}

/// A live map. It lives as long as its machine.
pub struct Map {
    id: MapId,
    def: MapDef,
    env: MapEnv,
    body: Body,
    frozen: AtomicBool,
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Map").field("id", &self.id).field("def", &self.def).finish_non_exhaustive()
    }
}

impl Map {
    /// Its number in the machine.
    #[must_use]
    pub fn id(&self) -> MapId {
        self.id
    }

    /// Address of its `struct bpf_map`, which is what `ld_imm64` of a map gives.
    #[must_use]
    pub fn addr(&self) -> Addr {
        self.env.objects.addr(u64::from(self.id.0))
    }

    /// How it was created.
    #[must_use]
    pub fn def(&self) -> &MapDef {
        &self.def
    }

    /// Name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.def.name
    }

    /// Kind.
    #[must_use]
    pub fn map_type(&self) -> MapType {
        self.def.map_type
    }

    /// Address of a value: this CPU's in a per-CPU map, the inner map's `struct bpf_map` in a map of maps.
    /// In an LRU hash this is a use.
    #[must_use]
    pub fn lookup(&self, cpu: Cpu, key: &[u8]) -> Option<Addr> {
        match &self.body {
            Body::Array(array) => array.lookup(key, cpu),
            Body::Hash(hash) => hash.lookup(key, cpu),
            Body::LpmTrie(trie) => trie.lookup(key),
            _ => None,
        }
    }

    /// Address of the value of CPU `of` (`bpf_map_lookup_percpu_elem`); `None` for a CPU that does not
    /// exist, and in a map that is not per-CPU.
    #[must_use]
    pub fn lookup_percpu(&self, key: &[u8], of: Cpu) -> Option<Addr> {
        if self.map_type().is_percpu() { self.lookup(of, key) } else { None }
    }

    /// Address of a byte in the first value of an array, which is what `ld_imm64` of a map value gives
    /// (`map_direct_value_addr`): arrays of one element only, as global data are.
    ///
    /// # Errors
    /// `EINVAL` for other maps and for an offset past the value.
    pub fn value_addr(&self, offset: u32) -> Result<Addr, Errno> {
        if self.map_type() != MapType::Array
            || self.def.max_entries != 1
            || offset >= self.def.value_size
        {
            return Err(Errno::EINVAL);
        }
        let value = self.lookup(Cpu(0), &[0; 4]).ok_or(Errno::EINVAL)?;
        Ok(value.offset(i64::from(offset)))
    }

    /// `bpf_map_update_elem` on a CPU; key and value have the map's sizes.
    ///
    /// # Errors
    /// `EINVAL` for bad flags or sizes and for kinds that programs cannot update; `E2BIG` past an array's
    /// end and in a full hash, `EEXIST` and `ENOENT` as the flags say, `ENOMEM` in an LRU hash all of
    /// whose elements are on their way.
    pub fn update(&self, cpu: Cpu, key: &[u8], value: &[u8], flags: u64) -> Result<(), Errno> {
        self.write(cpu, key, NewValue::Program(value), flags)
    }

    fn write(&self, cpu: Cpu, key: &[u8], value: NewValue<'_>, flags: u64) -> Result<(), Errno> {
        let flags = UpdateFlags::parse(flags)?;
        match &self.body {
            Body::Array(array) => array.update(cpu, key, value, flags),
            Body::Hash(hash) => hash.update(cpu, key, value, flags.without_lock()?),
            Body::LpmTrie(trie) => match value {
                NewValue::Program(bytes) | NewValue::User(bytes) => trie.update(key, bytes, flags),
                NewValue::Map(_) => Err(Errno::EINVAL),
            },
            _ => Err(Errno::EINVAL),
        }
    }

    /// `bpf_map_delete_elem` on a CPU.
    ///
    /// # Errors
    /// `ENOENT` when there is no such element, `EINVAL` for arrays and for kinds that programs cannot
    /// delete from.
    pub fn delete(&self, cpu: Cpu, key: &[u8]) -> Result<(), Errno> {
        match &self.body {
            Body::Hash(hash) => hash.take(cpu, key, false).map(drop),
            Body::LpmTrie(trie) => trie.delete(key),
            _ => Err(Errno::EINVAL),
        }
    }

    /// `bpf_map_push_elem`: a value into a queue, onto a stack, into a Bloom filter.
    ///
    /// # Errors
    /// `E2BIG` for a full queue or stack without EXIST; `EINVAL` for other flags, sizes and kinds.
    pub fn push(&self, value: &[u8], flags: u64) -> Result<(), Errno> {
        match &self.body {
            Body::QueueStack(map) => map.push(value, flags),
            Body::BloomFilter(map) => map.push(value, flags),
            _ => Err(Errno::EINVAL),
        }
    }

    /// `bpf_map_pop_elem`: takes a value out of a queue or off a stack.
    ///
    /// # Errors
    /// `ENOENT` when there is none, `EOPNOTSUPP` for Bloom filters, `EINVAL` for other kinds.
    pub fn pop(&self) -> Result<Vec<u8>, Errno> {
        match &self.body {
            Body::QueueStack(map) => map.pop(),
            Body::BloomFilter(_) => Err(Errno::EOPNOTSUPP),
            _ => Err(Errno::EINVAL),
        }
    }

    /// `bpf_map_peek_elem` of a queue or stack: copies the value that would be taken.
    ///
    /// # Errors
    /// `ENOENT` when there is none, `EINVAL` for other kinds.
    pub fn peek(&self) -> Result<Vec<u8>, Errno> {
        match &self.body {
            Body::QueueStack(map) => map.peek(),
            _ => Err(Errno::EINVAL),
        }
    }

    /// `bpf_map_peek_elem` of a Bloom filter: whether a value may be in it.
    ///
    /// # Errors
    /// `ENOENT` when it is not, `EINVAL` for another size and other kinds.
    pub fn contains(&self, value: &[u8]) -> Result<(), Errno> {
        match &self.body {
            Body::BloomFilter(map) => map.contains(value),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Shows each reference that a value owns: offset of the field, its address, the object.
    pub(crate) fn each_kptr(&self, show: &mut dyn FnMut(u32, Addr, Addr)) {
        match &self.body {
            Body::Array(array) => array.values().each_kptr(show),
            Body::Hash(hash) => hash.values().each_kptr(show),
            Body::LocalStorage(storage) => storage.each_kptr(show),
            _ => {}
        }
    }

    /// Gives up what the map's values own, as freeing the map does.
    pub fn free_fields(&self) {
        match &self.body {
            Body::Array(array) => array.values().free_all(),
            Body::Hash(hash) => hash.values().free_all(),
            Body::LocalStorage(storage) => storage.free_all(),
            _ => {}
        }
    }

    /// Starts `bpf_for_each_map_elem`.
    ///
    /// # Errors
    /// `EINVAL` for kinds that have no such walk; `EBUSY` when too many walks over arrays are under way.
    pub fn walk(&self) -> Result<Walk<'_>, Errno> {
        if self.map_type().is_map_in_map() || !matches!(self.body, Body::Array(_) | Body::Hash(_)) {
            return Err(Errno::EINVAL);
        }
        Walk::new(self).ok_or(Errno::EBUSY)
    }

    /// The stack trace map behind `bpf_get_stackid`.
    #[must_use]
    pub fn stack_trace(&self) -> Option<&StackTrace> {
        match &self.body {
            Body::StackTrace(map) => Some(map),
            _ => None,
        }
    }

    /// The ring buffer behind `bpf_ringbuf_*`.
    #[must_use]
    pub fn ringbuf(&self) -> Option<&Ringbuf> {
        match &self.body {
            Body::Ringbuf(map) => Some(map),
            _ => None,
        }
    }

    /// The slots behind `bpf_perf_event_output` and `bpf_perf_event_read`.
    #[must_use]
    pub fn perf_event_array(&self) -> Option<&PerfEventArray> {
        match &self.body {
            Body::PerfEventArray(map) => Some(map),
            _ => None,
        }
    }

    /// The value that a program has for its cgroup (`bpf_get_local_storage`): this CPU's where each CPU has one.
    #[must_use]
    pub fn cgroup_storage(&self, cpu: Cpu) -> Option<Addr> {
        match &self.body {
            Body::CgroupStorage(storage) => storage.lookup(&[0; 4], cpu),
            _ => None,
        }
    }

    /// The values behind `bpf_task_storage_get` and its like.
    #[must_use]
    pub fn local_storage(&self) -> Option<&LocalStorage> {
        match &self.body {
            Body::LocalStorage(storage) => Some(storage),
            _ => None,
        }
    }

    /// Makes the value for the cgroup zero, as it is when a test run begins.
    pub(crate) fn clear_cgroup_storage(&self) {
        if let Body::CgroupStorage(storage) = &self.body {
            storage.values().clear();
        }
    }

    /// The slots behind `bpf_tail_call`.
    #[must_use]
    pub fn prog_array(&self) -> Option<&ProgArray> {
        match &self.body {
            Body::ProgArray(map) => Some(map),
            _ => None,
        }
    }
}
