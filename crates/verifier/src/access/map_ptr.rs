//! Fields of `struct bpf_map`, read through a pointer to a map (`check_ptr_to_map_access`).

use skep_abi::MapType;
use skep_btf::Kind;

use super::btf_ptr::walk::{self, Found, Walk};
use super::btf_ptr::{LoadedBtf, load_btf, load_mem};
use super::{Access, Rw};
use crate::call::MapRef;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::scalar::mark_unknown;

rejections! {
    /// A field before the start of a map is accessed.
    MapNegative("map-ptr-negative-offset", EACCES, help: "use the pointer as it came") {
        regno: u8, name: String, off: i32,
    } => "R{regno} is {name} invalid negative access: off={off}";

    /// The program writes to a map's description.
    MapReadOnly("map-ptr-read-only", EACCES, help: "change the map's elements with helpers") {
        name: String,
    } => "only read from {name} is supported";
}

/// The struct that the kernel keeps a map of this kind in (`map_btf_id`).
const fn struct_name(kind: MapType) -> &'static str {
    match kind {
        MapType::Array | MapType::PercpuArray | MapType::PerfEventArray => "bpf_array",
        MapType::ProgArray | MapType::CgroupArray | MapType::ArrayOfMaps => "bpf_array",
        MapType::Hash | MapType::PercpuHash | MapType::LruHash | MapType::LruPercpuHash => {
            "bpf_htab"
        }
        MapType::HashOfMaps => "bpf_htab",
        MapType::StackTrace => "bpf_stack_map",
        MapType::LpmTrie => "lpm_trie",
        MapType::Devmap | MapType::DevmapHash => "bpf_dtab",
        MapType::Sockmap => "bpf_stab",
        MapType::Sockhash => "bpf_shtab",
        MapType::Cpumap => "bpf_cpu_map",
        MapType::Xskmap => "xsk_map",
        MapType::ReuseportSockarray => "reuseport_array",
        MapType::Queue | MapType::Stack => "bpf_queue_stack",
        MapType::StructOps => "bpf_struct_ops_map",
        MapType::Ringbuf | MapType::UserRingbuf => "bpf_ringbuf_map",
        MapType::BloomFilter => "bpf_bloom_filter",
        MapType::Arena => "bpf_arena",
        MapType::CgroupStorage | MapType::PercpuCgroupStorage => "bpf_cgroup_storage_map",
        MapType::SkStorage
        | MapType::InodeStorage
        | MapType::TaskStorage
        | MapType::CgrpStorage => "bpf_local_storage_map",
        _ => "bpf_map",
    }
}

/// A load.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let Some(kind) = MapRef::of(env.reg(access.base)).map(|map| map.kind(env)) else {
        return Stop::bug("a map pointer without a map");
    };
    let name = struct_name(kind);
    let btf = env.kernel.btf;
    let Some(id) = btf.find(name, Kind::Struct) else {
        return Stop::unsupported(format!("struct {name} of this kernel"));
    };
    let owned = || name.to_owned();
    let Ok(at) = u32::try_from(off) else {
        return Err(MapNegative { regno: access.base.0, name: owned(), off }.into());
    };
    if access.rw == Rw::Write {
        return Err(MapReadOnly { name: owned() }.into());
    }
    let knows_mem = env.features.has_untrusted_mem();
    let walk = Walk { off: at, size: access.size, walks_flexible: true, knows_mem };
    let found = walk::to_leaf(btf, id, walk)?;
    let Some(value) = access.value else { return Ok(()) };
    match found {
        Found::Ptr { id, flags, .. } => {
            load_btf(env, value, LoadedBtf { local: false, id, flags });
        }
        Found::PtrToMem => load_mem(env, value),
        Found::Scalar | Found::Struct(_) => mark_unknown(env, value),
    }
    Ok(())
}
