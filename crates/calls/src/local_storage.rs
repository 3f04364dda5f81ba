//! `kernel/bpf/bpf_local_storage.c`: what the storage of all kinds of owners does for programs.

use skep_abi::{Addr, MapType};
use skep_machine::map::LocalStorage;
use skep_machine::{Kernel, Map};

use crate::arg::{ConstMap, MapValueOrNull as Initial};
use crate::map::wrong_map;
use crate::ret::Answer;

/// `BPF_LOCAL_STORAGE_GET_F_CREATE`
pub(crate) const CREATE: u64 = 1;

/// The storage behind a map argument, which the verifier lets be of one kind only.
pub(crate) fn storage<'m>(
    k: &Kernel<'_, 'm>,
    call: &'static str,
    map: ConstMap,
    kind: MapType,
) -> Answer<&'m LocalStorage> {
    let map = k.run.machine.map_at(map.0)?;
    let storage = map.local_storage().filter(|_| map.map_type() == kind);
    storage.ok_or_else(|| wrong_map(call, map).into())
}

/// Makes a value of an owner, with what `initial` has.
pub(crate) fn create(
    k: &Kernel<'_, '_>,
    map: ConstMap,
    storage: &LocalStorage,
    owner: Addr,
    initial: Initial,
) -> Answer<Option<Addr>> {
    if initial.0.is_null() {
        return Ok(storage.create(owner, None));
    }
    let size = k.run.machine.map_at(map.0).map(Map::def)?.value_size;
    let value = k.run.memory().read_vec(initial.0, size.into())?;
    Ok(storage.create(owner, Some(&value)))
}
