//! Where the objects are: a pool for each type (`bpf_mem_alloc`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::RwLock;
use skep_abi::Addr;

use crate::btf_record::{self, BtfField, BtfFieldKind};
use crate::cpu::{Rcu, Reclaim};
use crate::failslab::Failslab;
use crate::kptr::Dtors;
use crate::memory::{Guard, GuardedField, Label, Memory, SlabSpec, Width, Window};
use crate::object::{CHUNK, Place, Pool};
use crate::{Fault, refcount};

/// Bytes of a chunk of objects, about.
const CHUNK_BYTES: u64 = 1 << 20;

/// A struct that programs allocate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjType {
    /// Its name.
    pub name: String,
    /// Bytes; at least 1.
    pub size: u32,
    /// Its special fields, by ascending offset.
    pub fields: Vec<BtfField>,
}

/// The objects of one type.
#[derive(Debug)]
struct TypePool {
    ty: Arc<ObjType>,
    pool: Pool,
    /// Bytes from one CPU's variable to the next one's, for per-CPU objects.
    unit: Option<u64>,
}

impl TypePool {
    /// The special fields of an object; variables of CPUs have none.
    fn fields(&self) -> &[BtfField] {
        if self.unit.is_none() { &self.ty.fields } else { &[] }
    }

    /// Where the count of references is in an object whose references are counted.
    fn count_of(&self, start: Addr) -> Option<Addr> {
        let mut fields = self.fields().iter();
        let count = fields.find(|field| field.kind == BtfFieldKind::Refcount)?;
        Some(start.offset(count.offset.into()))
    }
}

#[derive(Debug, Default)]
struct Pools {
    /// By the address of the type, which the pool keeps alive, and whether objects are per CPU.
    by_type: HashMap<(usize, bool), Arc<TypePool>>,
    /// By the address of the first object of each chunk.
    by_base: BTreeMap<Addr, Arc<TypePool>>,
}

/// All objects that programs allocated.
#[derive(Debug)]
pub struct Objs {
    memory: Arc<Memory>,
    rcu: Arc<Rcu>,
    failslab: Arc<Failslab>,
    cpus: u32,
    pools: RwLock<Pools>,
    /// Objects that were ever made, to tell them apart in messages.
    made: AtomicU64,
}

/// An object that is alive.
struct Found {
    pool: Arc<TypePool>,
    place: Place,
    start: Addr,
}

impl Objs {
    pub(crate) fn new(
        memory: &Arc<Memory>,
        rcu: &Arc<Rcu>,
        failslab: &Arc<Failslab>,
        cpus: u32,
    ) -> Self {
        let (memory, rcu, failslab) = (Arc::clone(memory), Arc::clone(rcu), Arc::clone(failslab));
        let (pools, made) = (RwLock::default(), AtomicU64::new(0));
        Self { memory, rcu, failslab, cpus, pools, made }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Makes an object, its special fields ready for use, the rest zero; `None` when an allocation fails
    /// (`bpf_obj_new`). The caller holds it.
    ///
    /// # Errors
    /// A [`Fault`] when the machine has no room.
    // DEVIATION(linux): what is no special field is zero; the kernel leaves what was there before.
    pub fn alloc(&self, ty: &Arc<ObjType>) -> Result<Option<Addr>, Fault> {
        self.make(ty, false)
    }

    /// Makes a variable of zeroes for each CPU; the per-CPU pointer to them, `None` when an allocation fails
    /// (`bpf_percpu_obj_new`).
    ///
    /// # Errors
    /// As [`Self::alloc`].
    pub fn alloc_percpu(&self, ty: &Arc<ObjType>) -> Result<Option<Addr>, Fault> {
        self.make(ty, true)
    }

    fn make(&self, ty: &Arc<ObjType>, is_percpu: bool) -> Result<Option<Addr>, Fault> {
        if self.failslab.should_fail() {
            return Ok(None);
        }
        let pool = self.pool(ty, is_percpu);
        let name = format!("{} #{}", ty.name, self.made.fetch_add(1, Relaxed));
        let made = pool.pool.make(&self.memory, &self.rcu, name);
        let no_room = |why| Fault::Call { call: "bpf_obj_new", why: format!("{why}") };
        let place = made.map_err(no_room)?;
        let base = pool.pool.with(place, |slab, _| slab.addr(0)).unwrap_or(Addr::NULL);
        if !self.pools.read().by_base.contains_key(&base) {
            self.pools.write().by_base.insert(base, Arc::clone(&pool));
        }
        pool.pool.with(place, |slab, index| btf_record::init(pool.fields(), slab, index));
        Ok(Some(pool.pool.addr(place)))
    }

    fn pool(&self, ty: &Arc<ObjType>, is_percpu: bool) -> Arc<TypePool> {
        let key = (Arc::as_ptr(ty).addr(), is_percpu);
        if let Some(pool) = self.pools.read().by_type.get(&key) {
            return Arc::clone(pool);
        }
        let new = || Arc::new(self.new_pool(ty, is_percpu));
        Arc::clone(self.pools.write().by_type.entry(key).or_insert_with(new))
    }

    fn new_pool(&self, ty: &Arc<ObjType>, is_percpu: bool) -> TypePool {
        let size = u64::from(ty.size.max(1));
        let unit = is_percpu.then(|| size.next_multiple_of(8) + 8);
        let whole = unit.map_or(size, |unit| unit * u64::from(self.cpus));
        let count = (CHUNK_BYTES / whole).clamp(1, CHUNK);
        let label = Label::new("object", ty.name.as_str());
        let mut spec = SlabSpec::new(Window::Objects, whole, count, label);
        spec.is_each_alive = true;
        let guard = match unit {
            Some(unit) => gaps(size, unit, self.cpus),
            None => btf_record::guard(&ty.fields),
        };
        spec.guard = (!guard.0.is_empty()).then(|| Arc::new(guard));
        TypePool { ty: Arc::clone(ty), pool: Pool::new(spec), unit }
    }

    fn find(&self, addr: Addr) -> Option<Found> {
        let pools = self.pools.read();
        let (_, pool) = pools.by_base.range(..=addr).next_back()?;
        let place = pool.pool.place_around(addr)?;
        let start = pool.pool.addr(place);
        // Alive, and not in the space between two objects.
        self.memory.owner(addr)?;
        Some(Found { pool: Arc::clone(pool), place, start })
    }

    fn found(&self, addr: Addr) -> Result<Found, Fault> {
        self.find(addr).ok_or_else(|| {
            let found = self.memory.describe(addr);
            Fault::WrongObject { addr, what: "object of bpf_obj_new", found }
        })
    }

    /// The start of the live object that an address lies in.
    #[must_use]
    pub fn start_of(&self, addr: Addr) -> Option<Addr> {
        self.find(addr).map(|found| found.start)
    }

    /// Refuses an address at which no field of this kind of a live object begins.
    pub(super) fn check_field(&self, addr: Addr, kind: &BtfFieldKind) -> Result<(), Fault> {
        let Found { pool, start, .. } = self.found(addr)?;
        let is_there =
            |field: &BtfField| field.kind == *kind && start.offset(field.offset.into()) == addr;
        match pool.fields().iter().any(is_there) {
            true => Ok(()),
            false => {
                let found = self.memory.describe(addr);
                Err(Fault::WrongObject { addr, what: kind.name(), found })
            }
        }
    }

    /// Takes another reference; `false` when there is none any more (`bpf_refcount_acquire`).
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when no object is there whose references are counted.
    pub fn refcount_acquire(&self, object: Addr) -> Result<bool, Fault> {
        let Found { pool, start, .. } = self.found(object)?;
        let Some(count) = pool.count_of(start) else {
            let found = self.memory.describe(object);
            return Err(Fault::WrongObject { addr: object, what: "counted object", found });
        };
        refcount::inc_not_zero(&self.memory, count)
    }

    /// Gives up a reference; with the last one the object goes, and what it holds (`__bpf_obj_drop_impl`).
    pub(crate) fn put(&self, object: Addr, dtors: &Dtors) -> Result<(), Fault> {
        let mut todo = vec![object];
        while let Some(object) = todo.pop() {
            let Found { pool, place, start } = self.found(object)?;
            if let Some(count) = pool.count_of(start)
                && !refcount::dec_live_and_test(&self.memory, count)?
            {
                continue;
            }
            pool.pool.with(place, |slab, index| {
                btf_record::free((pool.fields(), dtors), slab, index, &mut |held| todo.push(held));
            });
            pool.pool.retire(&self.rcu, place);
        }
        self.rcu.call();
        Ok(())
    }

    /// Bytes from one CPU's variable to the next one's, for the pointer of a per-CPU object.
    pub(super) fn percpu_unit(&self, ptr: Addr) -> Option<u64> {
        self.find(ptr)?.pool.unit
    }

    fn each(&self, mut act: impl FnMut(&TypePool, Place)) {
        let pools: Vec<_> = self.pools.read().by_type.values().cloned().collect();
        for pool in pools {
            pool.pool.living().into_iter().for_each(|place| act(&pool, place));
        }
    }

    /// The objects that are alive, with the number of references to each.
    pub(crate) fn alive(&self) -> Vec<(Addr, u64)> {
        let mut alive = Vec::new();
        self.each(|pool, place| {
            let start = pool.pool.addr(place);
            let count = pool.count_of(start);
            let references = count.and_then(|at| self.memory.kernel_load(at, Width::W).ok());
            alive.push((start, references.unwrap_or(1)));
        });
        alive
    }

    /// Shows each reference that an object owns: offset of the field, its address, the object that it holds.
    pub(crate) fn each_held(&self, dtors: &Dtors, show: &mut dyn FnMut(u32, Addr, Addr)) {
        self.each(|pool, place| {
            pool.pool.with(place, |slab, index| {
                btf_record::each((pool.fields(), dtors), slab, index, show);
            });
        });
    }
}

/// What keeps programs from the space between the variables of two CPUs.
fn gaps(size: u64, unit: u64, cpus: u32) -> Guard {
    let gap = |cpu: u32| GuardedField {
        offset: u64::from(cpu) * unit + size,
        size: unit - size,
        name: "space between the variables of two CPUs",
        kptr: None,
    };
    Guard((0..cpus).map(gap).collect())
}

impl Reclaim for Objs {
    fn reclaim(&self) -> bool {
        let pools: Vec<_> = self.pools.read().by_type.values().cloned().collect();
        let waits = |pool: &Arc<TypePool>| pool.pool.reclaim(&self.memory, &self.rcu);
        pools.iter().fold(false, |others, pool| waits(pool) | others)
    }
}
