//! What the compiler leaves open in an object's BTF and the loader fills in: libbpf's `bpf_object_fixup_btf`.
//!
//! Sizes of sections, offsets of variables, and `static` for what the linker would hide. Only words of fixed
//! places change, so that every type id stays what it was.

use std::collections::{HashMap, HashSet};

use object::elf;
use skep_btf::{Btf, DataSec, Kind, Linkage, Type, TypeId};

use crate::elf::{Elf, Symbol, SymbolPlace};
use crate::error::{ObjectError, ObjectErrorKind, Place};
use crate::externs::{ExternKind, Externs};

/// BTF as bytes, with the place of each type.
struct Words {
    bytes: Vec<u8>,
    /// Byte offset of each type, the first has id 1.
    starts: Vec<usize>,
}

/// Byte offset of the word that follows a type's head of three words.
const TAIL: usize = 12;
const VAR_SIZE: usize = 12;

impl Words {
    /// `bytes` are those that a [`Btf`] was parsed from, so their structure holds.
    fn new(bytes: &[u8]) -> Self {
        let word = |at: usize| {
            bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
        };
        let mut at = word(4) as usize + word(8) as usize;
        let end = (at + word(12) as usize).min(bytes.len());
        let mut starts = Vec::new();
        while at + TAIL <= end {
            starts.push(at);
            let info = word(at + 4);
            let len = (info & 0xffff) as usize;
            at += TAIL
                + match info >> 24 & 0x1f {
                    1 | 14 | 17 => 4,
                    3 => 12,
                    4 | 5 | 15 | 19 => 12 * len,
                    6 | 13 => 8 * len,
                    _ => 0,
                };
        }
        Self { bytes: bytes.to_vec(), starts }
    }

    fn start(&self, id: TypeId) -> Option<usize> {
        self.starts.get((id.0 as usize).checked_sub(1)?).copied()
    }

    fn set(&mut self, id: TypeId, offset: usize, value: u32) {
        if let Some(word) =
            self.start(id).and_then(|start| self.bytes.get_mut(start + offset..start + offset + 4))
        {
            word.copy_from_slice(&value.to_le_bytes());
        }
    }

    fn set_size(&mut self, id: TypeId, size: u32) {
        self.set(id, 8, size);
    }

    fn set_offset(&mut self, id: TypeId, var: usize, offset: u32) {
        self.set(id, TAIL + var * VAR_SIZE + 4, offset);
    }

    fn set_var_linkage(&mut self, id: TypeId, linkage: Linkage) {
        self.set(id, TAIL, linkage.number());
    }

    fn set_func_linkage(&mut self, id: TypeId, linkage: Linkage) {
        self.set(id, 4, (Kind::Func as u32) << 24 | linkage.number());
    }

    /// Brings the variables of a section into the order of their offsets.
    fn sort_vars(&mut self, id: TypeId, len: usize) {
        let Some(start) = self.start(id).map(|start| start + TAIL) else { return };
        let Some(vars) = self.bytes.get_mut(start..start + len * VAR_SIZE) else { return };
        let mut sorted: Vec<[u8; VAR_SIZE]> =
            vars.chunks_exact(VAR_SIZE).filter_map(|var| var.try_into().ok()).collect();
        sorted.sort_by_key(|var| u32::from_le_bytes([var[4], var[5], var[6], var[7]]));
        vars.copy_from_slice(&sorted.concat());
    }
}

/// Longest name of a type or member that is taken. Kernels take 511 bytes; lookups by name take time in
/// proportion to it, and names of a hostile file may share their bytes.
const NAME_MAX: usize = 4096;

/// Refuses BTF with names that are out of all proportion.
pub(crate) fn check_names(bytes: &[u8]) -> Result<(), ObjectError> {
    let words = Words::new(bytes);
    let word = |at: usize| {
        bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
    };
    let strings = word(4) as usize + word(16) as usize;
    for (&start, id) in words.starts.iter().zip(1_u32..) {
        let info = word(start + 4);
        let len = (info & 0xffff) as usize;
        let stride = match info >> 24 & 0x1f {
            4 | 5 | 19 => 12,
            6 | 13 => 8,
            _ => 0,
        };
        let members =
            (0..if stride == 0 { 0 } else { len }).map(|index| start + TAIL + index * stride);
        for name in std::iter::once(start).chain(members) {
            let text = bytes.get(strings + word(name) as usize..).unwrap_or_default();
            if text.len() > NAME_MAX && !text[..=NAME_MAX].contains(&0) {
                let found = format!("type [{id}] has a name of more than {NAME_MAX} bytes");
                return Err(ObjectError::new(
                    ObjectErrorKind::TooBig,
                    Place::section(".BTF").at(name as u64),
                    found,
                )
                .help("kernels take names of at most 511 bytes: shorten the name"));
            }
        }
    }
    Ok(())
}

/// Completes an object's BTF. `bytes` is the section that `btf` was parsed from.
pub(crate) fn complete(
    bytes: &[u8],
    btf: &Btf,
    elf: &Elf<'_>,
    externs: &Externs,
) -> Result<Btf, ObjectError> {
    let mut words = Words::new(bytes);
    let vars: HashMap<&str, &Symbol<'_>> = elf
        .symbols()
        .iter()
        .rev() // the first of a name wins, as in libbpf
        .filter(|symbol| symbol.kind == elf::STT_OBJECT && !symbol.is_local())
        .map(|symbol| (symbol.name, symbol))
        .collect();
    for id in btf.ids() {
        let Type::DataSec(section) = btf.ty(id) else { continue };
        match section.name {
            ".kconfig" => kconfig(&mut words, btf, id, &section, externs)?,
            ".ksyms" => {}
            _ => data_section(&mut words, btf, id, &section, elf, &vars)?,
        }
        words.sort_vars(id, section.len());
    }
    hide_functions(&mut words, btf, elf);
    Btf::parse(&words.bytes).map_err(|error| {
        ObjectError::new(
            ObjectErrorKind::Btf,
            Place::section(".BTF").at(error.offset),
            error.problem.to_string(),
        )
    })
}

fn error(section: &DataSec<'_>, found: String) -> ObjectError {
    ObjectError::new(ObjectErrorKind::Btf, Place::section(".BTF").of(section.name), found)
        .help("compile the object again: its sections and its BTF do not belong together")
}

fn data_section(
    words: &mut Words,
    btf: &Btf,
    id: TypeId,
    section: &DataSec<'_>,
    elf: &Elf<'_>,
    symbols: &HashMap<&str, &Symbol<'_>>,
) -> Result<(), ObjectError> {
    // A linker (`bpftool gen object`) fills in sizes and offsets; the compiler leaves zero.
    let is_open = section.size == 0;
    if is_open {
        let Some(found) = elf.section_named(section.name).filter(|found| found.size > 0) else {
            let found = format!(
                "BTF lists variables of this section (type {id}), but the object has no such section"
            );
            return Err(error(section, found));
        };
        let size = u32::try_from(found.size).map_err(|_| {
            let found = format!("a section of {} bytes is more than a map value holds", found.size);
            ObjectError::new(ObjectErrorKind::TooBig, Place::section(section.name), found)
        })?;
        words.set_size(id, size);
    }
    for (index, var) in section.vars().enumerate() {
        let Type::Var { name, linkage, .. } = btf.ty(var.ty) else {
            let found =
                format!("entry {index} of this section is type {}, which is no variable", var.ty);
            return Err(error(section, found));
        };
        if matches!(linkage, Linkage::Static | Linkage::Extern) {
            continue;
        }
        let Some(symbol) = symbols.get(name) else {
            let found = format!(
                "variable {} is in BTF but not among the symbols",
                crate::error::shown(name)
            );
            return Err(error(section, found));
        };
        if is_open {
            let offset = u32::try_from(symbol.value).map_err(|_| {
                error(
                    section,
                    format!("variable {} lies at {:#x}", crate::error::shown(name), symbol.value),
                )
            })?;
            words.set_offset(id, index, offset);
        }
        if symbol.hidden {
            words.set_var_linkage(var.ty, Linkage::Static);
        }
    }
    Ok(())
}

fn kconfig(
    words: &mut Words,
    btf: &Btf,
    id: TypeId,
    section: &DataSec<'_>,
    externs: &Externs,
) -> Result<(), ObjectError> {
    let offsets: HashMap<TypeId, u32> = externs
        .types
        .iter()
        .zip(&externs.specs)
        .filter_map(|(&ty, spec)| match &spec.kind {
            ExternKind::Kconfig(config) => Some((ty, config.offset)),
            _ => None,
        })
        .collect();
    // Without any symbol of it, the section stands for nothing.
    if offsets.is_empty() {
        return Ok(());
    }
    words.set_size(id, externs.kconfig_size);
    for (index, var) in section.vars().enumerate() {
        let Some(&offset) = offsets.get(&var.ty) else {
            let name = crate::error::shown(btf.name(var.ty));
            return Err(error(
                section,
                format!("variable {name} is in BTF but not among the symbols"),
            ));
        };
        words.set_offset(id, index, offset);
        words.set_var_linkage(var.ty, Linkage::Global);
    }
    Ok(())
}

/// Functions that are global but hidden are judged like static ones.
fn hide_functions(words: &mut Words, btf: &Btf, elf: &Elf<'_>) {
    let text = elf.text().map(|section| SymbolPlace::Section(section.idx));
    let mut seen = HashSet::new();
    for symbol in elf.symbols() {
        if symbol.kind == elf::STT_FUNC
            && symbol.hidden
            && !symbol.is_local()
            && Some(symbol.section) == text
            && seen.insert(symbol.name)
        {
            let func = btf
                .find_all(symbol.name)
                .find(|&id| matches!(btf.ty(id), Type::Func { linkage: Linkage::Global, .. }));
            if let Some(func) = func {
                words.set_func_linkage(func, Linkage::Static);
            }
        }
    }
}
