//! Objects of one struct, made on demand and reused when no program can hold them any more.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::Addr;

use super::Layout;
use crate::cpu::Rcu;
use crate::memory::{Append, Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Window};

/// Objects that are allocated at once.
const CHUNK: u32 = 64;

/// Number of an object in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

#[derive(Debug, Default)]
struct Stock {
    made: u32,
    /// Objects that were given up, oldest first, with the grace period that ends their life.
    retired: VecDeque<(u64, Place)>,
    free: VecDeque<Place>,
}

/// All objects of a struct.
#[derive(Debug)]
pub(crate) struct ObjectPool {
    pub(crate) layout: Arc<Layout>,
    chunks: Append<Slab>,
    stock: Mutex<Stock>,
}

impl ObjectPool {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout: Arc::new(layout), chunks: Append::new(), stock: Mutex::default() }
    }

    /// Makes an object of zeroes, which `name` says what it is.
    ///
    /// # Errors
    /// [`OutOfMemory`] when there is no place for it.
    pub(crate) fn make(
        &self,
        memory: &Memory,
        rcu: &Rcu,
        name: String,
    ) -> Result<Place, OutOfMemory> {
        let mut stock = self.stock.lock();
        self.end(&mut stock, memory, rcu);
        let place = match stock.free.pop_front() {
            Some(place) => place,
            None => {
                let place = Place(stock.made);
                if place.0 == self.chunks.len() * CHUNK {
                    let slab = memory.alloc(&self.spec())?;
                    self.chunks.push_with(|_| slab);
                }
                stock.made += 1;
                place
            }
        };
        self.with(place, |slab, index| {
            slab.clear(index);
            memory.name_element(slab, index, name);
            memory.set_live(slab, index, true);
        });
        Ok(place)
    }

    /// Ends the life of objects whose grace period is over.
    fn end(&self, stock: &mut Stock, memory: &Memory, rcu: &Rcu) {
        while let Some((grace, place)) = stock.retired.front().copied()
            && rcu.is_over(grace)
        {
            stock.retired.pop_front();
            stock.free.push_back(place);
            self.with(place, |slab, index| memory.set_live(slab, index, false));
        }
    }

    /// The same; tells whether other objects wait for theirs.
    pub(crate) fn reclaim(&self, memory: &Memory, rcu: &Rcu) -> bool {
        let mut stock = self.stock.lock();
        self.end(&mut stock, memory, rcu);
        !stock.retired.is_empty()
    }

    fn spec(&self) -> SlabSpec {
        let label = Label::new(self.layout.name, "");
        let mut spec = SlabSpec::new(Window::Objects, self.layout.size, u64::from(CHUNK), label);
        spec.rights = Rights::READ_ONLY;
        spec.is_each_alive = true;
        spec.watch = Some(self.layout.clone());
        spec
    }

    fn with<T>(&self, place: Place, act: impl FnOnce(&Slab, u64) -> T) -> Option<T> {
        let slab = self.chunks.get(place.0 / CHUNK)?;
        Some(act(slab, u64::from(place.0 % CHUNK)))
    }

    /// Its address.
    pub(crate) fn addr(&self, place: Place) -> Addr {
        self.with(place, |slab, index| slab.addr(index)).unwrap_or(Addr::NULL)
    }

    /// The object that starts at an address, be it alive or not.
    pub(crate) fn place_of(&self, addr: Addr) -> Option<Place> {
        // Chunks have ascending addresses, since a window hands them out upwards.
        let (mut low, mut high) = (0, self.chunks.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.chunks.get(middle)?.addr(0) <= addr { low = middle + 1 } else { high = middle }
        }
        let chunk = low.checked_sub(1)?;
        let slab = self.chunks.get(chunk)?;
        let index = slab.index_of(addr).filter(|index| slab.addr(*index) == addr)?;
        Some(Place(chunk * CHUNK + u32::try_from(index).ok()?))
    }

    /// The objects that were made and not given up.
    pub(crate) fn living(&self) -> Vec<Place> {
        let stock = self.stock.lock();
        let retired = stock.retired.iter().map(|(_, place)| place.0);
        let gone: BTreeSet<u32> = retired.chain(stock.free.iter().map(|place| place.0)).collect();
        (0..stock.made).filter(|place| !gone.contains(place)).map(Place).collect()
    }

    /// Fills a field with a number.
    pub(crate) fn put(&self, place: Place, path: &str, value: u64) {
        self.with(place, |slab, index| self.layout.put(slab, index, path, value));
    }

    /// Fills a field with bytes.
    pub(crate) fn put_bytes(&self, place: Place, path: &str, bytes: &[u8]) {
        self.with(place, |slab, index| self.layout.put_bytes(slab, index, path, bytes));
    }

    /// Gives an object up. It lives until the sections of programs that may know it have ended, and longer where nobody
    /// asks for it ([`Self::reclaim`], [`Self::make`]).
    pub(crate) fn retire(&self, rcu: &Rcu, place: Place) {
        self.stock.lock().retired.push_back((rcu.start(), place));
    }
}
