//! Executable sections and the functions in them: libbpf's `bpf_object__add_programs`.

use std::sync::Arc;

use object::elf;
use skep_isa::{INSN_SIZE, Insn};

use crate::elf::{Elf, SecIdx, Section, Symbol};
use crate::error::{ObjectError, ObjectErrorKind, bounded};
use crate::ext::{CoreRecord, FuncRecord, LineRecord};
use crate::index::ProgIdx;
use crate::reloc::CodeReloc;

/// All code of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    pub(crate) sections: Vec<CodeSection>,
    /// In the order of sections and, within these, of their first insns.
    pub(crate) functions: Vec<Function>,
    /// Entry programs: indices of `functions`, ascending.
    pub(crate) programs: Vec<usize>,
    /// `.text`, an index of `sections`.
    pub(crate) text: Option<usize>,
}

/// An executable section. Insns of all records count from the section's first.
#[derive(Clone, Debug)]
pub(crate) struct CodeSection {
    pub(crate) idx: SecIdx,
    pub(crate) name: Arc<str>,
    pub(crate) insns: Vec<Insn>,
    /// By insn.
    pub(crate) relocs: Vec<CodeReloc>,
    /// By insn.
    pub(crate) cores: Vec<CoreRecord>,
    /// By insn; none without a record in `.BTF.ext`.
    pub(crate) funcs: Vec<FuncRecord>,
    /// By insn.
    pub(crate) lines: Vec<LineRecord>,
}

/// A function: an entry program, or in `.text` a subprogram.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Index into [`Code::sections`].
    pub(crate) section: usize,
    /// First insn within the section.
    pub(crate) start: u32,
    /// Insns.
    pub(crate) len: u32,
    pub(crate) is_global: bool,
    /// Global for the linker, static for the verifier.
    pub(crate) is_hidden: bool,
}

impl Function {
    pub(crate) fn end(&self) -> u32 {
        self.start + self.len
    }
}

impl Code {
    /// Finds all functions of all executable sections.
    pub(crate) fn parse(elf: &Elf<'_>) -> Result<Self, ObjectError> {
        let mut code = Self::default();
        for section in elf.sections().iter().filter(|section| section.is_code()) {
            if section.name == ".text" && code.text.is_none() {
                code.text = Some(code.sections.len());
            }
            code.sections.push(CodeSection {
                idx: section.idx,
                name: Arc::from(section.name),
                insns: section
                    .data
                    .as_chunks::<INSN_SIZE>()
                    .0
                    .iter()
                    .map(|&b| Insn::decode(b))
                    .collect(),
                relocs: Vec::new(),
                cores: Vec::new(),
                funcs: Vec::new(),
                lines: Vec::new(),
            });
        }
        for symbol in elf.symbols().iter().filter(|symbol| symbol.kind == elf::STT_FUNC) {
            let crate::elf::SymbolPlace::Section(idx) = symbol.section else { continue };
            let (Some(position), Some(section)) = (code.section_of(idx), elf.section(idx)) else {
                continue;
            };
            code.functions.push(function(section, position, code.text == Some(position), symbol)?);
        }
        code.functions.sort_by_key(|function| (function.section, function.start, function.len));
        code.check_overlap(elf)?;
        code.programs = (0..code.functions.len())
            .filter(|&at| Some(code.functions[at].section) != code.text)
            .collect();
        Ok(code)
    }

    /// The position of an ELF section among the executable ones.
    pub(crate) fn section_of(&self, idx: SecIdx) -> Option<usize> {
        self.sections.binary_search_by_key(&idx, |section| section.idx).ok()
    }

    /// The function that this insn of a section belongs to.
    pub(crate) fn function_at(&self, section: usize, insn: u64) -> Option<usize> {
        let after = self.functions.partition_point(|function| {
            (function.section, u64::from(function.start)) <= (section, insn)
        });
        let index = after.checked_sub(1)?;
        let function = &self.functions[index];
        (function.section == section && insn < u64::from(function.end())).then_some(index)
    }

    /// The subprogram that this insn of `.text` belongs to.
    pub(crate) fn subprog_at(&self, insn: u64) -> Option<usize> {
        self.function_at(self.text?, insn)
    }

    /// The entry program that a function is.
    pub(crate) fn program(&self, function: usize) -> Option<ProgIdx> {
        self.programs
            .binary_search(&function)
            .ok()
            .and_then(|index| u32::try_from(index).ok())
            .map(ProgIdx)
    }

    /// Functions may share all their insns (aliases), but not some.
    fn check_overlap(&self, elf: &Elf<'_>) -> Result<(), ObjectError> {
        for pair in self.functions.windows(2) {
            let [first, second] = pair else { continue };
            let is_alias = (first.start, first.len) == (second.start, second.len);
            if first.section == second.section && second.start < first.end() && !is_alias {
                let section = elf.section(self.sections[first.section].idx);
                let place = section.map(Section::place).unwrap_or_default();
                let found = format!(
                    "function {} (insns {}..{}) overlaps {} (insns {}..{})",
                    second.name,
                    second.start,
                    second.end(),
                    first.name,
                    first.start,
                    first.end()
                );
                let place = place.at(u64::from(second.start) * INSN_SIZE as u64).of(&second.name);
                return Err(ObjectError::new(ObjectErrorKind::Program, place, found)
                    .help("the file is damaged: compile or copy it again"));
            }
        }
        Ok(())
    }
}

fn function(
    section: &Section<'_>,
    position: usize,
    is_text: bool,
    symbol: &Symbol<'_>,
) -> Result<Function, ObjectError> {
    const SIZE: u64 = INSN_SIZE as u64;
    let error = |found: String| {
        ObjectError::new(
            ObjectErrorKind::Program,
            section.place().at(symbol.value).of(symbol.name),
            found,
        )
    };
    if symbol.size == 0 || !symbol.size.is_multiple_of(SIZE) || !symbol.value.is_multiple_of(SIZE) {
        let found = format!(
            "a function of {} bytes at byte {:#x} is not made of whole insns of {SIZE} bytes",
            symbol.size, symbol.value
        );
        return Err(error(found));
    }
    let end = symbol.value.checked_add(symbol.size).filter(|&end| end <= section.size);
    let (Some(_), Ok(start), Ok(len)) =
        (end, u32::try_from(symbol.value / SIZE), u32::try_from(symbol.size / SIZE))
    else {
        let found =
            format!("{} bytes reach past the end of the section, {:#x}", symbol.size, section.size);
        return Err(error(found).help("the file is damaged: compile or copy it again"));
    };
    if !is_text && symbol.is_local() {
        return Err(error("the program is static, so nothing can load it".into()).help(
            "remove static from programs; remove SEC() from static functions that programs call",
        ));
    }
    Ok(Function {
        name: bounded(symbol.name),
        section: position,
        start,
        len,
        is_global: !symbol.is_local(),
        is_hidden: symbol.hidden,
    })
}
