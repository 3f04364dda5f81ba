//! The machine's own way to the elements of a region: by index, not by address, and without rights.

use std::sync::atomic::Ordering::{self, Relaxed};

use skep_abi::Addr;

use super::backing::Area;
use super::words::{AtomicOp, Width};

/// A handle on equal elements in the machine's memory. Clones share them.
#[derive(Clone)]
pub struct Slab {
    pub(super) region: u32,
    pub(super) base: Addr,
    pub(super) stride: u64,
    pub(super) size: u64,
    pub(super) count: u64,
    pub(super) area: Area,
}

impl std::fmt::Debug for Slab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slab({} × {} bytes at {})", self.count, self.size, self.base)
    }
}

impl Slab {
    /// Number of elements.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of an element.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that an element has for the machine: its size, rounded up to 8.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.size.next_multiple_of(8)
    }

    /// Address of an element.
    #[must_use]
    pub fn addr(&self, index: u64) -> Addr {
        Addr(self.base.0 + index * self.stride)
    }

    /// The element that starts at or contains an address.
    #[must_use]
    pub fn index_of(&self, addr: Addr) -> Option<u64> {
        let index = addr.0.checked_sub(self.base.0)? / self.stride;
        (index < self.count).then_some(index)
    }

    /// Offset in the area of bytes within one element.
    ///
    /// # Panics
    /// When they do not lie in it: the machine's own mistake.
    fn at(&self, index: u64, offset: u64, len: u64) -> usize {
        let fits =
            index < self.count && offset.checked_add(len).is_some_and(|end| end <= self.room());
        assert!(fits, "{len} bytes at {offset} of element {index} lie in {self:?}");
        (index * self.stride + offset) as usize
    }

    /// Copies bytes out of an element.
    pub fn read(&self, index: u64, offset: u64, into: &mut [u8]) {
        self.area.read(self.at(index, offset, into.len() as u64), into);
    }

    /// Copies bytes into an element, whatever programs may do to it.
    pub fn write(&self, index: u64, offset: u64, from: &[u8]) {
        self.area.write(self.at(index, offset, from.len() as u64), from);
    }

    /// Sets all bytes of an element to zero.
    pub fn clear(&self, index: u64) {
        self.area.fill(self.at(index, 0, self.room()), self.room() as usize, 0);
    }

    /// A value in an element.
    #[must_use]
    pub fn load(&self, index: u64, offset: u64, width: Width) -> u64 {
        self.load_ordered(index, offset, width, Relaxed)
    }

    /// A value in an element, loaded with this ordering.
    pub(crate) fn load_ordered(
        &self,
        index: u64,
        offset: u64,
        width: Width,
        order: Ordering,
    ) -> u64 {
        self.area.load(self.at(index, offset, width.bytes()), width, order)
    }

    /// Stores a value in an element.
    pub fn store(&self, index: u64, offset: u64, width: Width, value: u64) {
        self.store_ordered(index, offset, width, value, Relaxed);
    }

    /// Stores a value in an element with this ordering.
    pub(crate) fn store_ordered(
        &self,
        index: u64,
        offset: u64,
        width: Width,
        value: u64,
        order: Ordering,
    ) {
        self.area.store(self.at(index, offset, width.bytes()), width, value, order);
    }

    /// Reads, changes and writes an aligned word of an element as one step; gives what was there.
    pub(crate) fn atomic(&self, index: u64, offset: u64, op: AtomicOp, operand: u64) -> u64 {
        self.area.rmw(self.at(index, offset, 8), Width::Dw, op, operand)
    }

    /// Tells whether an element's first bytes are these.
    #[must_use]
    pub fn equals(&self, index: u64, bytes: &[u8]) -> bool {
        self.area.equals(self.at(index, 0, bytes.len() as u64), bytes)
    }

    /// All bytes of an element.
    #[must_use]
    pub fn bytes(&self, index: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.size as usize];
        self.read(index, 0, &mut bytes);
        bytes
    }
}
