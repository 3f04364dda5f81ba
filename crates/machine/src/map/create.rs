//! Making a map out of its definition.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use parking_lot::Mutex;
use skep_abi::{Errno, MapId, MapType};

use super::array::Array;
use super::bloom_filter::BloomFilter;
use super::check::check;
use super::field;
use super::freelist::Freelist;
use super::hash::{Hash, Pool};
use super::local_storage::LocalStorage;
use super::lpm_trie::LpmTrie;
use super::lru::Lru;
use super::perf_event_array::PerfEventArray;
use super::prog_array::ProgArray;
use super::queue_stack::QueueStack;
use super::ringbuf::Ringbuf;
use super::selem::Selems;
use super::slots::Slots;
use super::stack_trace::StackTrace;
use super::table::{Slot, Table};
use super::values::{ValueSpec, Values};
use super::{Body, Map, MapDef, MapEnv, MapError, MapFlags};
use crate::btf_record::Fields;
use crate::memory::{Memory, OutOfMemory, Rights};

impl Map {
    /// Checks a definition and makes the map.
    pub(crate) fn create(
        memory: &Arc<Memory>,
        env: &MapEnv,
        id: MapId,
        mut def: MapDef,
    ) -> Result<Self, MapError> {
        let refuse = |map: &str, errno, why| MapError { map: map.to_owned(), errno, why };
        check(&def, env.nodes).map_err(|(errno, why)| refuse(&def.name, errno, why))?;
        field::check(&def).map_err(|(errno, why)| refuse(&def.name, errno, why))?;
        if def.flags.contains(MapFlags::NO_COMMON_LRU) {
            def.max_entries = whole_lists(def.max_entries, env.possible.count());
        }
        let body = Builder { memory, env, id, def: &def, label: format!("map `{}`", def.name) }
            .body()
            .map_err(|full| refuse(&def.name, Errno::ENOMEM, full.to_string()))?;
        Ok(Self { id, def, env: env.clone(), body, frozen: AtomicBool::new(false) })
    }
}

/// A number of elements that each CPU gets an equal share of, as near as there is (`htab_map_alloc`).
fn whole_lists(max_entries: u32, cpus: u32) -> u32 {
    max_entries.checked_next_multiple_of(cpus).unwrap_or(max_entries / cpus * cpus)
}

struct Builder<'a> {
    memory: &'a Arc<Memory>,
    env: &'a MapEnv,
    id: MapId,
    def: &'a MapDef,
    label: String,
}

impl Builder<'_> {
    fn body(&self) -> Result<Body, OutOfMemory> {
        let Self { memory, def, .. } = *self;
        let len = def.max_entries;
        Ok(match def.map_type {
            MapType::Array | MapType::PercpuArray | MapType::ArrayOfMaps => {
                Body::Array(Array::new(self.values(len)?, len))
            }
            MapType::StackTrace => Body::StackTrace(StackTrace::new(
                memory,
                (len, def.value_size),
                def.flags.contains(MapFlags::STACK_BUILD_ID),
                self.env.cpus,
            )?),
            MapType::PerfEventArray => Body::PerfEventArray(PerfEventArray::new(len)),
            MapType::ProgArray => Body::ProgArray(ProgArray::new(memory, len)?),
            MapType::Ringbuf => Body::Ringbuf(Ringbuf::new(memory, &self.label, self.id, len)?),
            MapType::CgroupStorage | MapType::PercpuCgroupStorage => {
                Body::CgroupStorage(Array::new(self.values(1)?, 1))
            }
            MapType::CgroupArray
            | MapType::Devmap
            | MapType::DevmapHash
            | MapType::Sockmap
            | MapType::Sockhash
            | MapType::Cpumap
            | MapType::Xskmap => Body::Slots(Slots::new(len)),
            MapType::LpmTrie => {
                let of = (self.label.as_str(), self.id);
                let selems = Selems::new(memory, of, def.value_size, (self.rights(), None, None));
                Body::LpmTrie(LpmTrie::new(selems, &self.env.rcu, def))
            }
            MapType::Queue => Body::QueueStack(QueueStack::new(memory, def, false)?),
            MapType::Stack => Body::QueueStack(QueueStack::new(memory, def, true)?),
            MapType::BloomFilter => Body::BloomFilter(BloomFilter::new(memory, def)?),
            MapType::TaskStorage
            | MapType::CgrpStorage
            | MapType::InodeStorage
            | MapType::SkStorage => {
                let (all, dtors) = (&self.env.storages, &self.env.dtors);
                let of = (self.id, self.label.as_str(), def);
                Body::LocalStorage(LocalStorage::new(all, dtors, of))
            }
            _ => Body::Hash(self.hash()?),
        })
    }

    fn rights(&self) -> Rights {
        Rights {
            read: !self.def.flags.contains(MapFlags::WRONLY_PROG),
            write: !self.def.flags.contains(MapFlags::RDONLY_PROG),
        }
    }

    fn values(&self, elements: u32) -> Result<Values, OutOfMemory> {
        let spec = ValueSpec {
            map: &self.label,
            id: self.id,
            size: self.def.value_size,
            elements,
            rights: self.rights(),
            fields: Fields::new(&self.def.fields, &self.env.dtors),
        };
        if self.def.map_type.is_map_in_map() {
            Values::maps(self.memory, self.env, elements)
        } else if self.def.map_type.is_percpu() || self.def.map_type == MapType::PercpuCgroupStorage
        {
            Values::percpu(self.memory, &spec, self.env.possible.clone())
        } else {
            Values::plain(self.memory, &spec)
        }
    }

    fn hash(&self) -> Result<Hash, OutOfMemory> {
        let Self { memory, def, .. } = *self;
        let cpus = self.env.cpus;
        let max = def.max_entries;
        let is_lru = matches!(def.map_type, MapType::LruHash | MapType::LruPercpuHash);
        let is_alloc = def.flags.contains(MapFlags::NO_PREALLOC);
        // Each CPU has an element in hand to swap with, beyond the ones that count. Where a swap allocates,
        // user space may be at it on the same CPU.
        let extras = match def.map_type {
            MapType::Hash if is_alloc => 2 * cpus,
            MapType::Hash => cpus,
            _ => 0,
        };
        let refused = OutOfMemory { bytes: u64::from(max), window: crate::memory::Window::Maps };
        let slots = max.checked_add(extras).ok_or(refused)?;
        let pool = if is_lru {
            let has_lists = def.flags.contains(MapFlags::NO_COMMON_LRU);
            Pool::Lru(Lru::new(memory, slots, has_lists.then(|| self.env.possible.clone()))?)
        } else if is_alloc {
            Pool::Alloc { free: Freelist::new(slots, cpus), count: AtomicU32::new(0), max }
        } else {
            let extras = (0..extras).map(|cpu| Mutex::new(Slot(max + 1 + cpu))).collect();
            Pool::Fixed { free: Freelist::new(max, cpus), extras }
        };
        // The check has kept max_entries below the largest power of two.
        let buckets = max.next_power_of_two();
        let table = Table::new(memory, &self.label, def.key_size, slots, buckets)?;
        Ok(Hash::new(table, self.values(slots)?, pool, def.key_size))
    }
}
