//! `kernel/bpf/helpers.c`: values that a program has for the cgroup that it runs in.

use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{Anything, ConstMap};
use crate::map::wrong_map;
use crate::ret::{Answer, MapValue};

/// Cgroup storage.
pub(crate) struct LocalStorage;

#[calls(since = "4.19", avail { CgroupSkb, CgroupSock, CgroupSockAddr, CgroupDevice, CgroupSysctl, CgroupSockopt, SockOps })]
impl LocalStorage {
    /// Returns the address of the value that the program has for its cgroup; this CPU's in a per-CPU map.
    #[helper(81, effect = GetLocalStorage)]
    fn bpf_get_local_storage(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        _flags: Anything,
    ) -> Answer<MapValue> {
        let map = k.run.machine.map_at(map.0)?;
        match map.cgroup_storage(k.run.cpu) {
            Some(value) => Ok(MapValue(value)),
            None => Err(wrong_map("bpf_get_local_storage", map).into()),
        }
    }
}
