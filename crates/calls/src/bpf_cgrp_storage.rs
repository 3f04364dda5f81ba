//! `kernel/bpf/bpf_cgrp_storage.c`: values of control groups.

use skep_abi::{Errno, MapType};
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, CgroupStruct, ConstMap, KptrOrNull, MapValueOrNull as Initial};
use crate::local_storage::{CREATE, create, storage};
use crate::ret::{Answer, MapValueOrNull, Success};

/// Storage of control groups.
pub(crate) struct CgrpStorage;

#[calls(since = "6.2", avail { BASE })]
impl CgrpStorage {
    /// Returns the address of the value that a control group has in a map, or null.
    ///
    /// With `BPF_LOCAL_STORAGE_GET_F_CREATE` (1) in `flags` a value that is not there is made: a copy of `value`, or
    /// zeroes. Null where there is none, for other flags, for no control group, for one that was removed, when memory is
    /// short, and while the program has interrupted an operation on such storage on its CPU.
    #[helper(210, effect = StorageGet)]
    fn bpf_cgrp_storage_get(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        cgroup: KptrOrNull<CgroupStruct>,
        value: Initial,
        flags: Anything,
    ) -> Answer<MapValueOrNull> {
        let values = storage(k, "bpf_cgrp_storage_get", map, MapType::CgrpStorage)?;
        let owner = cgroup.addr();
        if flags.0 & !CREATE != 0 || owner.is_null() {
            return Ok(MapValueOrNull(None));
        }
        let Some(_lock) = values.try_lock(k.run.cpu) else { return Ok(MapValueOrNull(None)) };
        let cgroups = k.run.machine.cgroups();
        let id = cgroups.seen(owner)?;
        let found = values.lookup(owner);
        let is_alive = id.and_then(|id| cgroups.is_alive(id)) == Some(true);
        if found.is_some() || flags.0 & CREATE == 0 || !is_alive {
            return Ok(MapValueOrNull(found));
        }
        create(k, map, values, owner, value).map(MapValueOrNull)
    }

    /// Deletes the value that a control group has in a map. Returns 0.
    ///
    /// *Errors*: `EINVAL` for no control group, `EBUSY` while the program has interrupted an operation on such storage on
    /// its CPU, `ENOENT` when it has none.
    #[helper(211)]
    fn bpf_cgrp_storage_delete(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        cgroup: KptrOrNull<CgroupStruct>,
    ) -> Answer<Success> {
        let values = storage(k, "bpf_cgrp_storage_delete", map, MapType::CgrpStorage)?;
        let owner = cgroup.addr();
        if owner.is_null() {
            return Err(Errno::EINVAL.into());
        }
        let Some(_lock) = values.try_lock(k.run.cpu) else { return Err(Errno::EBUSY.into()) };
        k.run.machine.cgroups().seen(owner)?;
        values.delete(owner)?;
        Ok(Success)
    }
}
