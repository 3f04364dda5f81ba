//! Map types.

use skep_abi::{Errno, MapType};

use super::Probed;
use crate::map::{Map, MapAttr};
use crate::sys::memory::PAGE;

/// `BPF_F_NO_PREALLOC` and `BPF_F_MMAPABLE`.
const NO_PREALLOC: u32 = 1;
const MMAPABLE: u32 = 1 << 10;

/// Types with one integer, for maps that want to know the types of key and value.
pub(super) fn int_types() -> Vec<u8> {
    const SIGNED: u32 = 1 << 24;
    super::btf::blob(&[1, 1 << 24, 4, SIGNED | 32], b"\0int\0")
}

/// The smallest map of a kind.
fn smallest(kind: MapType) -> MapAttr<'static> {
    use MapType as M;
    let (key_size, value_size, max_entries, flags) = match kind {
        M::StackTrace => (4, 8, 1, 0),
        M::LpmTrie => (8, 8, 1, NO_PREALLOC),
        M::CgroupStorage | M::PercpuCgroupStorage => (16, 8, 0, 0),
        M::Queue | M::Stack | M::BloomFilter => (0, 4, 1, 0),
        M::SkStorage | M::InodeStorage | M::TaskStorage | M::CgrpStorage => (4, 4, 0, NO_PREALLOC),
        M::Ringbuf | M::UserRingbuf => (0, 0, PAGE as u32, 0),
        M::Arena => (0, 0, 1, MMAPABLE),
        M::InsnArray => (4, 16, 1, 0),
        _ => (4, 4, 1, 0),
    };
    MapAttr {
        name: "",
        kind,
        key_size,
        value_size,
        max_entries,
        flags,
        extra: 0,
        kernel_value: 0,
        types: None,
        inner: None,
    }
}

/// Whether the kernel knows a map type: creates the smallest one.
#[must_use]
pub fn map_type(kind: MapType) -> Probed {
    let mut attr = smallest(kind);
    let wants_types = matches!(
        kind,
        MapType::SkStorage | MapType::InodeStorage | MapType::TaskStorage | MapType::CgrpStorage
    );
    let types = wants_types.then(|| crate::sys::btf::load(&int_types(), &mut [])).transpose();
    let types = match types {
        Ok(types) => types.map(|fd| crate::KernelBtf { fd, has_funcs: true }),
        Err(error) => return Probed::no(format!("it wants types, which give {error}")),
    };
    attr.types = types.as_ref().map(|types| (types, 1, 1));
    let inner = kind.is_map_in_map().then(|| Map::create(&smallest(MapType::Array)));
    let inner = match inner.transpose() {
        Ok(inner) => inner,
        Err(error) => return Probed::unknown(format!("an inner map gives {}", error.errno)),
    };
    attr.inner = inner.as_ref();
    // Type 1 of the kernel is a number, no struct of operations.
    let created =
        if kind == MapType::StructOps { Map::struct_ops_of(1) } else { Map::create(&attr) };
    match created {
        Ok(_) => Probed::yes("the smallest one was created"),
        Err(error) => {
            let how = format!("creating the smallest one gives {}", error.errno);
            match error.errno {
                // There is no struct of operations with that number.
                Errno::ENOTSUPP if kind == MapType::StructOps => Probed::yes(how),
                Errno::EPERM => Probed::unknown(how),
                _ => Probed::no(how),
            }
        }
    }
}
