//! `kernel/bpf/bpf_inode_storage.c`: values of inodes.

use skep_abi::{Errno, MapType};
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, Inode, KptrOrNull, MapValueOrNull as Initial};
use crate::local_storage::{CREATE, create, storage};
use crate::ret::{Answer, MapValueOrNull, Success};

/// Storage of inodes.
pub(crate) struct InodeStorage;

#[calls(since = "5.10", avail { Lsm })]
impl InodeStorage {
    /// Returns the address of the value that an inode has in a map, or null.
    ///
    /// With `BPF_LOCAL_STORAGE_GET_F_CREATE` (1) in `flags` a value that is not there is made: a copy of `value`, or
    /// zeroes. Null where there is none, for other flags, for no inode, and when memory is short.
    #[helper(145, effect = StorageGet)]
    fn bpf_inode_storage_get(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        inode: KptrOrNull<Inode>,
        value: Initial,
        flags: Anything,
    ) -> Answer<MapValueOrNull> {
        let values = storage(k, "bpf_inode_storage_get", map, MapType::InodeStorage)?;
        let owner = inode.addr();
        if flags.0 & !CREATE != 0 || owner.is_null() {
            return Ok(MapValueOrNull(None));
        }
        let is_alive = k.run.machine.inodes().seen(owner)?.is_some();
        let found = values.lookup(owner);
        if found.is_some() || flags.0 & CREATE == 0 || !is_alive {
            return Ok(MapValueOrNull(found));
        }
        create(k, map, values, owner, value).map(MapValueOrNull)
    }

    /// Deletes the value that an inode has in a map. Returns 0.
    ///
    /// *Errors*: `EINVAL` for no inode, `ENOENT` when it has none.
    #[helper(146)]
    fn bpf_inode_storage_delete(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        inode: KptrOrNull<Inode>,
    ) -> Answer<Success> {
        let values = storage(k, "bpf_inode_storage_delete", map, MapType::InodeStorage)?;
        let owner = inode.addr();
        if owner.is_null() {
            return Err(Errno::EINVAL.into());
        }
        k.run.machine.inodes().seen(owner)?;
        values.delete(owner)?;
        Ok(Success)
    }
}
