//! From bytes to an [`ObjectSpec`]: the order of libbpf's `bpf_object_open`.

use std::sync::Arc;

use skep_abi::ProgType;
use skep_btf::Btf;

use crate::code::Code;
use crate::elf::Elf;
use crate::error::{ObjectError, ObjectErrorKind, Place};
use crate::externs::{self, Externs};
use crate::index::MapIdx;
use crate::maps::{MapOrigin, MapSpec, arena, data, definition, legacy, slots, struct_ops};
use crate::reloc::Places;
use crate::section_name::SectionDef;
use crate::spec::{Body, ObjectSpec, ProgramSpec};
use crate::{btf_fixup, ext, reloc};

/// Bytes of an object's name, without the final NUL.
const NAME_MAX: usize = 15;
/// Bytes of a licence, likewise.
const LICENSE_MAX: usize = 63;

pub(crate) fn parse(
    name: &str,
    bytes: &[u8],
    needs_programs: bool,
) -> Result<ObjectSpec, ObjectError> {
    let elf = Elf::parse(bytes)?;
    let name = object_name(name);
    let mut code = Code::parse(&elf)?;
    if code.programs.is_empty() && needs_programs {
        return Err(no_programs(&elf, &code));
    }
    let btf_bytes = elf.section_named(".BTF").map(|section| section.data);
    let raw = btf_bytes.map(parse_btf).transpose()?;
    let externs = externs::collect(&elf, raw.as_ref())?;
    let btf = match (btf_bytes, &raw) {
        (Some(bytes), Some(raw)) => Some(btf_fixup::complete(bytes, raw, &elf, &externs)?),
        _ => None,
    };
    if let Some(btf) = &btf {
        ext::read(&elf, btf, &mut code)?;
    }
    let mut maps = Maps::default();
    maps.collect(&elf, &name, btf.as_ref(), &externs, &code)?;
    let Maps { specs, mut places, arena, kconfig } = maps;
    let tables = elf.section_named(".jumptables");
    places.jump_tables = tables.map(|section| section.idx);
    let faults = reloc::read(&elf, &mut code, &places)?;
    let programs = programs(&code);
    let jump_tables = tables.map(|section| section.data.to_vec()).unwrap_or_default();
    Ok(ObjectSpec {
        name,
        license: license(&elf),
        kern_version: kern_version(&elf)?,
        programs,
        maps: specs,
        externs: externs.specs,
        btf,
        body: Arc::new(Body { code, faults, arena, kconfig, jump_tables }),
    })
}

/// The file's name without folders, cut to 15 bytes, then at its first dot.
fn object_name(path: &str) -> String {
    let base = path.rsplit('/').next().unwrap_or(path);
    let cut = &base[..base.floor_char_boundary(NAME_MAX)];
    cut.split('.').next().unwrap_or(cut).to_owned()
}

fn parse_btf(bytes: &[u8]) -> Result<Btf, ObjectError> {
    let btf = Btf::parse(bytes).map_err(|error| {
        let ty = error.type_id.map(|id| format!("type {id}: ")).unwrap_or_default();
        let place = Place::section(".BTF").at(error.offset);
        ObjectError::new(ObjectErrorKind::Btf, place, format!("{ty}{}", error.problem))
            .help("the file is damaged, or its compiler is newer than skep: compile it again")
    })?;
    btf_fixup::check_names(bytes)?;
    Ok(btf)
}

fn no_programs(elf: &Elf<'_>, code: &Code) -> ObjectError {
    let error = |place, found: String| ObjectError::new(ObjectErrorKind::NoPrograms, place, found);
    match (code.functions.first(), elf.text()) {
        (Some(first), _) => {
            let found = format!(
                "there is no program: all {} functions are in .text, which is for subprograms",
                code.functions.len()
            );
            error(Place::section(".text").of(&first.name), found).help(
                "put SEC(\"perf_event\") or the like before the functions that are to be programs",
            )
        }
        (None, Some(text)) => {
            error(text.place(), "there is code, but no function symbol to say what it is".into())
                .help("strip debug information only (llvm-strip -g), not the symbols")
        }
        (None, None) => error(Place::default(), "there is no program in the object".into()).help(
            "put SEC(\"perf_event\") or the like before the functions that are to be programs",
        ),
    }
}

fn license(elf: &Elf<'_>) -> String {
    let bytes = elf.section_named("license").map_or(&[][..], |section| section.data);
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(&text[..text.len().min(LICENSE_MAX)]).into_owned()
}

fn kern_version(elf: &Elf<'_>) -> Result<Option<u32>, ObjectError> {
    let Some(section) = elf.section_named("version") else { return Ok(None) };
    match <[u8; 4]>::try_from(section.data) {
        Ok(bytes) => Ok(Some(u32::from_le_bytes(bytes))),
        Err(_) => {
            let found = format!("a kernel version has 4 bytes, this one {}", section.size);
            Err(ObjectError::new(ObjectErrorKind::Malformed, section.place(), found))
        }
    }
}

fn programs(code: &Code) -> Vec<ProgramSpec> {
    // Names of sections are shared, so that many programs in one of a long name stay small.
    let sections: Vec<_> = code
        .sections
        .iter()
        .map(|section| {
            let name = section.name.strip_prefix('?');
            let autoload = name.is_none();
            let name = name.map_or_else(|| section.name.clone(), Arc::from);
            let found =
                SectionDef::find(&name).map(|(def, target)| (def, target.map(Arc::<str>::from)));
            (name, autoload, found)
        })
        .collect();
    let spec = |&index: &usize| {
        let function = &code.functions[index];
        let (section, autoload, found) = &sections[function.section];
        let def = found.as_ref().map(|found| found.0);
        ProgramSpec {
            name: function.name.clone(),
            section: section.clone(),
            prog_type: def.map_or(ProgType::Unspec, |def| def.prog_type),
            attach_type: def.and_then(|def| def.attach_type),
            attach_target: found.as_ref().and_then(|found| found.1.clone()),
            sleepable: def.is_some_and(|def| def.sleepable),
            xdp_frags: def.is_some_and(|def| def.xdp_frags),
            autoload: *autoload,
            insn_count: function.len,
            def,
        }
    };
    code.programs.iter().map(spec).collect()
}

/// The maps of an object, and how code refers to them.
#[derive(Default)]
struct Maps {
    specs: Vec<MapSpec>,
    places: Places,
    arena: Option<arena::Arena>,
    kconfig: Option<MapIdx>,
}

impl Maps {
    fn collect(
        &mut self,
        elf: &Elf<'_>,
        object: &str,
        btf: Option<&Btf>,
        externs: &Externs,
        code: &Code,
    ) -> Result<(), ObjectError> {
        for map in legacy::declared(elf, btf)? {
            let index = self.push(map.spec);
            self.places.maps.insert((map.section, map.start), index);
        }
        let mut declared = Vec::new();
        let section = elf.section_named(".maps").map(|section| section.idx);
        for map in definition::declared(elf, btf)? {
            let place = (map.start, map.end, map.values);
            let index = self.push(map.spec);
            self.places.maps.extend(section.map(|section| ((section, place.0), index)));
            declared.push(slots::Place::new(index, place));
        }
        self.arena = arena::find(elf, btf, &mut self.specs)?;
        for (section, map) in data::data_maps(elf, object, btf)? {
            let index = self.push(map);
            self.places.data.insert(section.idx, index);
        }
        if let Some(arena) = self.arena {
            self.places.data.extend(arena.section.map(|section| (section, arena.map)));
        }
        if externs.kconfig_size > 0 {
            let map =
                data::data_map(object, ".kconfig", MapOrigin::Kconfig, externs.kconfig_size, btf);
            self.kconfig = Some(self.push(map));
        }
        for map in struct_ops::declared(elf, btf, code)? {
            self.push(map);
        }
        self.places.externs.clone_from(&externs.by_symbol);
        slots::fill(elf, code, &declared, &mut self.specs)
    }

    fn push(&mut self, spec: MapSpec) -> MapIdx {
        // A map takes bytes of the file, which are fewer than 2^32 maps'.
        let index = MapIdx(u32::try_from(self.specs.len()).unwrap_or(u32::MAX));
        self.specs.push(spec);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::object_name;

    #[test]
    fn objects_are_named_as_libbpf_names_them() {
        assert_eq!(object_name("/a/b.d/profile.bpf.o"), "profile");
        assert_eq!(object_name("a_very_long_name_of_an_object.o"), "a_very_long_nam");
        assert_eq!(object_name("fourteen_chars.bpf.o"), "fourteen_chars");
        assert_eq!(object_name(""), "");
        assert_eq!(object_name("ääääääää.o"), "äääääää");
    }
}
