//! Maps of an object as `skep dump` shows them.

use serde_json::{Map, Value, json};
use skep_btf::{Btf, TypeId};
use skep_object::{MapInit, MapOrigin, MapSpec, Pinning, Resolved, Slot};

/// `BPF_F_*` flags of map creation by bit, as the uapi names them.
const FLAGS: &[(u32, &str)] = &[
    (1 << 0, "NO_PREALLOC"),
    (1 << 1, "NO_COMMON_LRU"),
    (1 << 2, "NUMA_NODE"),
    (1 << 3, "RDONLY"),
    (1 << 4, "WRONLY"),
    (1 << 5, "STACK_BUILD_ID"),
    (1 << 6, "ZERO_SEED"),
    (1 << 7, "RDONLY_PROG"),
    (1 << 8, "WRONLY_PROG"),
    (1 << 9, "CLONE"),
    (1 << 10, "MMAPABLE"),
    (1 << 11, "PRESERVE_ELEMS"),
    (1 << 12, "INNER_MAP"),
    (1 << 13, "LINK"),
    (1 << 14, "PATH_FD"),
    (1 << 15, "VTYPE_BTF_OBJ_FD"),
    (1 << 16, "TOKEN_FD"),
    (1 << 17, "SEGV_ON_FAULT"),
    (1 << 18, "NO_USER_CONV"),
    (1 << 19, "RB_OVERWRITE"),
];

/// The map type's name, or its number where no kernel has it.
pub(crate) fn kind(map: &MapSpec) -> String {
    map.kind.map_or_else(|| format!("type {}", map.map_type), |kind| kind.name().to_owned())
}

/// The names of the flags that are set; bits without a name as one hex number.
pub(crate) fn flags(flags: u32) -> Vec<String> {
    let mut rest = flags;
    let mut names = Vec::new();
    for (bit, name) in FLAGS {
        if flags & bit != 0 {
            rest &= !bit;
            names.push((*name).to_owned());
        }
    }
    if rest != 0 {
        names.push(format!("{rest:#x}"));
    }
    names
}

/// A key or value: its type where BTF has one, else its size.
pub(crate) fn shape(btf: Option<&Btf>, ty: Option<TypeId>, size: u32) -> String {
    match (btf, ty) {
        (Some(btf), Some(id)) => btf.type_name(id),
        _ if size == 0 => "-".to_owned(),
        _ => format!("{size} bytes"),
    }
}

/// The map's part of the document.
pub(crate) fn json(map: &MapSpec, object: &Resolved) -> Value {
    let btf = object.btf.as_ref();
    let name = |id: Option<TypeId>| btf.zip(id).map(|(btf, id)| btf.type_name(id));
    let variables: Vec<Value> = map
        .variables
        .iter()
        .map(|var| {
            let ty = name(var.ty);
            json!({ "name": var.name, "type": ty, "offset": var.offset, "size": var.size })
        })
        .collect();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("name", json!(map.name));
    put("section", json!(map.section));
    put("origin", json!(origin(map.origin)));
    put("type", json!(map.kind.map(skep_abi::MapType::name)));
    put("type_number", json!(map.map_type));
    put("key_size", json!(map.key_size));
    put("value_size", json!(map.value_size));
    put("max_entries", json!(map.max_entries));
    put("flags", json!(flags(map.flags)));
    put("map_extra", json!(map.map_extra.to_string()));
    put("key_type", json!(name(map.key_type)));
    put("value_type", json!(name(map.value_type)));
    put("pinned", json!(map.pinning == Pinning::ByName));
    put("autocreate", json!(map.autocreate));
    put("variables", Value::Array(variables));
    put("values", Value::Array(slots(map, object)));
    put("inner", map.inner.as_ref().map_or(Value::Null, |inner| json(inner, object)));
    Value::Object(fields)
}

/// What the elements of a map of maps or of programs are at first: index, and name.
fn slots(map: &MapSpec, object: &Resolved) -> Vec<Value> {
    let MapInit::Slots(slots) = &map.init else { return Vec::new() };
    let named = |slot: &Slot| match slot {
        Slot::Map(index) => {
            json!({ "map": object.maps.get(index.at()).map(|map| map.name.as_str()) })
        }
        Slot::Program(index) => {
            json!({ "program": object.programs.get(index.at()).map(|prog| prog.name.as_str()) })
        }
    };
    slots.iter().map(|(index, slot)| json!({ "index": index, "value": named(slot) })).collect()
}

fn origin(origin: MapOrigin) -> &'static str {
    match origin {
        MapOrigin::Btf => "btf",
        MapOrigin::Legacy => "legacy",
        MapOrigin::Data => "data",
        MapOrigin::Rodata => "rodata",
        MapOrigin::Bss => "bss",
        MapOrigin::Kconfig => "kconfig",
        MapOrigin::StructOps => "struct_ops",
        MapOrigin::JumpTable => "jump_table",
    }
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn flags_print_by_name_and_unknown_bits_in_hex() {
        assert_eq!(flags(0), Vec::<String>::new());
        assert_eq!(flags(0x481), ["NO_PREALLOC", "RDONLY_PROG", "MMAPABLE"]);
        assert_eq!(flags(0x8000_0004), ["NUMA_NODE", "0x80000000"]);
    }
}
