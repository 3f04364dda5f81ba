//! Objects of one shape, made on demand and reused when no program can hold them any more.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::Addr;

use super::{Chunks, Layout, Place};
use crate::cpu::Rcu;
use crate::memory::{Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Width, Window};

/// Objects that are allocated at once.
pub(crate) const CHUNK: u64 = 64;

#[derive(Debug, Default)]
struct Stock {
    made: u32,
    /// Objects that were given up, oldest first, with the grace period that ends their life.
    retired: VecDeque<(u64, Place)>,
    free: VecDeque<Place>,
}

/// All objects of one shape.
#[derive(Debug)]
pub(crate) struct Pool {
    chunks: Chunks,
    stock: Mutex<Stock>,
}

impl Pool {
    /// Of objects that live one by one; the shape's `count` is that of objects allocated at once.
    pub(crate) fn new(spec: SlabSpec) -> Self {
        Self { chunks: Chunks::new(spec), stock: Mutex::default() }
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
                self.chunks.reserve(memory, place)?;
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

    /// Lets `act` have the slab that an object lies in, and its index there.
    pub(crate) fn with<T>(&self, place: Place, act: impl FnOnce(&Slab, u64) -> T) -> Option<T> {
        self.chunks.with(place, act)
    }

    /// Its address.
    pub(crate) fn addr(&self, place: Place) -> Addr {
        self.chunks.addr(place)
    }

    /// The object that an address lies in, be it alive or not.
    pub(crate) fn place_around(&self, addr: Addr) -> Option<Place> {
        self.chunks.place_around(addr)
    }

    /// The object that starts at an address, be it alive or not.
    pub(crate) fn place_of(&self, addr: Addr) -> Option<Place> {
        self.place_around(addr).filter(|place| self.addr(*place) == addr)
    }

    /// The objects that were made and not given up.
    pub(crate) fn living(&self) -> Vec<Place> {
        let stock = self.stock.lock();
        let retired = stock.retired.iter().map(|(_, place)| place.0);
        let gone: BTreeSet<u32> = retired.chain(stock.free.iter().map(|place| place.0)).collect();
        (0..stock.made).filter(|place| !gone.contains(place)).map(Place).collect()
    }

    /// Gives an object up. It lives until the sections of programs that may know it have ended, and longer where nobody
    /// asks for it ([`Self::reclaim`], [`Self::make`]).
    pub(crate) fn retire(&self, rcu: &Rcu, place: Place) {
        self.stock.lock().retired.push_back((rcu.start(), place));
    }
}

/// All objects of a struct of the kernel.
#[derive(Debug)]
pub(crate) struct ObjectPool {
    pub(crate) layout: Arc<Layout>,
    pool: Pool,
}

impl std::ops::Deref for ObjectPool {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl ObjectPool {
    pub(crate) fn new(layout: Layout) -> Self {
        let layout = Arc::new(layout);
        let label = Label::new(layout.name, "");
        let mut spec = SlabSpec::new(Window::Objects, layout.size, CHUNK, label);
        spec.rights = Rights::READ_ONLY;
        spec.is_each_alive = true;
        spec.watch = Some(layout.clone());
        Self { layout, pool: Pool::new(spec) }
    }

    /// Fills a field with a number.
    pub(crate) fn put(&self, place: Place, path: &str, value: u64) {
        self.with(place, |slab, index| self.layout.put(slab, index, path, value));
    }

    /// Fills a word that is no field by its name, such as one past the end of the struct.
    pub(crate) fn put_word(&self, place: Place, offset: u64, value: u64) {
        self.with(place, |slab, index| slab.store(index, offset, Width::Dw, value));
        self.layout.fill(offset, 8);
    }

    /// Words of an object.
    pub(crate) fn words(&self, place: Place, offset: u64, count: u32) -> Vec<u64> {
        let word =
            |at: u64| self.with(place, |slab, index| slab.load(index, offset + 8 * at, Width::Dw));
        (0..u64::from(count)).filter_map(word).collect()
    }

    /// Fills a field with bytes.
    pub(crate) fn put_bytes(&self, place: Place, path: &str, bytes: &[u8]) {
        self.with(place, |slab, index| self.layout.put_bytes(slab, index, path, bytes));
    }
}
