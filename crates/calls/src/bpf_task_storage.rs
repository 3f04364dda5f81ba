//! `kernel/bpf/bpf_task_storage.c`: values of tasks.

use skep_abi::{Errno, MapType, ProgType};
use skep_machine::Kernel;
use skep_machine::map::LocalStorage;
use skep_machine::map::StorageLock;
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, KptrOrNull, MapValueOrNull as Initial, TaskStruct};
use crate::local_storage::{CREATE, create, storage};
use crate::ret::{Answer, MapValueOrNull, Success};

/// Task storage.
pub(crate) struct TaskStorage;

/// Holds the CPU against programs that would interrupt this one here; `None` where this program has interrupted such an
/// operation itself.
///
/// Programs that the kernel lets run once at a time on a CPU at most never do, so that it does not ask them.
fn lock<'s>(k: &Kernel<'_, '_>, storage: &'s LocalStorage) -> Option<StorageLock<'s>> {
    match k.run.prog_type {
        ProgType::Lsm | ProgType::StructOps => Some(StorageLock::none()),
        _ => storage.try_lock(k.run.cpu),
    }
}

#[calls(avail { TRACING: "5.11", StructOps: "6.12", BASE: "6.16" }, since = "5.11")]
impl TaskStorage {
    /// Returns the address of the value that a task has in a map, or null.
    ///
    /// With `BPF_LOCAL_STORAGE_GET_F_CREATE` (1) in `flags` a value that is not there is made: a copy of `value`, or
    /// zeroes. Null where there is none, for other flags, for no task, for one that has ended, when memory is short, and
    /// where a value would have to be made while the program has interrupted an operation on task storage on its CPU.
    #[helper(156, effect = StorageGet)]
    fn bpf_task_storage_get(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        task: KptrOrNull<TaskStruct>,
        value: Initial,
        flags: Anything,
    ) -> Answer<MapValueOrNull> {
        let values = storage(k, "bpf_task_storage_get", map, MapType::TaskStorage)?;
        let owner = task.addr();
        if flags.0 & !CREATE != 0 || owner.is_null() {
            return Ok(MapValueOrNull(None));
        }
        let lock = lock(k, values);
        let is_alive = k.run.machine.tasks().seen(owner)?.is_some();
        let found = values.lookup(owner);
        if found.is_some() || flags.0 & CREATE == 0 || !is_alive || lock.is_none() {
            return Ok(MapValueOrNull(found));
        }
        create(k, map, values, owner, value).map(MapValueOrNull)
    }

    /// Deletes the value that a task has in a map. Returns 0.
    ///
    /// *Errors*: `EINVAL` for no task, `ENOENT` when it has none, `EBUSY` while the program has interrupted an operation on
    /// task storage on its CPU.
    #[helper(157)]
    fn bpf_task_storage_delete(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        task: KptrOrNull<TaskStruct>,
    ) -> Answer<Success> {
        let values = storage(k, "bpf_task_storage_delete", map, MapType::TaskStorage)?;
        let owner = task.addr();
        if owner.is_null() {
            return Err(Errno::EINVAL.into());
        }
        let lock = lock(k, values);
        k.run.machine.tasks().seen(owner)?;
        values.lookup(owner).ok_or(Errno::ENOENT)?;
        if lock.is_none() {
            return Err(Errno::EBUSY.into());
        }
        values.delete(owner)?;
        Ok(Success)
    }
}
