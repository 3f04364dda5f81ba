//! References to control groups that programs hold: the kfuncs of `kernel/bpf/helpers.c`.

use skep_abi::Addr;

use super::{CgroupId, Cgroups};
use crate::Fault;
use crate::kptr::Dtor;

impl Cgroups {
    /// Takes a reference to the control group of a number; `None` when there is none, or no more
    /// (`cgroup_get_from_id`).
    #[must_use]
    pub fn get_from_id(&self, id: CgroupId) -> Option<Addr> {
        self.is_alive(id).filter(|is_alive| *is_alive)?;
        self.get(id)
    }

    /// Takes a reference (`cgroup_tryget`).
    fn get(&self, id: CgroupId) -> Option<Addr> {
        let object = Some(self.object(id)).filter(|object| !object.is_null())?;
        self.table.lock().by_id.get_mut(&id)?.references += 1;
        Some(object)
    }

    /// Takes another reference; `None` for one that is gone.
    ///
    /// # Errors
    /// A [`Fault`] when there is no control group.
    pub fn acquire(&self, cgroup: Addr) -> Result<Option<Addr>, Fault> {
        self.check(cgroup)?;
        Ok(self.at(cgroup).and_then(|id| self.get(id)))
    }

    /// Takes a reference to the one at a level above a control group, or itself.
    ///
    /// # Errors
    /// A [`Fault`] when there is no control group.
    pub fn acquire_ancestor(&self, cgroup: Addr, level: i32) -> Result<Option<Addr>, Fault> {
        self.check(cgroup)?;
        let ancestor = self.at(cgroup).and_then(|id| self.ancestor(id, level));
        Ok(ancestor.and_then(|id| self.get(id)))
    }

    /// Gives a reference up.
    ///
    /// # Errors
    /// A [`Fault`] when there is no control group, or nobody holds it.
    pub fn release(&self, cgroup: Addr) -> Result<(), Fault> {
        self.check(cgroup)?;
        let mut table = self.table.lock();
        let id = table.at(cgroup);
        let held = id.and_then(|id| table.by_id.get_mut(&id)).filter(|of| of.references != 0);
        let (Some(id), Some(found)) = (id, held) else {
            let why = "nobody holds the control group".to_owned();
            return Err(Fault::Call { call: "bpf_cgroup_release", why });
        };
        found.references -= 1;
        self.retire_unheld(&mut table, id);
        Ok(())
    }

    /// The control group at an address that a program has; `None` when it is gone.
    ///
    /// # Errors
    /// A [`Fault`] when there is no control group.
    pub fn seen(&self, cgroup: Addr) -> Result<Option<CgroupId>, Fault> {
        self.check(cgroup)?;
        Ok(self.at(cgroup))
    }
}

/// `bpf_cgroup_release_dtor`
impl Dtor for Cgroups {
    fn strukt(&self) -> &'static str {
        "cgroup"
    }

    fn put(&self, object: Addr) -> Result<(), Fault> {
        self.release(object)
    }

    fn alive(&self) -> Vec<(Addr, u64)> {
        let held: Vec<_> = {
            let table = self.table.lock();
            let held = table.by_id.iter().filter(|(_, of)| of.references != 0);
            held.map(|(id, of)| (*id, of.references)).collect()
        };
        held.into_iter().map(|(id, references)| (self.object(id), references)).collect()
    }
}
