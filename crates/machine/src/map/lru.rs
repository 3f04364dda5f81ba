//! Elements of LRU hashes: `kernel/bpf/bpf_lru_list.c`.
//!
//! A list from the newest to the oldest element, with a mark on those that were used since they were
//! last looked at. Whoever needs an element and finds none free goes from the oldest on: marked ones lose
//! the mark and become the newest, the first unmarked one is evicted.
//!
//! Locks: a list's lock comes before a bucket's.
// DEVIATION(linux): the kernel keeps active and inactive lists, evicts in batches of up to 128, and lets
// each CPU hold free elements of its own, so which element goes and how full the map gets depends on
// timing there. Here exactly one element is evicted, and only when none is free. As in the kernel,
// replacing the value of an LRU_HASH element takes a free element first, and looking an element up from
// user space is no use.

use parking_lot::Mutex;
use skep_abi::Cpu;
use std::sync::atomic::Ordering::Relaxed;

use super::PossibleCpus;
use super::table::{Slot, Table};
use crate::memory::{Area, Memory, OutOfMemory, Width};

/// Neighbours of an element in its list: the newer one, then the older one; and its mark.
struct Nodes(Area);

/// Bytes of a node: newer, older, mark, padding.
const NODE: usize = 16;

impl Nodes {
    fn get(&self, slot: Slot, field: usize) -> u32 {
        self.0.load(NODE * slot.index() as usize + field, Width::W, Relaxed) as u32
    }

    fn set(&self, slot: Slot, field: usize, value: u32) {
        self.0.store(NODE * slot.index() as usize + field, Width::W, u64::from(value), Relaxed);
    }
}

const NEWER: usize = 0;
const OLDER: usize = 4;
const MARK: usize = 8;

/// One list, with the free elements that belong to it. Numbers of slots; 0 is none.
struct List {
    newest: u32,
    oldest: u32,
    len: u32,
    fresh: std::ops::Range<u32>,
    freed: Vec<Slot>,
}

impl List {
    fn push_newest(&mut self, nodes: &Nodes, slot: Slot) {
        nodes.set(slot, NEWER, 0);
        nodes.set(slot, OLDER, self.newest);
        nodes.set(slot, MARK, 0);
        match self.newest {
            0 => self.oldest = slot.0,
            newest => nodes.set(Slot(newest), NEWER, slot.0),
        }
        self.newest = slot.0;
        self.len += 1;
    }

    fn remove(&mut self, nodes: &Nodes, slot: Slot) {
        let (newer, older) = (nodes.get(slot, NEWER), nodes.get(slot, OLDER));
        match newer {
            0 => self.newest = older,
            newer => nodes.set(Slot(newer), OLDER, older),
        }
        match older {
            0 => self.oldest = newer,
            older => nodes.set(Slot(older), NEWER, newer),
        }
        self.len -= 1;
    }
}

/// The elements of one map: one list for all CPUs, or one for each.
pub(crate) struct Lru {
    nodes: Nodes,
    lists: Box<[Mutex<List>]>,
    slots_per_list: u32,
    /// Where each CPU has a list.
    cpus: Option<PossibleCpus>,
}

impl Lru {
    /// One list, or one for each CPU with as many slots each.
    pub(crate) fn new(
        memory: &Memory,
        slots: u32,
        cpus: Option<PossibleCpus>,
    ) -> Result<Self, OutOfMemory> {
        let lists = cpus.as_ref().map_or(1, PossibleCpus::count);
        let slots_per_list = slots / lists;
        let list = |n: u32| {
            let first = n * slots_per_list + 1;
            let fresh = first..first + slots_per_list;
            Mutex::new(List { newest: 0, oldest: 0, len: 0, fresh, freed: Vec::new() })
        };
        Ok(Self {
            nodes: Nodes(memory.alloc_hidden(NODE as u64 * u64::from(slots))?),
            lists: (0..lists).map(list).collect(),
            slots_per_list,
            cpus,
        })
    }

    /// Marks an element as used.
    pub(crate) fn touch(&self, slot: Slot) {
        if self.nodes.get(slot, MARK) == 0 {
            self.nodes.set(slot, MARK, 1);
        }
    }

    /// Takes an element for a CPU, the newest from now on, evicting another where it must. No bucket's
    /// lock may be held. `None` when all elements of the list are on their way into or out of the table.
    pub(crate) fn pop(&self, cpu: Cpu, table: &Table) -> Option<Slot> {
        let place = self.cpus.as_ref().and_then(|cpus| cpus.place(cpu)).unwrap_or(0);
        let mut list = self.lists[place as usize].lock();
        if let Some(slot) = list.freed.pop().or_else(|| list.fresh.next().map(Slot)) {
            list.push_newest(&self.nodes, slot);
            return Some(slot);
        }
        // Twice around at most: the first time may do no more than take marks away.
        for _ in 0..2 * u64::from(list.len) {
            let slot = Slot(list.oldest);
            let was_used = self.nodes.get(slot, MARK) != 0;
            list.remove(&self.nodes, slot);
            list.push_newest(&self.nodes, slot);
            if was_used {
                continue;
            }
            let bucket = table.bucket_of(slot);
            let _guard = table.write(bucket);
            if table.unlink(bucket, slot) {
                return Some(slot);
            }
        }
        None
    }

    /// Gives an element back. No bucket's lock may be held.
    pub(crate) fn push(&self, slot: Slot) {
        let mut list = self.lists[((slot.0 - 1) / self.slots_per_list) as usize].lock();
        list.remove(&self.nodes, slot);
        list.freed.push(slot);
    }
}
