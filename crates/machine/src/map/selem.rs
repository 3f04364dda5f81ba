//! Elements that are allocated one by one: `struct bpf_local_storage_elem`, `struct lpm_trie_node`.
//!
//! They are taken again when they were given up and no program can look at them any more.

use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::{Addr, MapId};

use crate::btf_record::Fields;
use crate::memory::{Label, Memory, OutOfMemory, Owner, Rights, Slab, SlabSpec, Window};
use crate::object::{Chunks, Place};
use crate::spin_lock;

/// Elements that are allocated at once, and bytes of their values at most.
const CHUNK: u64 = 64;
const CHUNK_BYTES: u64 = 1 << 20;

#[derive(Debug, Default)]
struct Stock {
    made: u32,
    free: Vec<Place>,
}

/// The elements of one map.
#[derive(Debug)]
pub(crate) struct Selems {
    memory: Arc<Memory>,
    map: String,
    chunks: Chunks,
    stock: Mutex<Stock>,
    fields: Option<Fields>,
    /// Offset of the spin lock in a value.
    lock: Option<u64>,
    value_size: u32,
}

impl Selems {
    pub(crate) fn new(
        memory: &Arc<Memory>,
        (map, id): (&str, MapId),
        value_size: u32,
        (rights, fields, lock): (Rights, Option<Fields>, Option<u64>),
    ) -> Self {
        let size = u64::from(value_size);
        let each = (CHUNK_BYTES / size.max(1)).clamp(1, CHUNK);
        let mut spec = SlabSpec::new(Window::Maps, size, each, Label::new("value", map));
        spec.is_each_alive = true;
        spec.rights = rights;
        spec.owner = Owner::MapValue(id);
        spec.guard = fields.as_ref().map(|fields| Arc::new(fields.guard()));
        let (chunks, stock) = (Chunks::new(spec), Mutex::default());
        let (memory, map) = (Arc::clone(memory), map.to_owned());
        Self { memory, map, chunks, stock, fields, lock, value_size }
    }

    /// Bytes of a value.
    pub(crate) fn value_size(&self) -> usize {
        self.value_size as usize
    }

    /// Makes an element with a value, zeroes where none is given; special fields are zero in any case. Messages call it
    /// the value of the map for `whom`, or by its number where that is empty.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub(crate) fn make(
        &self,
        whom: impl FnOnce() -> String,
        value: Option<&[u8]>,
    ) -> Result<Place, OutOfMemory> {
        let place = {
            let mut stock = self.stock.lock();
            match stock.free.pop() {
                Some(place) => place,
                None => {
                    let place = Place(stock.made);
                    self.chunks.reserve(&self.memory, place)?;
                    stock.made += 1;
                    place
                }
            }
        };
        let whom = whom();
        self.chunks.with(place, |slab, index| {
            slab.clear(index);
            self.write(slab, index, value.unwrap_or_default());
            if !whom.is_empty() {
                let name = format!("the value of {} for {whom}", self.map);
                self.memory.name_element(slab, index, name);
            }
            self.memory.set_live(slab, index, true);
        });
        Ok(place)
    }

    fn write(&self, slab: &Slab, index: u64, value: &[u8]) {
        match &self.fields {
            None => slab.write(index, 0, value),
            Some(fields) => fields.write_around(slab, index, value),
        }
    }

    /// Address of an element's value.
    pub(crate) fn addr(&self, place: Place) -> Addr {
        self.chunks.addr(place)
    }

    /// Whether values have a spin lock.
    pub(crate) fn has_lock(&self) -> bool {
        self.lock.is_some()
    }

    /// Replaces a value where it is, under its lock.
    pub(crate) fn write_locked(&self, place: Place, value: &[u8]) {
        self.locked(place, |slab, index| self.write(slab, index, value));
    }

    /// Does something to an element under its lock.
    fn locked<T>(&self, place: Place, act: impl FnOnce(&Slab, u64) -> T) -> Option<T> {
        let lock = self.lock?;
        self.chunks.with(place, |slab, index| {
            let at = slab.addr(index).offset(lock.cast_signed());
            // The lock is this element's, which is alive: there is no fault.
            let _ = spin_lock::lock(&self.memory, at);
            let done = act(slab, index);
            let _ = spin_lock::unlock(&self.memory, at);
            done
        })
    }

    /// A value as user space reads it, under its lock when that is wanted.
    pub(crate) fn user_bytes(&self, place: Place, is_locked: bool) -> Vec<u8> {
        let read = |slab: &Slab, index| slab.bytes(index);
        let bytes = match is_locked {
            true => self.locked(place, read),
            false => self.chunks.with(place, read),
        };
        let mut bytes = bytes.unwrap_or_default();
        self.fields.iter().for_each(|fields| fields.hide(self.chunks.addr(place), &mut bytes));
        bytes
    }

    /// Shows each reference that an element owns.
    pub(crate) fn each_kptr(&self, place: Place, show: &mut dyn FnMut(u32, Addr, Addr)) {
        if let Some(fields) = &self.fields {
            self.chunks.with(place, |slab, index| fields.each(slab, index, show));
        }
    }

    /// Gives up what an element owns, and ends its life.
    pub(crate) fn free(&self, place: Place) {
        self.chunks.with(place, |slab, index| {
            if let Some(fields) = &self.fields {
                fields.free(slab, index);
            }
            self.memory.set_live(slab, index, false);
        });
        self.stock.lock().free.push(place);
    }
}
