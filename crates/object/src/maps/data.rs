//! Data sections as maps: `.data*`, `.rodata*`, `.bss*`, and `.kconfig`.

use std::collections::HashSet;
use std::sync::Arc;

use object::elf;
use skep_abi::MapType;
use skep_btf::{Btf, Kind, Linkage, Type, TypeId};

use super::{MapInit, MapOrigin, MapSpec, Variable};
use crate::elf::{Elf, Section};
use crate::error::{ObjectError, ObjectErrorKind, bounded};

/// `BPF_F_RDONLY_PROG`.
const RDONLY_PROG: u32 = 1 << 7;
/// `BPF_F_MMAPABLE`.
pub(crate) const MMAPABLE: u32 = 1 << 10;
/// Bytes of a map's name in the kernel, without the final NUL.
const NAME_MAX: usize = 15;

/// What a section's name makes of it.
pub(crate) fn origin(section: &Section<'_>) -> Option<MapOrigin> {
    let is = |base: &str| {
        section.name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let in_file = section.kind == elf::SHT_PROGBITS && !section.flags.contains(elf::SHF_EXECINSTR);
    match () {
        () if section.size == 0 => None,
        () if in_file && is(".data") => Some(MapOrigin::Data),
        () if in_file && is(".rodata") => Some(MapOrigin::Rodata),
        () if section.kind == elf::SHT_NOBITS && is(".bss") => Some(MapOrigin::Bss),
        () => None,
    }
}

/// The maps of all data sections in the order of the file, each with its section.
pub(crate) fn data_maps<'e, 'a>(
    elf: &'e Elf<'a>,
    object: &str,
    btf: Option<&Btf>,
) -> Result<Vec<(&'e Section<'a>, MapSpec)>, ObjectError> {
    let mut maps = Vec::new();
    let mut seen = HashSet::new();
    for section in elf.sections() {
        let Some(origin) = origin(section) else { continue };
        let size = u32::try_from(section.size).map_err(|_| {
            let found =
                format!("a section of {} bytes is more than a map value holds", section.size);
            ObjectError::new(ObjectErrorKind::TooBig, section.place(), found)
        })?;
        // BTF describes one section of a name.
        let btf = btf.filter(|_| seen.insert(section.name));
        let mut map = data_map(object, section.name, origin, size, btf);
        if origin != MapOrigin::Bss {
            map.init = MapInit::Data(Arc::from(section.data));
        }
        maps.push((section, map));
    }
    Ok(maps)
}

/// The map of one data section, without its bytes.
pub(crate) fn data_map(
    object: &str,
    section: &str,
    origin: MapOrigin,
    size: u32,
    btf: Option<&Btf>,
) -> MapSpec {
    let mut map = MapSpec::declared(&map_name(object, section, origin), section, origin);
    map.set_type(MapType::Array as u32);
    (map.key_size, map.value_size, map.max_entries) = (4, size, 1);
    if matches!(origin, MapOrigin::Rodata | MapOrigin::Kconfig) {
        map.flags |= RDONLY_PROG;
    }
    if let Some((btf, id)) = btf.and_then(|btf| Some((btf, btf.find(section, Kind::DataSec)?))) {
        map.value_type = Some(id);
        map.variables = variables(btf, id);
        if has_visible_variable(btf, id) {
            map.flags |= MMAPABLE;
        }
    }
    map
}

/// The variables of a `DATASEC`, completed with their offsets.
pub(crate) fn variables(btf: &Btf, id: TypeId) -> Vec<Variable> {
    let Type::DataSec(section) = btf.ty(id) else { return Vec::new() };
    section
        .vars()
        .filter_map(|var| match btf.ty(var.ty) {
            Type::Var { name, target, .. } => Some(Variable {
                name: bounded(name),
                ty: Some(target),
                offset: var.offset,
                size: var.size,
            }),
            _ => None,
        })
        .collect()
}

/// Whether user space may see a variable: one that is neither static nor hidden.
fn has_visible_variable(btf: &Btf, id: TypeId) -> bool {
    let Type::DataSec(section) = btf.ty(id) else { return false };
    section.vars().any(
        |var| matches!(btf.ty(var.ty), Type::Var { linkage, .. } if linkage != Linkage::Static),
    )
}

/// Name of a data section's map as libbpf shows it: custom `.data.*` and `.rodata.*` whole, others as in the kernel.
fn map_name(object: &str, section: &str, origin: MapOrigin) -> String {
    match (origin, section) {
        (MapOrigin::Data, ".data") | (MapOrigin::Rodata, ".rodata") => kernel_name(object, section),
        (MapOrigin::Data | MapOrigin::Rodata, _) => bounded(section),
        _ => kernel_name(object, section),
    }
}

/// Name of a data section's map in the kernel: libbpf's `internal_map_name`.
///
/// The object's name, cut so that at least 7 bytes remain for the section's; the section's name alone when it
/// has two dots or more.
fn kernel_name(object: &str, section: &str) -> String {
    let is_custom = section.get(1..).is_some_and(|rest| rest.contains('.'));
    let section_len = section.len().clamp(7, NAME_MAX);
    let prefix = if is_custom { 0 } else { (NAME_MAX - section_len).min(object.len()) };
    let name = object.bytes().take(prefix).chain(section.bytes().take(section_len)).take(NAME_MAX);
    name.map(
        |b| if b.is_ascii_alphanumeric() || b == b'_' || b == b'.' { char::from(b) } else { '_' },
    )
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_maps_are_named_as_libbpf_names_them() {
        assert_eq!(kernel_name("my_object_name", ".rodata"), "my_objec.rodata");
        assert_eq!(kernel_name("my_object_name", ".bss"), "my_objec.bss");
        assert_eq!(kernel_name("my_object_name", ".kconfig"), "my_obje.kconfig");
        assert_eq!(kernel_name("my_object_name", ".rodata.abracadabra"), ".rodata.abracad");
        assert_eq!(kernel_name("a-b", ".data"), "a_b.data");
        assert_eq!(kernel_name("", ".data"), ".data");
        assert_eq!(map_name("x", ".rodata.abracadabra", MapOrigin::Rodata), ".rodata.abracadabra");
        assert_eq!(map_name("x", ".bss.abracadabrabra", MapOrigin::Bss), ".bss.abracadabr");
    }
}
