//! `__arena` variables: the first bytes of the object's one arena.

use std::sync::Arc;

use object::elf;
use skep_abi::MapType;
use skep_btf::{Btf, Kind};

use super::definition::PAGE_SIZE;
use super::{MapInit, MapSpec, data};
use crate::elf::{Elf, SecIdx};
use crate::error::{ObjectError, ObjectErrorKind, Place};
use crate::index::MapIdx;

/// The section of variables in address space 1, by its name since LLVM 19 and before.
const SECTIONS: [&str; 2] = [".addr_space.1", ".arena.1"];

/// The arena of an object and the section of its variables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arena {
    pub(crate) map: MapIdx,
    pub(crate) section: Option<SecIdx>,
}

/// Finds the arena among the declared maps and gives it the `__arena` variables.
pub(crate) fn find(
    elf: &Elf<'_>,
    btf: Option<&Btf>,
    maps: &mut [MapSpec],
) -> Result<Option<Arena>, ObjectError> {
    let section = elf.sections().iter().find(|section| {
        SECTIONS.contains(&section.name) && section.kind == elf::SHT_PROGBITS && section.size > 0
    });
    let mut arenas = maps.iter_mut().zip(0..).filter(|(map, _)| map.kind == Some(MapType::Arena));
    let Some((map, index)) = arenas.next() else {
        return match section {
            None => Ok(None),
            Some(section) => {
                let found = "there are __arena variables, but no map of type arena to hold them";
                Err(ObjectError::new(ObjectErrorKind::Map, section.place(), found)
                    .help("declare a map of type BPF_MAP_TYPE_ARENA in .maps"))
            }
        };
    };
    if let Some((second, _)) = arenas.next() {
        let found =
            format!("it is a second arena besides {}, and an object can have one", map.name);
        return Err(ObjectError::new(
            ObjectErrorKind::Map,
            Place::section(".maps").of(&second.name),
            found,
        ));
    }
    if let Some(section) = section {
        let room = u64::from(map.max_entries) * PAGE_SIZE;
        if section.size.next_multiple_of(PAGE_SIZE) > room {
            let found = format!(
                "the __arena variables take {} bytes, but arena {} has {} pages ({room} bytes)",
                section.size, map.name, map.max_entries
            );
            return Err(ObjectError::new(ObjectErrorKind::Map, section.place(), found)
                .help("raise max_entries of the arena"));
        }
        map.init = MapInit::Arena { offset: 0, data: Arc::from(section.data) };
        if let Some(btf) = btf {
            map.variables = btf
                .find(section.name, Kind::DataSec)
                .map(|id| data::variables(btf, id))
                .unwrap_or_default();
        }
    }
    Ok(Some(Arena { map: MapIdx(index), section: section.map(|section| section.idx) }))
}

/// Moves the variables to where this kernel's loader puts them: the arena's last pages.
pub(crate) fn place_last(map: &mut MapSpec) -> u64 {
    let MapInit::Arena { offset, data } = &mut map.init else { return 0 };
    let used = (data.len() as u64).next_multiple_of(PAGE_SIZE);
    *offset = (u64::from(map.max_entries) * PAGE_SIZE).saturating_sub(used);
    *offset
}
