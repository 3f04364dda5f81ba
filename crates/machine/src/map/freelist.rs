//! Elements that are free, by CPU: `kernel/bpf/percpu_freelist.c`.
//!
//! A CPU takes from its own list first, the element freed last, and only then from the others'. So an
//! element that was deleted is reused by the next insert on that CPU, and every element can be reached
//! from every CPU: inserts fail exactly when no element is left.

use parking_lot::Mutex;
use skep_abi::Cpu;

use super::table::Slot;

/// One CPU's free elements: those that were never used, and those given back.
#[derive(Debug)]
struct List {
    fresh: std::ops::Range<u32>,
    freed: Vec<Slot>,
}

impl List {
    fn pop(&mut self) -> Option<Slot> {
        self.freed.pop().or_else(|| self.fresh.next().map(Slot))
    }
}

/// Lists of all CPUs.
#[derive(Debug)]
pub(crate) struct Freelist(Box<[Mutex<List>]>);

impl Freelist {
    /// Shares slots 1 to `slots` out among the CPUs, as evenly as they go.
    pub(crate) fn new(slots: u32, cpus: u32) -> Self {
        let (each, more) = (slots / cpus, slots % cpus);
        let mut next = 1;
        let lists = (0..cpus).map(|cpu| {
            let end = next + each + u32::from(cpu < more);
            let fresh = next..end;
            next = end;
            Mutex::new(List { fresh, freed: Vec::new() })
        });
        Self(lists.collect())
    }

    /// Takes an element for a CPU.
    pub(crate) fn pop(&self, cpu: Cpu) -> Option<Slot> {
        let own = cpu.0 as usize % self.0.len();
        let (before, from) = self.0.split_at(own);
        from.iter().chain(before).find_map(|list| list.lock().pop())
    }

    /// Gives an element back on a CPU.
    pub(crate) fn push(&self, cpu: Cpu, slot: Slot) {
        self.0[cpu.0 as usize % self.0.len()].lock().freed.push(slot);
    }
}
