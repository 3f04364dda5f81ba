//! Maps of an object on a machine.

use std::sync::Arc;

use skep_abi::{Addr, Cpu};
use skep_btf::Type;
use skep_machine::map::{KINDS, KeyType, MapFlags};
use skep_machine::{Machine, Map, MapDef, Prog};
use skep_object::{MapInit, MapSpec, Slot};

use super::field::{Types, map_fields};
use super::{LoadedMap, no_memory};
use crate::{Error, ErrorKind};

/// Creates a map and gives it its initial data.
pub(super) fn create(
    machine: &Machine,
    index: usize,
    spec: &MapSpec,
    types: Types<'_>,
) -> Result<LoadedMap, Error> {
    let def = def(machine, spec, types)?;
    if def.flags.contains(MapFlags::MMAPABLE) && !def.fields.is_empty() {
        // Libraries map the memory of global data; what fields of a special kind hold is not for user space.
        let message = format!(
            "the memory of map {} cannot be mapped: its value has special fields ({})",
            spec.name,
            skep_abi::Errno::ENOTSUPP
        );
        return Err(Error::new(ErrorKind::Program, message)
            .hint("put the variable into a section of its own, such as SEC(\".data.private\") with __hidden"));
    }
    let id = machine.create_map(def).map_err(|error| {
        Error::new(ErrorKind::Program, format!("map {} cannot be created: {error}", spec.name))
    })?;
    if let (MapInit::Data(data), Some(map)) = (&spec.init, machine.map(id)) {
        let value = first_value(map).ok_or_else(|| {
            Error::unsupported(format!(
                "initial data of the {} map {}",
                map.map_type().name(),
                spec.name
            ))
        })?;
        machine.memory().kernel_write(value, data).map_err(no_memory)?;
    }
    Ok(LoadedMap { index, id, spec: spec.clone() })
}

fn def(machine: &Machine, spec: &MapSpec, types: Types<'_>) -> Result<MapDef, Error> {
    let map_type = spec.kind.ok_or_else(|| {
        Error::unsupported(format!(
            "map {} has type {}, which no kernel has",
            spec.name, spec.map_type
        ))
    })?;
    if !KINDS.contains(&map_type) {
        let kind = map_type.name();
        return Err(Error::unsupported(format!(
            "map {} is of type {kind}, which skep's machine does not have yet",
            spec.name
        ))
        .hint("`skep list maps` tells which it has"));
    }
    let max_entries = match (map_type, spec.max_entries) {
        (skep_abi::MapType::PerfEventArray, 0) => machine.topology().possible().weight(),
        (_, entries) => entries,
    };
    Ok(MapDef {
        name: spec.name.clone(),
        map_type,
        key_size: spec.key_size,
        value_size: spec.value_size,
        max_entries,
        flags: MapFlags::from_bits_retain(spec.flags),
        map_extra: spec.map_extra,
        numa_node: spec.numa_node,
        inner: spec
            .inner
            .as_deref()
            .map(|inner| def(machine, inner, types).map(Box::new))
            .transpose()?,
        key_type: key_type(spec, types),
        fields: spec
            .value_type
            .map_or_else(Vec::new, |value| map_fields(types, value, spec.value_size)),
    })
}

/// What the kernel would know of the key's type.
fn key_type(spec: &MapSpec, types: Types<'_>) -> KeyType {
    let (Some(object), Some(key), Some(_)) = (types.object, spec.key_type, spec.value_type) else {
        return KeyType::None;
    };
    match object.resolved(key) {
        Type::Int(int) if int.bits == 32 && int.offset == 0 => KeyType::Int,
        _ => KeyType::Other,
    }
}

/// The map that the resolved object has at this place; `None` when it is not created.
pub(super) fn by_index(maps: &[LoadedMap], index: usize) -> Option<&LoadedMap> {
    maps.iter().find(|map| map.index == index)
}

/// The value of element 0 of an array, which is where global data lies.
pub(super) fn first_value(map: &Map) -> Option<Addr> {
    map.lookup(Cpu(0), &0u32.to_ne_bytes())
}

/// Puts maps and programs into the slots that the object names.
pub(super) fn fill_slots(
    machine: &Machine,
    maps: &[LoadedMap],
    programs: &[Option<Arc<Prog>>],
) -> Result<(), Error> {
    for loaded in maps {
        let (MapInit::Slots(slots), Some(map)) = (&loaded.spec.init, machine.map(loaded.id)) else {
            continue;
        };
        for &(index, slot) in slots {
            fill(machine, map, index, slot, maps, programs).map_err(|why| {
                let name = &loaded.spec.name;
                Error::new(ErrorKind::Program, format!("element {index} of map {name}: {why}"))
            })?;
        }
    }
    Ok(())
}

fn fill(
    machine: &Machine,
    map: &Map,
    index: u32,
    slot: Slot,
    maps: &[LoadedMap],
    programs: &[Option<Arc<Prog>>],
) -> Result<(), String> {
    let refused = |errno: skep_abi::Errno| errno.to_string();
    match slot {
        Slot::Map(inner) => {
            let inner =
                by_index(maps, inner.0 as usize).ok_or("it names a map that is not created")?;
            let side = machine.user_side(map.id()).ok_or("the map is gone")?;
            side.set_inner(&index.to_ne_bytes(), inner.id, 0).map_err(refused)
        }
        Slot::Program(program) => {
            // A program that cannot be loaded leaves its slot empty: tail calls to it fail, as to any empty slot.
            let Some(Some(prog)) = programs.get(program.0 as usize) else {
                return Ok(());
            };
            let slots = map.prog_array().ok_or("the map holds no programs")?;
            slots.put(index, prog).map_err(refused)
        }
    }
}
