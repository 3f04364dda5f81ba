//! Which control groups there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::{Addr, Errno};
use skep_btf::Btf;

use super::CgroupId;
use super::object::{CgroupObjects, Facts, Objects};
use crate::Fault;
use crate::object::{Unmodelled, World};

/// A control group.
#[derive(Debug)]
pub(super) struct Entry {
    name: String,
    pub(super) parent: Option<CgroupId>,
    pub(super) level: u32,
    objects: Option<Objects>,
    /// Whether it was not removed.
    pub(super) is_alive: bool,
    /// References that programs and maps hold.
    pub(super) references: u64,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) by_id: BTreeMap<CgroupId, Entry>,
    by_addr: BTreeMap<Addr, CgroupId>,
}

impl Table {
    pub(super) fn at(&self, addr: Addr) -> Option<CgroupId> {
        self.by_addr.get(&addr).copied()
    }
}

/// The control groups of a machine.
#[derive(Debug)]
pub struct Cgroups {
    pub(super) table: Mutex<Table>,
    objects: Option<CgroupObjects>,
    world: World,
}

impl Cgroups {
    pub(crate) fn new(world: World, types: Option<(&Btf, &Arc<Unmodelled>)>) -> Self {
        let mut table = Table::default();
        table.by_id.insert(CgroupId::ROOT, entry("", None, 0));
        Self {
            table: Mutex::new(table),
            objects: types.and_then(|(btf, unmodelled)| CgroupObjects::new(btf, unmodelled)),
            world,
        }
    }

    /// Makes a control group below another one, with the next number that is free (`mkdir`).
    ///
    /// # Errors
    /// `ENOENT` without the parent, `EEXIST` when the parent has one of that name.
    pub fn create(&self, parent: CgroupId, name: &str) -> Result<CgroupId, Errno> {
        let mut table = self.table.lock();
        let last = table.by_id.keys().next_back().map_or(0, |id| id.0);
        Self::add(&mut table, parent, name, CgroupId(last + 1))
    }

    /// The same with a number, such as the one that it has on the host.
    ///
    /// # Errors
    /// As [`Self::create`]; `EEXIST` also when another one has the number.
    pub fn create_as(&self, parent: CgroupId, name: &str, id: CgroupId) -> Result<(), Errno> {
        Self::add(&mut self.table.lock(), parent, name, id).map(drop)
    }

    fn add(
        table: &mut Table,
        parent: CgroupId,
        name: &str,
        id: CgroupId,
    ) -> Result<CgroupId, Errno> {
        let above = table.by_id.get(&parent).filter(|above| above.is_alive);
        let level = above.ok_or(Errno::ENOENT)?.level + 1;
        let is_twin = |of: &Entry| of.is_alive && of.parent == Some(parent) && of.name == name;
        if table.by_id.contains_key(&id) || table.by_id.values().any(is_twin) {
            return Err(Errno::EEXIST);
        }
        table.by_id.insert(id, entry(name, Some(parent), level));
        Ok(id)
    }

    /// Removes a control group (`rmdir`), whose tasks the caller has asked for. What programs hold of it lives on.
    ///
    /// # Errors
    /// `ENOENT` when there is none, `EBUSY` for the root and when there are others below it.
    pub(crate) fn remove(&self, id: CgroupId) -> Result<(), Errno> {
        let mut table = self.table.lock();
        let has_child =
            table.by_id.values().any(|other| other.is_alive && other.parent == Some(id));
        let found = table.by_id.get_mut(&id).filter(|found| found.is_alive);
        let found = found.ok_or(Errno::ENOENT)?;
        if has_child || id == CgroupId::ROOT {
            return Err(Errno::EBUSY);
        }
        found.is_alive = false;
        self.retire_unheld(&mut table, id);
        Ok(())
    }

    /// Ends a control group that was removed and that nobody holds, and then its parents that waited for it.
    pub(super) fn retire_unheld(&self, table: &mut Table, id: CgroupId) {
        let mut next = Some(id);
        while let Some(id) = next {
            let is_parent = table.by_id.values().any(|other| other.parent == Some(id));
            let is_over = |found: &Entry| !found.is_alive && found.references == 0 && !is_parent;
            if !table.by_id.get(&id).is_some_and(is_over) {
                return;
            }
            let Some(gone) = table.by_id.remove(&id) else { return };
            if let (Some(pools), Some(objects)) = (&self.objects, gone.objects) {
                let addr = pools.addr(objects);
                table.by_addr.remove(&addr);
                self.world.storages.destroy(addr);
                pools.retire(&self.world.rcu, objects);
            }
            next = gone.parent;
        }
    }

    /// Whether a control group was not removed; `None` when there is none of that number.
    #[must_use]
    pub fn is_alive(&self, id: CgroupId) -> Option<bool> {
        self.table.lock().by_id.get(&id).map(|found| found.is_alive)
    }

    /// The control group with this number at a level above another one, or itself.
    #[must_use]
    pub fn ancestor(&self, id: CgroupId, level: i32) -> Option<CgroupId> {
        let table = self.table.lock();
        let level = u32::try_from(level).ok()?;
        let mut at = id;
        loop {
            let found = table.by_id.get(&at)?;
            if found.level == level {
                return Some(at);
            }
            at = found.parent.filter(|_| found.level > level)?;
        }
    }

    /// Whether a control group is another one, or below it.
    #[must_use]
    pub fn is_descendant(&self, id: CgroupId, ancestor: CgroupId) -> bool {
        let level = self.table.lock().by_id.get(&ancestor).map(|found| found.level);
        level.and_then(|level| self.ancestor(id, level.cast_signed())) == Some(ancestor)
    }

    /// Its `struct cgroup`, made when it is asked for the first time; null without one in the machine's types.
    #[must_use]
    pub fn object(&self, id: CgroupId) -> Addr {
        self.with_objects(id, CgroupObjects::addr)
    }

    /// The `struct css_set` of tasks that are in it.
    pub(crate) fn css_set(&self, id: CgroupId) -> Addr {
        self.with_objects(id, CgroupObjects::css_set)
    }

    fn with_objects(
        &self,
        id: CgroupId,
        show: impl FnOnce(&CgroupObjects, Objects) -> Addr,
    ) -> Addr {
        let Some(pools) = &self.objects else { return Addr::NULL };
        let objects = self.made(&mut self.table.lock(), pools, id);
        objects.map_or(Addr::NULL, |objects| show(pools, objects))
    }

    /// The objects of a control group; those above it are made first.
    fn made(&self, table: &mut Table, pools: &CgroupObjects, id: CgroupId) -> Option<Objects> {
        let mut wanted = Vec::new();
        let mut above = None;
        let mut at = Some(id);
        while let Some(id) = at {
            let found = table.by_id.get(&id)?;
            if found.objects.is_some() {
                above = found.objects;
                break;
            }
            wanted.push(id);
            at = found.parent;
        }
        while let Some(id) = wanted.pop() {
            let found = table.by_id.get_mut(&id)?;
            let (name, level) = (found.name.as_str(), found.level);
            let facts = Facts { id, name, level, parent: above };
            let objects = pools.make(&self.world.memory, &self.world.rcu, facts).ok()?;
            found.objects = Some(objects);
            let addr = pools.addr(objects);
            // Nobody has what lay there before.
            self.world.storages.destroy(addr);
            table.by_addr.insert(addr, id);
            above = Some(objects);
        }
        above
    }

    /// The control group whose `struct cgroup` is at an address.
    #[must_use]
    pub fn at(&self, addr: Addr) -> Option<CgroupId> {
        self.table.lock().at(addr)
    }

    /// Makes sure that there is a `struct cgroup` at an address, though it may belong to nobody any more.
    ///
    /// # Errors
    /// A [`Fault`].
    pub(super) fn check(&self, addr: Addr) -> Result<(), Fault> {
        if self.objects.as_ref().is_some_and(|pools| pools.is_one(addr)) {
            return self.world.memory.check(addr, 8, crate::Access::Read);
        }
        let found = self.world.memory.describe(addr);
        Err(Fault::WrongObject { addr, what: "cgroup", found })
    }
}

fn entry(name: &str, parent: Option<CgroupId>, level: u32) -> Entry {
    let name = name.to_owned();
    Entry { name, parent, level, objects: None, is_alive: true, references: 0 }
}
