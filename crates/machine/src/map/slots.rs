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

/// What the kinds demand at creation: `sock_map_alloc`, `sock_hash_alloc`, `dev_map_init_map`, `cpu_map_alloc`,
/// `xsk_map_alloc`.
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    /// Bytes of a SOCKHASH's key at most (`MAX_BPF_STACK`).
    const MAX_KEY: u32 = 512;
    let invalid = |why: String| Err((Errno::EINVAL, why));
    let name = def.map_type.name();
    let access = MapFlags::NUMA_NODE | MapFlags::RDONLY | MapFlags::WRONLY;
    let allowed = if def.map_type == MapType::Cpumap { MapFlags::NUMA_NODE } else { access };
    let other = def.flags.difference(allowed);
    if !other.is_empty() {
        return invalid(format!("flags {:#x} are not for {name} maps", other.bits()));
    }
    let has_any_key = def.map_type == MapType::Sockhash;
    if def.max_entries == 0 || def.key_size == 0 || !has_any_key && def.key_size != 4 {
        return invalid(format!("{name} maps have keys of 4 bytes and at least one slot"));
    }
    let is_narrow = def.map_type == MapType::Xskmap;
    if def.value_size != 4 && (is_narrow || def.value_size != 8) {
        return invalid(format!("value_size is {}, which {name} maps have not", def.value_size));
    }
    if def.key_size > MAX_KEY {
        return Err((Errno::E2BIG, "key_size is over 512".to_owned()));
    }
    Ok(())
}

/// What maps of a program's cgroup demand at creation (`cgroup_storage_map_alloc`).
pub(super) fn check_cgroup_storage(def: &MapDef) -> Result<(), Refusal> {
    /// Bytes of a value at most: 64 KiB less what the kernel keeps with it, and `PCPU_MIN_UNIT_SIZE`.
    const MAX_VALUE: u32 = 65_408;
    const MAX_PERCPU_VALUE: u32 = 32 << 10;
    let invalid = |why: &str| Err((Errno::EINVAL, why.to_owned()));
    if !matches!(def.key_size, 8 | 16) {
        return invalid("the key is a cgroup's id, or that and an attach type");
    }
    if def.value_size == 0 {
        return invalid("value_size is 0");
    }
    let is_percpu = def.map_type == MapType::PercpuCgroupStorage;
    let most = if is_percpu { MAX_PERCPU_VALUE } else { MAX_VALUE };
    if def.value_size > most {
        return Err((Errno::E2BIG, format!("value_size is over {most}")));
    }
    let prog = MapFlags::RDONLY_PROG | MapFlags::WRONLY_PROG;
    let access = MapFlags::NUMA_NODE | MapFlags::RDONLY | MapFlags::WRONLY | prog;
    if !access.contains(def.flags) || def.flags.contains(prog) {
        return invalid("a flag is none of this kind");
    }
    if def.max_entries != 0 {
        return invalid("max_entries is not 0: there is a value for each cgroup");
    }
    Ok(())
}
