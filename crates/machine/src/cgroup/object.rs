//! `struct cgroup`, and what tasks reach it by.

use skep_abi::Addr;
use skep_btf::Btf;
use std::sync::Arc;

use super::CgroupId;
use crate::cpu::Rcu;
use crate::memory::{Label, Memory, OutOfMemory, Rights, SlabSpec, Window};
use crate::object::{Layout, ObjectPool, Place, Unmodelled};

/// Levels whose ancestors an object has room for; the array has no length of its own in the types.
const LEVELS: u32 = 32;

/// Places of the objects of one control group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objects {
    pub(super) cgroup: Place,
    node: Option<Place>,
    css_set: Option<Place>,
}

/// What is told of a control group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    pub(super) id: CgroupId,
    pub(super) name: &'a str,
    pub(super) level: u32,
    pub(super) parent: Option<Objects>,
}

/// Pools of the structs.
#[derive(Debug)]
pub(super) struct CgroupObjects {
    cgroup: ObjectPool,
    node: Option<ObjectPool>,
    css_set: Option<ObjectPool>,
}

impl CgroupObjects {
    /// `None` without a `cgroup` in the BTF.
    pub(super) fn new(btf: &Btf, unmodelled: &Arc<Unmodelled>) -> Option<Self> {
        let layout = |name| Layout::new(btf, name, unmodelled);
        let mut cgroup = layout("cgroup")?;
        cgroup.size += 8 * u64::from(LEVELS);
        Some(Self {
            cgroup: ObjectPool::new(cgroup),
            node: layout("kernfs_node").map(ObjectPool::new),
            css_set: layout("css_set").map(ObjectPool::new),
        })
    }

    pub(super) fn addr(&self, objects: Objects) -> Addr {
        self.cgroup.addr(objects.cgroup)
    }

    /// What the tasks of the control group point to (`task_struct.cgroups`).
    pub(super) fn css_set(&self, objects: Objects) -> Addr {
        let set = self.css_set.as_ref().zip(objects.css_set);
        set.map_or(Addr::NULL, |(pool, place)| pool.addr(place))
    }

    fn node(&self, objects: Objects) -> Addr {
        let node = self.node.as_ref().zip(objects.node);
        node.map_or(Addr::NULL, |(pool, place)| pool.addr(place))
    }

    /// Whether such an object begins at an address, be it alive or not.
    pub(super) fn is_one(&self, addr: Addr) -> bool {
        self.cgroup.place_of(addr).is_some()
    }

    /// Makes the objects of a control group.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub(super) fn make(
        &self,
        memory: &Memory,
        rcu: &Rcu,
        facts: Facts<'_>,
    ) -> Result<Objects, OutOfMemory> {
        let make = |pool: &ObjectPool| {
            let name = format!("the {} of cgroup {}", pool.layout.name, facts.id.0);
            pool.make(memory, rcu, name)
        };
        let objects = Objects {
            cgroup: make(&self.cgroup)?,
            node: self.node.as_ref().map(make).transpose()?,
            css_set: self.css_set.as_ref().map(make).transpose()?,
        };
        self.fill(memory, objects, facts)?;
        Ok(objects)
    }

    fn fill(&self, memory: &Memory, objects: Objects, facts: Facts<'_>) -> Result<(), OutOfMemory> {
        let own = self.addr(objects);
        let number = |path: &str, value: u64| self.cgroup.put(objects.cgroup, path, value);
        number("level", facts.level.into());
        number("self.cgroup", own.0);
        number("kn", self.node(objects).0);
        let parent = facts.parent.map_or(Addr::NULL, |parent| self.addr(parent));
        // A control group begins with its own state, so that both have one address.
        number("self.parent", parent.0);
        self.fill_ancestors(objects, facts);
        if let (Some(pool), Some(node)) = (&self.node, objects.node) {
            pool.put(node, "id", facts.id.0);
            let above = facts.parent.map_or(Addr::NULL, |parent| self.node(parent));
            // The field has two underscores since 6.15.
            pool.put(node, "parent", above.0);
            pool.put(node, "__parent", above.0);
            pool.put(node, "name", text(memory, facts)?.0);
        }
        if let (Some(pool), Some(set)) = (&self.css_set, objects.css_set) {
            pool.put(set, "dfl_cgrp", own.0);
        }
        Ok(())
    }

    /// `ancestors`: those of the parent, and the control group itself.
    fn fill_ancestors(&self, objects: Objects, facts: Facts<'_>) {
        let Some(field) = self.cgroup.layout.field("ancestors") else { return };
        let own = self.addr(objects);
        let mut above = Vec::new();
        if let Some(parent) = facts.parent {
            above = self.cgroup.words(parent.cgroup, field.offset, facts.level.min(LEVELS));
        }
        above.push(own.0);
        for (level, ancestor) in (0..LEVELS.into()).zip(above) {
            self.cgroup.put_word(objects.cgroup, field.offset + 8 * level, ancestor);
        }
    }

    pub(super) fn retire(&self, rcu: &Rcu, objects: Objects) {
        self.cgroup.retire(rcu, objects.cgroup);
        for (pool, place) in [(&self.node, objects.node), (&self.css_set, objects.css_set)] {
            if let (Some(pool), Some(place)) = (pool, place) {
                pool.retire(rcu, place);
            }
        }
    }
}

/// The name as a string of the kernel.
fn text(memory: &Memory, facts: Facts<'_>) -> Result<Addr, OutOfMemory> {
    let len = facts.name.len() as u64 + 1;
    let label = Label::new("name", format!("cgroup {}", facts.id.0));
    let mut spec = SlabSpec::new(Window::Objects, len, 1, label);
    spec.rights = Rights::READ_ONLY;
    let slab = memory.alloc(&spec)?;
    slab.write(0, 0, facts.name.as_bytes());
    Ok(slab.addr(0))
}
