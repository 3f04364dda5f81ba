//! ELF relocations of code: what each refers to. libbpf's `bpf_program__record_reloc`.
//!
//! A relocation that means nothing is kept as a fault of its function, so that the other programs still load.

use std::collections::HashMap;

use object::elf;
use skep_isa::{INSN_SIZE, Insn, opcode};

use crate::code::Code;
use crate::elf::{Elf, Rel, SecIdx, Section, Symbol, SymbolPlace, relocations};
use crate::error::{ObjectError, ObjectErrorKind, shown};
use crate::index::MapIdx;

/// A relocation of one insn, counted from its section's first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeReloc {
    pub(crate) insn: u32,
    pub(crate) target: Target,
}

/// What a relocated insn refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A map itself.
    Map(MapIdx),
    /// A byte of a map's value, or of an arena.
    Data { map: MapIdx, offset: u32 },
    /// Index into the object's externs.
    Extern(u32),
    /// A call; bytes from the start of `.text`, to which the insn's imm adds.
    Call { offset: u64 },
    /// A function's address, likewise.
    FuncAddr { offset: u64 },
    /// A table of `.jumptables`.
    JumpTable { offset: u32, size: u32 },
    /// Index into [`Faults`].
    Fault(u32),
}

/// Why relocations mean nothing: what was found, and what to do.
pub(crate) type Faults = Vec<(String, Option<&'static str>)>;

/// Where symbols of sections lead to.
#[derive(Default)]
pub(crate) struct Places {
    /// Maps by section and offset.
    pub(crate) maps: HashMap<(SecIdx, u64), MapIdx>,
    /// Maps that stand for a whole section, the arena's among them.
    pub(crate) data: HashMap<SecIdx, MapIdx>,
    /// `.jumptables`.
    pub(crate) jump_tables: Option<SecIdx>,
    /// Externs by symbol.
    pub(crate) externs: HashMap<usize, usize>,
}

/// Reads the relocations of all code.
pub(crate) fn read(elf: &Elf<'_>, code: &mut Code, places: &Places) -> Result<Faults, ObjectError> {
    let mut faults = Faults::new();
    for section in elf.sections().iter().filter(|section| section.kind == elf::SHT_REL) {
        let Some(position) = code.section_of(SecIdx(section.info as usize)) else { continue };
        let mut faulty = None;
        let mut relocs = Vec::new();
        for (index, rel) in relocations(section)?.into_iter().enumerate() {
            let (insn, symbol) = checked(elf, code, section, position, index, rel)?;
            // Code outside all functions is what a linker left of a weak function that lost.
            let Some(function) = code.function_at(position, u64::from(insn)) else { continue };
            let slot = code.sections[position].insns[insn as usize];
            let target = match classify(elf, code, places, slot, rel.symbol, symbol) {
                Ok(target) => target,
                // One fault is enough to fail a function.
                Err(_) if faulty == Some(function) => continue,
                Err(fault) => {
                    faulty = Some(function);
                    faults.push(fault);
                    Target::Fault(u32::try_from(faults.len() - 1).unwrap_or(u32::MAX))
                }
            };
            relocs.push(CodeReloc { insn, target });
        }
        code.sections[position].relocs.append(&mut relocs);
    }
    for section in &mut code.sections {
        section.relocs.sort_by_key(|reloc| reloc.insn);
    }
    Ok(faults)
}

/// Checks that a relocation is within its section and has a symbol; returns its insn.
fn checked<'e, 'a>(
    elf: &'e Elf<'a>,
    code: &Code,
    section: &Section<'_>,
    position: usize,
    index: usize,
    rel: Rel,
) -> Result<(u32, &'e Symbol<'a>), ObjectError> {
    let error = |found: String| {
        let place = section.place().at(index as u64 * 16);
        ObjectError::new(ObjectErrorKind::Relocation, place, found)
            .help("the file is damaged: compile or copy it again")
    };
    let symbol = elf.symbols().get(rel.symbol);
    let symbol = symbol.ok_or_else(|| {
        error(format!("relocation {index} is for symbol {}, which does not exist", rel.symbol))
    })?;
    let insn = rel.offset / INSN_SIZE as u64;
    let is_inside =
        (insn as usize) < code.sections[position].insns.len() && insn <= u64::from(u32::MAX);
    if !rel.offset.is_multiple_of(INSN_SIZE as u64) || !is_inside {
        let found = format!(
            "relocation {index} is at byte {:#x} of its section, which is no insn",
            rel.offset
        );
        return Err(error(found));
    }
    Ok((insn as u32, symbol))
}

fn classify(
    elf: &Elf<'_>,
    code: &Code,
    places: &Places,
    insn: Insn,
    index: usize,
    symbol: &Symbol<'_>,
) -> Result<Target, (String, Option<&'static str>)> {
    let name = shown(elf.symbol_label(symbol));
    let is_call = insn.code == opcode::JMP | opcode::CALL;
    if !is_call && insn.code != opcode::LD_IMM64 {
        return Err((
            format!(
                "a relocation for {name} is on insn code {:#04x}, which refers to nothing",
                insn.code
            ),
            None,
        ));
    }
    if symbol.is_extern() {
        let index = places.externs.get(&index).and_then(|&index| u32::try_from(index).ok());
        return index
            .map(Target::Extern)
            .ok_or_else(|| (format!("extern {name} has no declaration"), None));
    }
    let section = match symbol.section {
        SymbolPlace::Section(idx) => elf.section(idx),
        SymbolPlace::Undefined | SymbolPlace::Special(_) => None,
    };
    let in_text = section.is_some_and(|section| {
        code.text.is_some_and(|text| code.sections[text].idx == section.idx)
    });
    let is_whole = symbol.value.is_multiple_of(INSN_SIZE as u64);
    if is_call {
        return call(&name, insn, section, in_text && is_whole, symbol.value);
    }
    let Some(section) = section else {
        return Err((
            format!("{name} is in no section of the object"),
            Some("give global variables an initial value, or compile with -fno-common"),
        ));
    };
    let is_subprog = symbol.kind == elf::STT_SECTION && symbol.is_local()
        || symbol.kind == elf::STT_FUNC && !symbol.is_local();
    if in_text && is_subprog {
        if !is_whole || insn.imm % INSN_SIZE as i32 != 0 {
            let found =
                format!("the address of {name} ({:#x}+{}) is no insn", symbol.value, insn.imm);
            return Err((found, None));
        }
        return Ok(Target::FuncAddr { offset: symbol.value });
    }
    data(places, &name, section, symbol)
}

fn call(
    name: &str,
    insn: Insn,
    section: Option<&Section<'_>>,
    is_subprog: bool,
    offset: u64,
) -> Result<Target, (String, Option<&'static str>)> {
    if insn.src.0 != opcode::PSEUDO_CALL {
        return Err((
            format!("the call of {name} is no call of a subprogram (source {})", insn.src.0),
            None,
        ));
    }
    if !is_subprog {
        let section = section.map_or_else(
            || "no section".into(),
            |section| format!("section {}", shown(section.name)),
        );
        return Err((
            format!("it calls {name} in {section}, and subprograms are in .text"),
            Some("remove SEC() from functions that programs call"),
        ));
    }
    Ok(Target::Call { offset })
}

fn data(
    places: &Places,
    name: &str,
    section: &Section<'_>,
    symbol: &Symbol<'_>,
) -> Result<Target, (String, Option<&'static str>)> {
    let offset = u32::try_from(symbol.value).map_err(|_| {
        (format!("{name} lies at {:#x}, which is more than 4 GiB", symbol.value), None)
    })?;
    if places.jump_tables == Some(section.idx) {
        let size = u32::try_from(symbol.size)
            .map_err(|_| (format!("jump table {name} has {} bytes", symbol.size), None))?;
        return Ok(Target::JumpTable { offset, size });
    }
    if let Some(&map) = places.data.get(&section.idx) {
        return Ok(Target::Data { map, offset });
    }
    if let Some(&map) = places.maps.get(&(section.idx, symbol.value)) {
        return Ok(Target::Map(map));
    }
    let section = shown(section.name);
    Err((
        format!(
            "it refers to {name} at {offset:#x} of section {section}, where neither map nor variable is"
        ),
        Some("put maps in SEC(\".maps\") and variables in .data, .rodata or .bss"),
    ))
}
