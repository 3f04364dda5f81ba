//! Inodes, which files have in the kernel: as much of them as local storage needs.
//!
//! Only security modules get to see them, whose programs do not run on the machine yet; whoever calls for them makes
//! them here.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::Addr;
use skep_btf::Btf;

use crate::object::{Layout, ObjectPool, Place, Unmodelled, World};
use crate::{Access, Fault};

/// The inodes of a machine.
#[derive(Debug)]
pub struct Inodes {
    pool: Option<ObjectPool>,
    by_number: Mutex<BTreeMap<u32, Place>>,
    world: World,
}

impl Inodes {
    pub(crate) fn new(world: World, types: Option<(&Btf, &Arc<Unmodelled>)>) -> Self {
        let layout = types.and_then(|(btf, unmodelled)| Layout::new(btf, "inode", unmodelled));
        Self { pool: layout.map(ObjectPool::new), by_number: Mutex::default(), world }
    }

    /// The inode with a number, made when there is none; null without a `struct inode` in the machine's types.
    pub fn open(&self, number: u32) -> Addr {
        let Some(pool) = &self.pool else { return Addr::NULL };
        let mut by_number = self.by_number.lock();
        if let Some(place) = by_number.get(&number) {
            return pool.addr(*place);
        }
        let name = format!("inode {number}");
        let Ok(place) = pool.make(&self.world.memory, &self.world.rcu, name) else {
            return Addr::NULL;
        };
        pool.put(place, "i_ino", number.into());
        by_number.insert(number, place);
        self.world.storages.destroy(pool.addr(place));
        pool.addr(place)
    }

    /// Its number; `None` when it is gone.
    ///
    /// # Errors
    /// A [`Fault`] when there is no `struct inode` at the address.
    pub fn seen(&self, inode: Addr) -> Result<Option<u32>, Fault> {
        let place = self.pool.as_ref().and_then(|pool| pool.place_of(inode));
        let Some(place) = place else {
            let found = self.world.memory.describe(inode);
            return Err(Fault::WrongObject { addr: inode, what: "inode", found });
        };
        self.world.memory.check(inode, 8, Access::Read)?;
        let by_number = self.by_number.lock();
        Ok(by_number.iter().find(|(_, of)| **of == place).map(|(number, _)| *number))
    }

    /// The address of an inode that there is.
    #[must_use]
    pub fn object(&self, number: u32) -> Option<Addr> {
        let place = *self.by_number.lock().get(&number)?;
        self.pool.as_ref().map(|pool| pool.addr(place))
    }

    /// Ends an inode, and with it its storage.
    pub fn evict(&self, number: u32) {
        let gone = self.by_number.lock().remove(&number);
        if let (Some(pool), Some(place)) = (&self.pool, gone) {
            self.world.storages.destroy(pool.addr(place));
            pool.retire(&self.world.rcu, place);
            self.world.rcu.run_callbacks();
        }
    }
}
