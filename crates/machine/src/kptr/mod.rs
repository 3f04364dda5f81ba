//! Pointers that maps own: `bpf_kptr_xchg`, and what happens to them when their value goes (`bpf_obj_free_fields`).
//!
//! A kptr field holds a reference. Each type of object that may be held says how a reference is given up, in its own
//! file (`Dtor`); what is nobody's here cannot be in a field.

mod held;

use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::Addr;

pub use held::{Holder, Object};

use crate::memory::{AtomicOp, GuardedKptr, Width};
use crate::{Fault, Machine, Objs};

/// Gives up references to objects of one struct (`register_btf_id_dtor_kfuncs`).
pub(crate) trait Dtor: std::fmt::Debug + Send + Sync {
    /// The struct's name.
    fn strukt(&self) -> &'static str;

    /// Gives up one reference.
    ///
    /// # Errors
    /// A [`Fault`] when no such object is there.
    fn put(&self, object: Addr) -> Result<(), Fault>;

    /// The objects that are alive, with the number of references to each.
    fn alive(&self) -> Vec<(Addr, u64)>;
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Dtors {
    all: Vec<Arc<dyn Dtor>>,
    objs: Arc<Objs>,
    /// What went wrong where no program could be told.
    faults: Mutex<Vec<Fault>>,
}

impl Dtors {
    pub(crate) fn new(all: Vec<Arc<dyn Dtor>>, objs: Arc<Objs>) -> Self {
        Self { all, objs, faults: Mutex::default() }
    }

    pub(crate) fn objs(&self) -> &Objs {
        &self.objs
    }

    /// Gives up the reference to an object of a program's type that a field, list or tree held.
    pub(crate) fn drop_obj(&self, object: Addr) {
        self.faults.lock().extend(self.objs.put(object, self).err());
    }

    /// Gives up the reference that a field held.
    pub(crate) fn put(&self, strukt: &str, object: Addr) {
        let dtor = self.all.iter().find(|dtor| dtor.strukt() == strukt);
        let gone = match dtor {
            Some(dtor) => dtor.put(object),
            None => Err(Fault::Call {
                call: "bpf_kptr_xchg",
                why: format!("nothing gives up a reference to struct {strukt}"),
            }),
        };
        self.faults.lock().extend(gone.err());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Dtor>> {
        self.all.iter()
    }
}

impl Machine {
    /// Puts a pointer into a kptr field as one step; gives what was there (`bpf_kptr_xchg`).
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no such field begins there.
    pub fn kptr_xchg(&self, field: Addr, new: Addr) -> Result<Addr, Fault> {
        let memory = self.memory();
        if memory.kptr_at(field) != Some(GuardedKptr::Referenced) {
            let found = memory.describe(field);
            return Err(Fault::WrongObject { addr: field, what: "kptr field", found });
        }
        memory.kernel_atomic(field, Width::Dw, AtomicOp::Xchg, new.0).map(Addr)
    }

    /// What went wrong when references in values were given up and no program ran that could be told: memory that
    /// was stored as an object that it never was.
    #[must_use]
    pub fn kptr_faults(&self) -> Vec<Fault> {
        self.dtors().faults.lock().clone()
    }
}
