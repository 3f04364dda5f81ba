//! Maps of kernel objects that the machine has none of: sockets, devices, cgroups, CPUs to send packets to.
// DEVIATION(linux): nothing can be put into these maps here, so that every slot is empty; programs that look into them
// find what they would in a fresh map.

use skep_abi::{Errno, MapType};

use super::check::Refusal;
use super::{MapDef, MapFlags};

/// Empty slots.
pub(crate) struct Slots {
    len: u32,
}

impl Slots {
    pub(crate) fn new(len: u32) -> Self {
        Self { len }
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }
}

/// What the kinds demand at creation: `sock_map_alloc`, `dev_map_init_map`, `cpu_map_alloc`, `xsk_map_alloc`.
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    let invalid = |why: String| Err((Errno::EINVAL, why));
    let name = def.map_type.name();
    let access = MapFlags::NUMA_NODE | MapFlags::RDONLY | MapFlags::WRONLY;
    let allowed = match def.map_type {
        MapType::Cpumap => MapFlags::NUMA_NODE,
        _ => access,
    };
    if !allowed.contains(def.flags) {
        return invalid(format!("flags {:#x} are not for {name} maps", def.flags.bits()));
    }
    let has_any_key = def.map_type == MapType::Sockhash;
    if def.max_entries == 0 || def.key_size == 0 || !has_any_key && def.key_size != 4 {
        return invalid(format!("{name} maps have keys of 4 bytes and at least one slot"));
    }
    let is_narrow = matches!(def.map_type, MapType::Xskmap | MapType::CgroupArray);
    match def.value_size {
        4 => Ok(()),
        8 if !is_narrow => Ok(()),
        size => invalid(format!("value_size is {size}, which {name} maps have not")),
    }
}

/// What the maps of a program's cgroup demand at creation (`cgroup_storage_map_alloc`).
pub(super) fn check_cgroup_storage(def: &MapDef) -> Result<(), Refusal> {
    /// Bytes of a value at most: a page.
    const MAX_VALUE: u32 = 4096;
    let invalid = |why: &str| Err((Errno::EINVAL, why.to_owned()));
    let access = MapFlags::NUMA_NODE
        | MapFlags::RDONLY
        | MapFlags::WRONLY
        | MapFlags::RDONLY_PROG
        | MapFlags::WRONLY_PROG;
    if !matches!(def.key_size, 8 | 16) {
        return invalid("the key is a cgroup's id, or that and an attach type");
    }
    if def.value_size == 0 || !access.contains(def.flags) {
        return invalid("value_size is 0, or a flag is none of this kind");
    }
    if def.value_size > MAX_VALUE {
        return Err((Errno::E2BIG, "value_size is over 4096".to_owned()));
    }
    if def.max_entries != 0 {
        return invalid("max_entries is not 0: there is a value for each cgroup");
    }
    Ok(())
}
