//! `bpf_for_each_map_elem`: `kernel/bpf/map_iter.c`, `bpf_for_each_array_elem`, `bpf_for_each_hash_elem`.

use parking_lot::Mutex;
use skep_abi::{Addr, Cpu};

use super::table::{Bucket, Slot};
use super::{Body, Map};
use crate::memory::{Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Width, Window};

/// Walks that may be under way on one CPU: more than a program's stack frames.
const PER_CPU: u32 = 16;

/// Memory for the keys of arrays, which exist only while a walk shows them.
#[derive(Debug)]
pub(crate) struct WalkKeys {
    slab: Slab,
    free: Mutex<Vec<u64>>,
}

impl WalkKeys {
    pub(crate) fn new(memory: &Memory, cpus: u32) -> Result<Self, OutOfMemory> {
        let count = u64::from(cpus) * u64::from(PER_CPU);
        let label = Label::new("index", "an array that is walked");
        let mut spec = SlabSpec::new(Window::Contexts, 4, count, label);
        spec.rights = Rights::READ_ONLY;
        Ok(Self { slab: memory.alloc(&spec)?, free: Mutex::new((0..count).rev().collect()) })
    }
}

/// Where a walk is.
#[derive(Debug)]
enum At {
    /// Index of the next element of an array, and where its key goes.
    Index { next: u32, key: u64 },
    /// Bucket of a hash, and what is left of its chain, the next one last.
    Chain { bucket: u32, left: Vec<Slot> },
}

/// A walk over the elements of a map.
///
/// Elements that are deleted before their turn are left out; those inserted in the meantime may be.
#[derive(Debug)]
pub struct Walk<'m> {
    map: &'m Map,
    at: At,
}

impl<'m> Walk<'m> {
    /// `None` for kinds that have no such walk, and when too many walks over arrays are under way.
    pub(crate) fn new(map: &'m Map) -> Option<Self> {
        let at = match &map.body {
            Body::Array(array) if array.values().inner(0).is_none() => {
                At::Index { next: 0, key: map.env.walk_keys.free.lock().pop()? }
            }
            Body::Hash(_) => At::Chain { bucket: 0, left: Vec::new() },
            _ => return None,
        };
        Some(Self { map, at })
    }

    /// Addresses of the next element's key, which programs may read, and of its value: this CPU's in a
    /// per-CPU map.
    pub fn next(&mut self, cpu: Cpu) -> Option<(Addr, Addr)> {
        match (&self.map.body, &mut self.at) {
            (Body::Array(array), At::Index { next, key }) => {
                let value = array.lookup(&next.to_le_bytes(), cpu)?;
                let slab = &self.map.env.walk_keys.slab;
                slab.store(*key, 0, Width::W, u64::from(*next));
                *next += 1;
                Some((slab.addr(*key), value))
            }
            (Body::Hash(hash), At::Chain { bucket, left }) => {
                let table = hash.table();
                loop {
                    if let Some(slot) = left.pop() {
                        let of = Bucket(*bucket - 1);
                        let is_linked = {
                            let _guard = table.read(of);
                            table.chain(of).any(|linked| linked == slot)
                        };
                        if is_linked {
                            let value = hash.values().addr(slot.index(), cpu)?;
                            return Some((table.keys().addr(slot.index()), value));
                        }
                        continue;
                    }
                    let of = table.buckets_from(*bucket).next()?;
                    let _guard = table.read(of);
                    left.extend(table.chain(of));
                    left.reverse();
                    *bucket += 1;
                }
            }
            _ => None,
        }
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        if let At::Index { key, .. } = self.at {
            self.map.env.walk_keys.free.lock().push(key);
        }
    }
}
