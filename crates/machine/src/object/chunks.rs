//! Memory of equal objects, which is taken a chunk at a time.

use skep_abi::Addr;

use crate::memory::{Append, Memory, OutOfMemory, Slab, SlabSpec};

/// Number of an object in its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) u32);

/// Chunks of a fixed number of objects, in the order in which they were taken.
pub(crate) struct Chunks {
    spec: SlabSpec,
    slabs: Append<Slab>,
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks").field("slabs", &self.slabs).finish_non_exhaustive()
    }
}

impl Chunks {
    /// Of objects of this shape; its `count` is that of one chunk.
    pub(crate) fn new(spec: SlabSpec) -> Self {
        Self { spec, slabs: Append::new() }
    }

    fn each(&self) -> u32 {
        // Chunks are small.
        self.spec.count as u32
    }

    /// Takes the chunk that the place after the last one lies in, where that is not there yet. The caller lets nobody
    /// else do the same.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub(crate) fn reserve(&self, memory: &Memory, place: Place) -> Result<(), OutOfMemory> {
        if place.0 == self.slabs.len() * self.each() {
            let slab = memory.alloc(&self.spec)?;
            self.slabs.push_with(|_| slab);
        }
        Ok(())
    }

    /// Lets `act` have the slab that an object lies in, and its index there.
    pub(crate) fn with<T>(&self, place: Place, act: impl FnOnce(&Slab, u64) -> T) -> Option<T> {
        let slab = self.slabs.get(place.0 / self.each())?;
        Some(act(slab, u64::from(place.0 % self.each())))
    }

    /// Its address.
    pub(crate) fn addr(&self, place: Place) -> Addr {
        self.with(place, |slab, index| slab.addr(index)).unwrap_or(Addr::NULL)
    }

    /// The object that an address lies in, be it alive or not.
    pub(crate) fn place_around(&self, addr: Addr) -> Option<Place> {
        // Chunks have ascending addresses, since a window hands them out upwards.
        let (mut low, mut high) = (0, self.slabs.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.slabs.get(middle)?.addr(0) <= addr { low = middle + 1 } else { high = middle }
        }
        let chunk = low.checked_sub(1)?;
        let slab = self.slabs.get(chunk)?;
        let index = slab.index_of(addr)?;
        Some(Place(chunk * self.each() + u32::try_from(index).ok()?))
    }
}
