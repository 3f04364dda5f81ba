//! TASK_STORAGE, CGRP_STORAGE, INODE_STORAGE and SK_STORAGE: `kernel/bpf/bpf_local_storage.c`.
//!
//! A map has at most one value for each object of the kernel that owns one. The value lives as long as its owner, its
//! map, and until it is deleted or replaced, whichever ends first; a program that has found it may look at it until the
//! program ends, and only then is given up what the value's fields own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use skep_abi::{Addr, Cpu, Errno, MapId, MapType};

use super::check::Refusal;
use super::selem::Selems;
use super::update::{UpdateFlags, check_existing};
use super::{KeyType, MapDef, MapFlags};
use crate::btf_record::{BtfFieldKind, Fields};
use crate::cpu::Rcu;
use crate::failslab::Failslab;
use crate::kptr::Dtors;
use crate::memory::{Memory, Rights};
use crate::object::Place;

/// Bytes of a value at most: what 16 bits count, less what the kernel keeps with it.
const MAX_VALUE: u32 = 65_407;

/// What the kinds demand at creation (`bpf_local_storage_map_alloc_check`, `bpf_local_storage_map_check_btf`).
///
/// *Kernel*: measured on 6.18. BPF_F_CLONE is allowed to all four, though only sockets are cloned.
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    let invalid = |why: &str| Err((Errno::EINVAL, why.to_owned()));
    if !def.flags.contains(MapFlags::NO_PREALLOC) {
        return invalid("local storage is allocated when it is needed (BPF_F_NO_PREALLOC)");
    }
    let other = def.flags.difference(MapFlags::NO_PREALLOC | MapFlags::CLONE);
    if !other.is_empty() {
        let why = format!("flags {:#x} are not for {} maps", other.bits(), def.map_type.name());
        return invalid(&why);
    }
    if def.max_entries != 0 {
        return invalid("max_entries is not 0: there is a value for each owner");
    }
    if def.key_size != 4 {
        return invalid("the key is not an int: a descriptor of the owner");
    }
    if def.value_size == 0 {
        return invalid("value_size is 0");
    }
    if def.key_type == KeyType::None {
        return invalid("key and value have no types (BTF)");
    }
    if def.value_size > MAX_VALUE {
        return Err((Errno::E2BIG, format!("value_size is over {MAX_VALUE}")));
    }
    if def.key_type != KeyType::Int {
        return invalid("the type of the key is not int");
    }
    Ok(())
}

/// One value.
#[derive(Clone, Debug)]
struct Selem {
    map: MapId,
    selems: Arc<Selems>,
    place: Place,
}

/// What an owner has, of each map at most one.
type Owned = HashMap<Addr, Vec<Selem>>;

/// Owners are shared out among this many tables.
const SHARDS: usize = 32;

/// The values of all local storage maps of a machine, by their owners.
#[derive(Debug)]
pub(crate) struct LocalStorages {
    memory: Arc<Memory>,
    rcu: Arc<Rcu>,
    failslab: Arc<Failslab>,
    shards: Box<[RwLock<Owned>]>,
    /// `bpf_task_storage_busy` and `bpf_cgrp_storage_busy` of each CPU.
    busy: [Box<[AtomicBool]>; 2],
}

/// Marks a CPU as one on which an operation on storage is under way; see [`LocalStorage::try_lock`].
#[derive(Debug)]
pub struct StorageLock<'a>(Option<&'a AtomicBool>);

impl StorageLock<'_> {
    /// Marks nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }
}

impl Drop for StorageLock<'_> {
    fn drop(&mut self) {
        if let Some(busy) = self.0 {
            busy.store(false, Ordering::Release);
        }
    }
}

impl LocalStorages {
    pub(crate) fn new(
        memory: &Arc<Memory>,
        rcu: &Arc<Rcu>,
        failslab: &Arc<Failslab>,
        cpus: u32,
    ) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        let busy = [(); 2].map(|()| (0..cpus).map(|_| AtomicBool::new(false)).collect());
        let (memory, rcu) = (Arc::clone(memory), Arc::clone(rcu));
        Self { memory, rcu, failslab: Arc::clone(failslab), shards, busy }
    }

    fn shard(&self, owner: Addr) -> &RwLock<Owned> {
        // Owners are objects of some hundred bytes at least.
        &self.shards[(owner.0 >> 7) as usize % SHARDS]
    }

    /// Gives up all that an owner has, which goes (`bpf_local_storage_destroy`). The caller may hold locks.
    pub(crate) fn destroy(&self, owner: Addr) {
        let owned = self.shard(owner).write().remove(&owner);
        owned.into_iter().flatten().for_each(|selem| self.defer(selem));
    }

    /// Frees a value that no table has any more, once no program can look at it.
    fn defer(&self, selem: Selem) {
        self.rcu.call_rcu_tasks_trace(Box::new(move || selem.selems.free(selem.place)));
    }
}

/// The values that one map has.
#[derive(Debug)]
pub struct LocalStorage {
    id: MapId,
    kind: MapType,
    selems: Arc<Selems>,
    all: Arc<LocalStorages>,
}

impl LocalStorage {
    pub(super) fn new(
        all: &Arc<LocalStorages>,
        dtors: &Arc<Dtors>,
        (id, label, def): (MapId, &str, &MapDef),
    ) -> Self {
        let lock = def.fields.iter().find(|field| field.kind == BtfFieldKind::SpinLock);
        let lock = lock.map(|field| field.offset.into());
        let fields = (Rights::READ_WRITE, Fields::new(&def.fields, dtors), lock);
        let selems = Arc::new(Selems::new(&all.memory, (label, id), def.value_size, fields));
        Self { id, kind: def.map_type, selems, all: Arc::clone(all) }
    }

    fn find(owned: &Owned, owner: Addr, map: MapId) -> Option<Place> {
        owned.get(&owner)?.iter().find(|selem| selem.map == map).map(|selem| selem.place)
    }

    fn place(&self, owner: Addr) -> Option<Place> {
        Self::find(&self.all.shard(owner).read(), owner, self.id)
    }

    /// Takes a CPU for one operation on storage of this kind; `None` while another one is under way there, which is what
    /// a program finds that has interrupted it. Storage of inodes and sockets knows no such thing.
    ///
    /// Programs of the machine interrupt nothing: only who holds such a lock for them shows them how that is.
    #[must_use]
    pub fn try_lock(&self, cpu: Cpu) -> Option<StorageLock<'_>> {
        let kind = match self.kind {
            MapType::TaskStorage => 0,
            MapType::CgrpStorage => 1,
            _ => return Some(StorageLock::none()),
        };
        let busy = self.all.busy[kind].get(cpu.0 as usize)?;
        // Only a lock that was taken may be dropped.
        (!busy.swap(true, Ordering::Acquire)).then(|| StorageLock(Some(busy)))
    }

    /// Address of an owner's value (`bpf_local_storage_lookup`).
    #[must_use]
    pub fn lookup(&self, owner: Addr) -> Option<Addr> {
        self.place(owner).map(|place| self.selems.addr(place))
    }

    /// Makes an owner's value for a program, zeroes where none is given; its address. `None` when memory is short, or
    /// was said to be, and when another CPU was faster.
    ///
    /// The owner must be alive. Fields of special kinds are zero, whatever `value` has there.
    #[must_use]
    pub fn create(&self, owner: Addr, value: Option<&[u8]>) -> Option<Addr> {
        if self.all.failslab.should_fail() {
            return None;
        }
        let place = self.put(owner, value, UpdateFlags::NOEXIST).ok()?;
        Some(self.selems.addr(place))
    }

    /// What user space does: makes or replaces an owner's value.
    ///
    /// Without LOCK another value takes its place, so that a program which has found it keeps seeing the old one.
    pub(super) fn update(
        &self,
        owner: Addr,
        value: &[u8],
        flags: UpdateFlags,
    ) -> Result<(), Errno> {
        if flags.contains(UpdateFlags::LOCK)
            && let Some(place) = self.place(owner)
        {
            check_existing(true, flags)?;
            self.selems.write_locked(place, value);
            return Ok(());
        }
        self.put(owner, Some(value), flags).map(drop)
    }

    fn put(&self, owner: Addr, value: Option<&[u8]>, flags: UpdateFlags) -> Result<Place, Errno> {
        let mut shard = self.all.shard(owner).write();
        let is_there = Self::find(&shard, owner, self.id).is_some();
        check_existing(is_there, flags)?;
        let place = self.selems.make(|| self.all.memory.name_of(owner), value);
        let place = place.map_err(|_| Errno::ENOMEM)?;
        let new = Selem { map: self.id, selems: Arc::clone(&self.selems), place };
        let owned = shard.entry(owner).or_default();
        match owned.iter_mut().find(|selem| selem.map == self.id) {
            Some(selem) => self.all.defer(std::mem::replace(selem, new)),
            None => owned.push(new),
        }
        Ok(place)
    }

    /// Deletes an owner's value.
    ///
    /// # Errors
    /// `ENOENT` when it has none.
    pub fn delete(&self, owner: Addr) -> Result<(), Errno> {
        let mut shard = self.all.shard(owner).write();
        let owned = shard.get_mut(&owner).ok_or(Errno::ENOENT)?;
        let at = owned.iter().position(|selem| selem.map == self.id).ok_or(Errno::ENOENT)?;
        self.all.defer(owned.swap_remove(at));
        if owned.is_empty() {
            shard.remove(&owner);
        }
        Ok(())
    }

    /// An owner's value as user space reads it.
    pub(super) fn user_value(&self, owner: Addr, is_locked: bool) -> Option<Vec<u8>> {
        self.place(owner).map(|place| self.selems.user_bytes(place, is_locked))
    }

    pub(super) fn has_lock(&self) -> bool {
        self.selems.has_lock()
    }

    fn all_owned(&self) -> Vec<(Addr, Place)> {
        let mut found = Vec::new();
        for shard in &self.all.shards {
            let shard = shard.read();
            let here = shard.keys().filter_map(|owner| {
                Self::find(&shard, *owner, self.id).map(|place| (*owner, place))
            });
            found.extend(here);
        }
        found.sort_unstable_by_key(|(owner, _)| *owner);
        found
    }

    /// All values as user space reads them, by the addresses of their owners.
    pub(super) fn entries(&self) -> Vec<(Addr, Vec<u8>)> {
        let of = |(owner, place)| (owner, self.selems.user_bytes(place, false));
        self.all_owned().into_iter().map(of).collect()
    }

    /// Shows each reference that a value owns.
    pub(super) fn each_kptr(&self, show: &mut dyn FnMut(u32, Addr, Addr)) {
        self.all_owned().into_iter().for_each(|(_, place)| self.selems.each_kptr(place, show));
    }

    /// Gives up all values at once, as freeing the map does, which no program has any more.
    pub(super) fn free_all(&self) {
        for (owner, place) in self.all_owned() {
            let mut shard = self.all.shard(owner).write();
            if let Some(owned) = shard.get_mut(&owner) {
                owned.retain(|selem| selem.map != self.id);
            }
            drop(shard);
            self.selems.free(place);
        }
    }
}
