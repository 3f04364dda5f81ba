//! What maps of maps and program arrays hold at first: relocations of `.maps` (`.values = { … }`).

use std::collections::HashMap;

use skep_abi::MapType;

use super::{MapInit, MapSpec, Slot};
use crate::code::Code;
use crate::elf::{Elf, Rel, Section, Symbol, SymbolPlace, relocations};
use crate::error::{ObjectError, ObjectErrorKind, shown};
use crate::index::MapIdx;

/// Bytes of a pointer in BPF objects.
const POINTER: u64 = 8;

/// A map of `.maps`: its index and where it lies.
pub(crate) struct Place {
    map: MapIdx,
    start: u64,
    end: u64,
    values: Option<u64>,
}

impl Place {
    /// Bytes from the section's start: where the map starts and ends, and where its elements start.
    pub(crate) fn new(map: MapIdx, (start, end, values): (u64, u64, Option<u64>)) -> Self {
        Self { map, start, end, values }
    }
}

/// Fills in the elements. `places` are the maps of `.maps`, in the order of their offsets.
pub(crate) fn fill(
    elf: &Elf<'_>,
    code: &Code,
    places: &[Place],
    maps: &mut [MapSpec],
) -> Result<(), ObjectError> {
    let Some(section) = elf.section_named(".maps") else { return Ok(()) };
    let names: HashMap<String, MapIdx> =
        (0..).zip(&*maps).map(|(index, map)| (map.name.clone(), MapIdx(index))).collect();
    let mut slots: HashMap<MapIdx, Vec<(u32, Slot)>> = HashMap::new();
    for table in elf.sections() {
        if table.kind != object::elf::SHT_REL || table.info as usize != section.idx.0 {
            continue;
        }
        for rel in relocations(table)? {
            let (map, index, slot) = slot(elf, code, section, places, maps, &names, rel)?;
            slots.entry(map).or_default().push((index, slot));
        }
    }
    for (map, mut slots) in slots {
        // A later relocation of the same element wins.
        slots.reverse();
        slots.sort_by_key(|slot| slot.0);
        slots.dedup_by_key(|slot| slot.0);
        maps[map.at()].init = MapInit::Slots(slots);
    }
    Ok(())
}

fn slot(
    elf: &Elf<'_>,
    code: &Code,
    section: &Section<'_>,
    places: &[Place],
    maps: &[MapSpec],
    names: &HashMap<String, MapIdx>,
    rel: Rel,
) -> Result<(MapIdx, u32, Slot), ObjectError> {
    let error = |found: String| {
        ObjectError::new(ObjectErrorKind::Map, section.place().at(rel.offset), found)
    };
    let symbol = elf.symbols().get(rel.symbol).ok_or_else(|| {
        error(format!("its value is symbol {}, which does not exist", rel.symbol))
    })?;
    let label = shown(elf.symbol_label(symbol));
    let after = places.partition_point(|place| place.start <= rel.offset);
    let place = after.checked_sub(1).map(|index| &places[index]);
    let Some(place) = place.filter(|place| rel.offset.saturating_add(POINTER) <= place.end) else {
        return Err(error(format!("the value {label} belongs to no map")));
    };
    let map = &maps[place.map.at()];
    let error = |found: String| {
        ObjectError::new(ObjectErrorKind::Map, section.place().at(rel.offset).of(&map.name), found)
    };
    let index = place.values.and_then(|values| rel.offset.checked_sub(values));
    let Some(index) = index.filter(|offset| offset % POINTER == 0) else {
        return Err(error(format!("{label} is assigned to no element of .values")));
    };
    let index =
        u32::try_from(index / POINTER).map_err(|_| error("more than 2^32 elements".into()))?;
    let slot = match map.kind {
        Some(kind) if kind.is_map_in_map() => {
            if kind == MapType::HashOfMaps && map.key_size != 4 {
                let found = format!(
                    "its keys have {} bytes; only keys of 4 bytes can be filled in here",
                    map.key_size
                );
                return Err(error(found));
            }
            let target = names.get(symbol.name).filter(|_| symbol.is_in(section.idx));
            Slot::Map(
                *target.ok_or_else(|| error(format!("its value {label} is no map of .maps")))?,
            )
        }
        Some(MapType::ProgArray) => Slot::Program(program(code, symbol).ok_or_else(|| {
            error(format!("its value {label} is no entry program"))
                .help("only functions with SEC() can be tail-called")
        })?),
        _ => return Err(error("only maps of maps and program arrays have values".into())),
    };
    Ok((place.map, index, slot))
}

/// The entry program that starts where a symbol points to.
fn program(code: &Code, symbol: &Symbol<'_>) -> Option<crate::ProgIdx> {
    let SymbolPlace::Section(idx) = symbol.section else { return None };
    let insn = symbol.value / 8;
    let function = code.function_at(code.section_of(idx)?, insn)?;
    let starts_there = u64::from(code.functions[function].start) * 8 == symbol.value;
    starts_there.then(|| code.program(function)).flatten()
}
