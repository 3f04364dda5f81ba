//! The machine's memory: one reservation of the host's address space, seen at kernel-looking addresses.
//!
//! Every object lies in a *region*: equal elements at equal distances with red zones between. An access
//! is granted when its bytes lie within one live element that allows it; the answer takes two table
//! look-ups and no lock. The host address of a byte is its machine address plus a constant, so native
//! code may later use it directly; nothing here ever shows a host address to a program.

mod access;
mod alloc;
mod append;
mod backing;
mod describe;
mod guard;
mod page_table;
mod records;
mod region;
mod slab;
#[cfg(test)]
mod tests;
mod window;
mod words;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use skep_abi::Addr;

pub use alloc::{OutOfMemory, SlabSpec};
pub(crate) use append::Append;
pub(crate) use backing::Area;
use backing::Backing;
pub(crate) use guard::{Guard, GuardedField, GuardedKptr};
use page_table::{PAGE, PageTable};
pub(crate) use records::Records;
use region::Region;
pub(crate) use region::Watch;
pub use region::{Label, Owner, Rights};
pub use slab::Slab;
pub use window::Window;
pub use words::{AtomicOp, Width};

/// The memory of one machine.
pub struct Memory {
    backing: Arc<Backing>,
    pages: PageTable,
    regions: Append<Region>,
    windows: Mutex<[alloc::Filled; 6]>,
    code: RwLock<BTreeMap<u64, (u64, Arc<str>)>>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("regions", &self.regions.len()).finish()
    }
}

impl Memory {
    /// Reserves address space for a machine; nothing of it is used yet.
    ///
    /// # Errors
    /// What the host says, such as `ENOMEM` under `ulimit -v`.
    pub fn new() -> io::Result<Self> {
        let span = usize::try_from(window::SPAN).map_err(io::Error::other)?;
        Ok(Self {
            backing: Backing::reserve(span)?,
            pages: PageTable::new(window::SPAN),
            regions: Append::new(),
            windows: Mutex::new(Window::ALL.map(alloc::Filled::of)),
            code: RwLock::new(BTreeMap::new()),
        })
    }

    /// The region in whose pages an address lies.
    #[inline]
    fn region_at(&self, addr: Addr) -> Option<&Region> {
        let page = addr.0.checked_sub(window::BASE)? / PAGE;
        self.regions.get(self.pages.get(page)?)
    }
}
