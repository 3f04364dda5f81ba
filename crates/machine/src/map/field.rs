//! Which kinds of maps may have special fields in their values (`map_check_btf`).

use skep_abi::{Errno, MapType};

use super::check::Refusal;
use super::{MapDef, MapFlags};
use crate::btf_record::BtfFieldKind;

fn allowed_in(field: &BtfFieldKind, map: MapType) -> bool {
    use BtfFieldKind as K;
    use MapType as M;
    let is_storage =
        matches!(map, M::TaskStorage | M::CgrpStorage | M::InodeStorage | M::SkStorage);
    let is_hash = matches!(map, M::Hash | M::LruHash);
    let is_percpu = matches!(map, M::PercpuHash | M::LruPercpuHash | M::PercpuArray);
    match field {
        K::SpinLock => is_storage || matches!(map, M::Hash | M::Array | M::CgroupStorage),
        K::Deferred | K::ListHead | K::RbRoot => is_hash || map == M::Array,
        K::Refcount | K::KptrUntrusted | K::Kptr { .. } | K::KptrLocal => {
            is_storage || is_hash || is_percpu || map == M::Array
        }
        K::Uptr => map == M::TaskStorage,
        // Nodes are members of allocated objects, never of values.
        K::ListNode | K::RbNode => false,
    }
}

/// Whether a map may have the fields that its values have.
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    if def.fields.is_empty() {
        return Ok(());
    }
    if def.flags.intersects(MapFlags::RDONLY_PROG | MapFlags::WRONLY_PROG) {
        let why = "access of programs cannot be restricted where values have special fields";
        return Err((Errno::EACCES, why.to_owned()));
    }
    let wrong = def.fields.iter().find(|field| !allowed_in(&field.kind, def.map_type));
    match wrong {
        Some(field) => {
            let (map, offset, kind) = (def.map_type.name(), field.offset, field.kind.name());
            let why = format!("values of {map} maps cannot have a {kind}, as at offset {offset}");
            Err((Errno::EOPNOTSUPP, why))
        }
        None => Ok(()),
    }
}
