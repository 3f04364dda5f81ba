//! What `BPF_MAP_CREATE` refuses before it makes a map: each kind's `map_alloc_check`.

use skep_abi::{Errno, MapType};

use super::{MAX_STACK, MapDef, MapFlags};
use super::{bloom_filter, local_storage, lpm_trie, queue_stack, slots};

/// The errno and the rule.
pub(crate) type Refusal = (Errno, String);

/// `KMALLOC_MAX_SIZE` of x86-64: bytes that are allocated at once.
pub(super) const KMALLOC_MAX: u32 = 4 << 20;
/// The same less `sizeof(struct htab_elem)`: key and value of a hash must be smaller.
const MAX_HASH_ELEMENT: u64 = KMALLOC_MAX as u64 - 48;
/// `PCPU_MIN_UNIT_SIZE`: the largest value of a per-CPU map.
const MAX_PERCPU_VALUE: u64 = 32 << 10;
/// More buckets than this the kernel does not count.
const MAX_BUCKETS: u64 = 1 << 27;
/// Page size, of which a ring buffer's size is a multiple.
const PAGE: u32 = 4096;

/// `BPF_F_RB_OVERWRITE`.
const OVERWRITE: u32 = 1 << 19;

const ACCESS: MapFlags = MapFlags::RDONLY
    .union(MapFlags::WRONLY)
    .union(MapFlags::RDONLY_PROG)
    .union(MapFlags::WRONLY_PROG);

fn invalid<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err((Errno::EINVAL, why.into()))
}

fn too_big<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err((Errno::E2BIG, why.into()))
}

/// Checks a definition against the rules of its kind, on a machine with `nodes` NUMA nodes.
pub(crate) fn check(def: &MapDef, nodes: u32) -> Result<(), Refusal> {
    if def.map_extra != 0 && def.map_type != MapType::BloomFilter {
        return invalid(format!(
            "map_extra is {:#x}, and no {} takes it",
            def.map_extra,
            def.map_type.name()
        ));
    }
    if def.flags.contains(MapFlags::RDONLY | MapFlags::WRONLY) {
        return invalid("BPF_F_RDONLY and BPF_F_WRONLY exclude each other");
    }
    if def.flags.contains(MapFlags::NUMA_NODE)
        && def.numa_node != u32::MAX
        && def.numa_node >= nodes
    {
        return invalid(format!(
            "numa_node is {}, and the machine has {nodes} nodes",
            def.numa_node
        ));
    }
    match def.map_type {
        MapType::Hash | MapType::PercpuHash | MapType::LruHash | MapType::LruPercpuHash => {
            hash(def)
        }
        MapType::HashOfMaps => {
            fd_value(def)?;
            hash(def)?;
            inner(def)
        }
        MapType::Array | MapType::PercpuArray => array(def),
        MapType::ArrayOfMaps => {
            fd_array(def)?;
            inner(def)
        }
        MapType::PerfEventArray | MapType::ProgArray | MapType::CgroupArray => fd_array(def),
        MapType::StackTrace => stack_trace(def),
        MapType::Ringbuf => ringbuf(def),
        MapType::CgroupStorage | MapType::PercpuCgroupStorage => slots::check_cgroup_storage(def),
        MapType::Devmap
        | MapType::DevmapHash
        | MapType::Sockmap
        | MapType::Sockhash
        | MapType::Cpumap
        | MapType::Xskmap => slots::check(def),
        MapType::LpmTrie => lpm_trie::check(def),
        MapType::Queue | MapType::Stack => queue_stack::check(def),
        MapType::BloomFilter => bloom_filter::check(def),
        MapType::TaskStorage
        | MapType::CgrpStorage
        | MapType::InodeStorage
        | MapType::SkStorage => local_storage::check(def),
        other => invalid(format!("skep does not simulate {} maps yet", other.name())),
    }
}

pub(super) fn flags(def: &MapDef, allowed: MapFlags) -> Result<(), Refusal> {
    let other = def.flags.difference(allowed | MapFlags::NUMA_NODE | ACCESS);
    if !other.is_empty() {
        return invalid(format!(
            "flags {:#x} are not for {} maps",
            other.bits(),
            def.map_type.name()
        ));
    }
    if def.flags.contains(MapFlags::RDONLY_PROG | MapFlags::WRONLY_PROG) {
        return invalid("BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
    }
    Ok(())
}

fn not_zero(def: &MapDef) -> Result<(), Refusal> {
    for (what, size) in [
        ("max_entries", def.max_entries),
        ("key_size", def.key_size),
        ("value_size", def.value_size),
    ] {
        if size == 0 {
            return invalid(format!("{what} is 0"));
        }
    }
    Ok(())
}

fn no_node(def: &MapDef) -> Result<(), Refusal> {
    if def.flags.contains(MapFlags::NUMA_NODE) && def.numa_node != u32::MAX {
        return invalid("a map with values per CPU has no NUMA node");
    }
    Ok(())
}

fn percpu_value(def: &MapDef) -> Result<(), Refusal> {
    if u64::from(def.value_size).next_multiple_of(8) > MAX_PERCPU_VALUE {
        return too_big(format!(
            "value_size is {}, and a value per CPU has at most 32768 bytes",
            def.value_size
        ));
    }
    Ok(())
}

fn hash(def: &MapDef) -> Result<(), Refusal> {
    let is_lru = matches!(def.map_type, MapType::LruHash | MapType::LruPercpuHash);
    flags(def, MapFlags::NO_PREALLOC | MapFlags::NO_COMMON_LRU | MapFlags::ZERO_SEED)?;
    let has_own_lists = def.flags.contains(MapFlags::NO_COMMON_LRU);
    if !is_lru && has_own_lists {
        return invalid("BPF_F_NO_COMMON_LRU is for LRU hashes");
    }
    if is_lru && def.flags.contains(MapFlags::NO_PREALLOC) {
        return Err((Errno::ENOTSUPP, "an LRU hash is always preallocated".to_owned()));
    }
    if def.map_type.is_percpu() || has_own_lists {
        no_node(def)?;
    }
    not_zero(def)?;
    if u64::from(def.key_size) + u64::from(def.value_size) >= MAX_HASH_ELEMENT {
        return too_big("key and value together have 4194256 bytes or more");
    }
    if def.map_type.is_percpu() {
        percpu_value(def)?;
    }
    if u64::from(def.max_entries) > MAX_BUCKETS {
        return too_big("max_entries is over 134217728");
    }
    Ok(())
}

fn array(def: &MapDef) -> Result<(), Refusal> {
    let mut allowed = MapFlags::empty();
    match def.map_type {
        MapType::Array => allowed = MapFlags::MMAPABLE | MapFlags::INNER_MAP,
        MapType::PerfEventArray => allowed = MapFlags::PRESERVE_ELEMS,
        _ => {}
    }
    not_zero(def)?;
    if def.key_size != 4 {
        return invalid(format!("key_size is {}, and an array's key has 4 bytes", def.key_size));
    }
    flags(def, allowed)?;
    if def.map_type == MapType::PercpuArray {
        no_node(def)?;
    }
    if i32::try_from(def.value_size).is_err() {
        return too_big("value_size is over 2147483647");
    }
    if def.map_type == MapType::PercpuArray {
        percpu_value(def)?;
    }
    Ok(())
}

fn fd_value(def: &MapDef) -> Result<(), Refusal> {
    if def.value_size != 4 {
        return invalid(format!(
            "value_size is {}, and a file descriptor has 4 bytes",
            def.value_size
        ));
    }
    Ok(())
}

fn fd_array(def: &MapDef) -> Result<(), Refusal> {
    fd_value(def)?;
    if def.flags.intersects(MapFlags::RDONLY_PROG | MapFlags::WRONLY_PROG) {
        return invalid("access of programs cannot be restricted for this kind");
    }
    array(def)
}

fn inner(def: &MapDef) -> Result<(), Refusal> {
    let Some(inner) = &def.inner else {
        return Err((Errno::EBADF, "a map of maps needs the shape of its inner maps".to_owned()));
    };
    if inner.map_type.is_map_in_map() {
        return invalid("inner maps are maps of maps themselves");
    }
    use MapType::{CgroupStorage, PercpuCgroupStorage, ProgArray};
    if matches!(inner.map_type, ProgArray | CgroupStorage | PercpuCgroupStorage) {
        let why = format!("a {} cannot be an inner map", inner.map_type.name());
        return Err((Errno::ENOTSUPP, why));
    }
    Ok(())
}

fn stack_trace(def: &MapDef) -> Result<(), Refusal> {
    flags(def, MapFlags::STACK_BUILD_ID)?;
    if def.flags.intersects(MapFlags::RDONLY_PROG | MapFlags::WRONLY_PROG) {
        return invalid("access of programs cannot be restricted for this kind");
    }
    not_zero(def)?;
    if def.key_size != 4 || !def.value_size.is_multiple_of(8) {
        return invalid("a stack trace map has keys of 4 bytes and values of whole 8 bytes");
    }
    let frame = if def.flags.contains(MapFlags::STACK_BUILD_ID) { 32 } else { 8 };
    if !def.value_size.is_multiple_of(frame) || def.value_size / frame > MAX_STACK {
        return invalid(format!(
            "value_size is {}, and stacks have up to {MAX_STACK} entries of {frame} bytes",
            def.value_size
        ));
    }
    if def.max_entries > 1 << 31 {
        return too_big("max_entries is over 2147483648");
    }
    Ok(())
}

fn ringbuf(def: &MapDef) -> Result<(), Refusal> {
    // A ring buffer restricts nobody's access.
    let other = def.flags.difference(MapFlags::NUMA_NODE);
    if other.bits() == OVERWRITE {
        // DEVIATION(linux): since 6.19 a ring may overwrite its oldest records.
        return invalid(
            "skep does not simulate ring buffers that overwrite (BPF_F_RB_OVERWRITE) yet",
        );
    }
    if !other.is_empty() {
        return invalid(format!("flags {:#x} are not for ring buffers", other.bits()));
    }
    if def.key_size != 0 || def.value_size != 0 {
        return invalid("a ring buffer has neither keys nor values");
    }
    if !def.max_entries.is_power_of_two() || !def.max_entries.is_multiple_of(PAGE) {
        return invalid(format!(
            "max_entries is {}, and a ring buffer's size is a power of two and whole pages of {PAGE} bytes",
            def.max_entries
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use skep_abi::MapType;

    use super::check;
    use crate::MapDef;
    use crate::map::KINDS;

    #[test]
    fn exactly_the_listed_kinds_are_simulated() {
        for kind in MapType::ALL {
            let refusal = check(&MapDef::new("m", *kind, 4, 8, 4096), 1).err();
            let is_missing = refusal.is_some_and(|(_, why)| why.contains("does not simulate"));
            assert_eq!(is_missing, !KINDS.contains(kind), "{kind:?}");
        }
    }
}
