//! Structs of kernel operations: `.struct_ops`, `.struct_ops.link`, and the same with `?`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use object::elf;
use skep_abi::{MapType, ProgType};
use skep_btf::{Btf, DataSec, Kind, Member, SecVar, Type, TypeId, essential_name};

use super::{MapOrigin, MapSpec, StructOpsMember, StructOpsSpec};
use crate::code::Code;
use crate::elf::{Elf, Rel, Section, Symbol, SymbolPlace, relocations};
use crate::error::{ObjectError, ObjectErrorKind, bounded, shown};
use crate::index::ProgIdx;
use crate::section_name::SectionDef;

/// `BPF_F_LINK`.
const LINK: u32 = 1 << 13;

/// A struct_ops map and where it lies.
struct Declared {
    spec: MapSpec,
    start: u64,
    /// By byte offset; a later relocation of the same member wins.
    programs: BTreeMap<u32, StructOpsMember>,
}

/// Members of structs by byte offset, so that each struct is walked once.
type Members<'a> = HashMap<TypeId, HashMap<u32, Member<'a>>>;

/// Reads all struct_ops maps with the programs that they refer to.
pub(crate) fn declared(
    elf: &Elf<'_>,
    btf: Option<&Btf>,
    code: &Code,
) -> Result<Vec<MapSpec>, ObjectError> {
    let mut specs = Vec::new();
    let mut members = Members::new();
    for section in elf.sections() {
        let name = section.name.strip_prefix('?').unwrap_or(section.name);
        if !matches!(name, ".struct_ops" | ".struct_ops.link")
            || section.kind != elf::SHT_PROGBITS
            || section.size == 0
        {
            continue;
        }
        let datasec = btf.and_then(|btf| Some((btf, btf.find(section.name, Kind::DataSec)?)));
        let Some((btf, Type::DataSec(datasec))) = datasec.map(|(btf, id)| (btf, btf.ty(id))) else {
            let found = "operations are declared here, but BTF does not list them";
            return Err(ObjectError::new(ObjectErrorKind::Map, section.place(), found)
                .help("compile with -g, which makes clang write BTF"));
        };
        let mut maps: Vec<Declared> = Vec::new();
        for var in datasec.vars() {
            let end = maps.last().map_or(0, |last| last.start + u64::from(last.spec.value_size));
            maps.push(one(section, btf, &datasec, var, end)?);
        }
        for table in elf.sections() {
            if table.kind == elf::SHT_REL && table.info as usize == section.idx.0 {
                for rel in relocations(table)? {
                    member(elf, btf, code, section, &mut maps, &mut members, rel)?;
                }
            }
        }
        specs.extend(maps.into_iter().map(Declared::finish));
    }
    Ok(specs)
}

impl Declared {
    fn finish(mut self) -> MapSpec {
        if let Some(ops) = &mut self.spec.struct_ops {
            ops.programs = self.programs.into_values().collect();
        }
        self.spec
    }
}

fn one(
    section: &Section<'_>,
    btf: &Btf,
    datasec: &DataSec<'_>,
    var: SecVar,
    previous_end: u64,
) -> Result<Declared, ObjectError> {
    let place = section.place().at(u64::from(var.offset)).of(btf.name(var.ty));
    let error = |found: String| ObjectError::new(ObjectErrorKind::Map, place.clone(), found);
    let ty = btf.resolve(btf.ty(var.ty).target().unwrap_or_default());
    let Type::Struct(composite) = btf.ty(ty) else {
        return Err(error(format!("operations are a struct, this is {}", btf.kind(ty).name())));
    };
    if composite.name.is_empty() {
        return Err(error("the struct has no name, so the kernel's cannot be found".into()));
    }
    if composite.len() > composite.size as usize {
        let found = format!(
            "{} members are more than the struct's {} bytes",
            composite.len(),
            composite.size
        );
        return Err(error(found));
    }
    let start = var.offset as usize;
    let end = start.saturating_add(composite.size as usize);
    let Some(data) = section.data.get(start..end) else {
        let found = format!(
            "struct {} ({start:#x}..{end:#x}) reaches past the end of the section",
            shown(composite.name)
        );
        return Err(error(found));
    };
    if u64::from(var.offset) < previous_end {
        return Err(error(format!(
            "the struct at {start:#x} overlaps the one before, which ends at {previous_end:#x}"
        )));
    }
    let mut spec =
        MapSpec::declared(&bounded(btf.name(var.ty)), section.name, MapOrigin::StructOps);
    spec.set_type(MapType::StructOps as u32);
    (spec.key_size, spec.value_size, spec.max_entries) = (4, composite.size, 1);
    spec.value_type = Some(ty);
    spec.autocreate = !datasec.name.starts_with('?');
    let is_link = datasec.name.ends_with(".link");
    spec.flags = if is_link { LINK } else { 0 };
    spec.struct_ops = Some(StructOpsSpec {
        ty,
        type_name: bounded(essential_name(composite.name)),
        data: Arc::from(data),
        programs: Vec::new(),
        is_link,
        kernel_type: None,
        kernel_value_type: None,
    });
    Ok(Declared { spec, start: u64::from(var.offset), programs: BTreeMap::new() })
}

/// Puts the program that a relocation names into the member that it changes.
fn member<'a>(
    elf: &Elf<'_>,
    btf: &'a Btf,
    code: &Code,
    section: &Section<'_>,
    maps: &mut [Declared],
    members: &mut Members<'a>,
    rel: Rel,
) -> Result<(), ObjectError> {
    let fail = |found: String| {
        ObjectError::new(ObjectErrorKind::Map, section.place().at(rel.offset), found)
    };
    let symbol = elf.symbols().get(rel.symbol);
    let symbol = symbol.ok_or_else(|| fail(format!("symbol {} does not exist", rel.symbol)))?;
    let label = shown(elf.symbol_label(symbol));
    let after = maps.partition_point(|map| map.start <= rel.offset);
    let map = after.checked_sub(1).map(|index| &mut maps[index]);
    let map = map.filter(|map| rel.offset - map.start < u64::from(map.spec.value_size));
    let Some((map, ty)) = map.and_then(|map| map.spec.value_type.map(|ty| (map, ty))) else {
        return Err(fail(format!("{label} is assigned outside any struct of operations")));
    };
    let place = section.place().at(rel.offset).of(&map.spec.name);
    let error = |found: String| ObjectError::new(ObjectErrorKind::Map, place.clone(), found);
    let offset = u32::try_from(rel.offset - map.start).unwrap_or(u32::MAX);
    let Some(member) = members.entry(ty).or_insert_with(|| by_offset(btf, ty)).get(&offset) else {
        let found = format!(
            "{label} is assigned to byte {offset} of struct {}, where no member starts",
            shown(btf.name(ty))
        );
        return Err(error(found));
    };
    let is_func_ptr = matches!(btf.resolved(member.ty), Type::Ptr { target } if btf.resolved(target).kind() == Kind::FuncProto);
    if !is_func_ptr {
        let found = format!(
            "{label} is assigned to member {}, which is no function pointer",
            shown(member.name)
        );
        return Err(error(found).help("the loader fills in functions only"));
    }
    let Some(program) = program(code, symbol) else {
        return Err(error(format!(
            "member {} is {label}, which is no struct_ops program",
            shown(member.name)
        ))
        .help("give the function SEC(\"struct_ops/…\")"));
    };
    map.programs.insert(offset, StructOpsMember { name: bounded(member.name), offset, program });
    Ok(())
}

fn by_offset(btf: &Btf, ty: TypeId) -> HashMap<u32, Member<'_>> {
    let members = btf.ty(ty).composite().into_iter().flat_map(|composite| composite.members());
    let mut found = HashMap::new();
    for member in members.filter(|member| member.bit_offset % 8 == 0) {
        found.entry(member.bit_offset / 8).or_insert(member);
    }
    found
}

/// The struct_ops program that a symbol points into.
fn program(code: &Code, symbol: &Symbol<'_>) -> Option<ProgIdx> {
    let SymbolPlace::Section(idx) = symbol.section else { return None };
    let function = code.function_at(code.section_of(idx)?, symbol.value / 8)?;
    let section = &code.sections[code.functions[function].section].name;
    let (def, _) = SectionDef::find(section.strip_prefix('?').unwrap_or(section))?;
    (def.prog_type == ProgType::StructOps).then(|| code.program(function)).flatten()
}
