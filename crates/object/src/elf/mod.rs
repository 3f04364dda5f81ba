//! The ELF container of a BPF object: header, sections, symbols, relocations, each checked before use.
//!
//! Mirrors `bpf_object__elf_init` of libbpf, with more checks: what lies outside the file or overlaps is refused.

mod header;
mod layout;

use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, Rel as _, SectionHeader as _, SectionTable, Sym as _};
use object::{LittleEndian, SectionIndex};

use crate::error::{ObjectError, ObjectErrorKind, Place};

/// All that skep reads is little-endian.
const LE: LittleEndian = LittleEndian;

type Header = FileHeader64<LittleEndian>;

/// An ELF section index; 0 is "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SecIdx(pub(crate) usize);

/// A parsed object file, borrowed from its bytes.
pub(crate) struct Elf<'a> {
    sections: Vec<Section<'a>>,
    symbols: Vec<Symbol<'a>>,
}

/// A section: its header and its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) idx: SecIdx,
    pub(crate) name: &'a str,
    pub(crate) kind: elf::SectionType,
    pub(crate) flags: elf::SectionFlags,
    /// Declared bytes; for `SHT_NOBITS` nothing in the file backs them.
    pub(crate) size: u64,
    /// Bytes in the file; empty for `SHT_NOBITS`.
    pub(crate) data: &'a [u8],
    /// `sh_info`: for relocations, the section that they change.
    pub(crate) info: u32,
    pub(crate) entsize: u64,
}

impl Section<'_> {
    pub(crate) fn is_code(&self) -> bool {
        self.kind == elf::SHT_PROGBITS && self.flags.contains(elf::SHF_EXECINSTR) && self.size > 0
    }

    pub(crate) fn place(&self) -> Place {
        Place::section(self.name)
    }
}

/// A symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol<'a> {
    /// Empty for section symbols.
    pub(crate) name: &'a str,
    pub(crate) kind: elf::SymbolType,
    pub(crate) bind: elf::SymbolBind,
    /// `STV_HIDDEN` or `STV_INTERNAL`.
    pub(crate) hidden: bool,
    pub(crate) section: SymbolPlace,
    pub(crate) value: u64,
    pub(crate) size: u64,
}

/// What a symbol is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SymbolPlace {
    Undefined,
    Section(SecIdx),
    /// `SHN_ABS`, `SHN_COMMON` and the like.
    Special(u16),
}

impl Symbol<'_> {
    pub(crate) fn is_in(&self, section: SecIdx) -> bool {
        self.section == SymbolPlace::Section(section)
    }

    pub(crate) fn is_local(&self) -> bool {
        self.bind == elf::STB_LOCAL
    }

    pub(crate) fn is_weak(&self) -> bool {
        self.bind == elf::STB_WEAK
    }

    /// Declared here, defined elsewhere.
    pub(crate) fn is_extern(&self) -> bool {
        self.section == SymbolPlace::Undefined && !self.is_local() && self.kind == elf::STT_NOTYPE
    }
}

/// A relocation of a `SHT_REL` section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rel {
    /// Bytes from the start of the section that it changes.
    pub(crate) offset: u64,
    /// Index of the symbol.
    pub(crate) symbol: usize,
}

impl<'a> Elf<'a> {
    /// Reads and checks the container.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ObjectError> {
        let header = header::check(bytes)?;
        let table =
            header.sections(LE, bytes).map_err(|error| header::truncated(bytes, header, &error))?;
        let sections = sections(bytes, &table)?;
        layout::check(bytes, header, &table)?;
        let symbols = symbols(bytes, &table, &sections)?;
        Ok(Self { sections, symbols })
    }

    /// All sections but the null one.
    pub(crate) fn sections(&self) -> &[Section<'a>] {
        &self.sections
    }

    pub(crate) fn section(&self, idx: SecIdx) -> Option<&Section<'a>> {
        // `sections` leaves out number 0.
        self.sections.get(idx.0.checked_sub(1)?)
    }

    /// The first section with this name.
    pub(crate) fn section_named(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// `.text`, which holds the subprograms.
    pub(crate) fn text(&self) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == ".text" && section.is_code())
    }

    /// All symbols, the null one first.
    pub(crate) fn symbols(&self) -> &[Symbol<'a>] {
        &self.symbols
    }

    /// What a symbol is called in messages: its name, or its section's.
    pub(crate) fn symbol_label(&self, symbol: &Symbol<'a>) -> &'a str {
        match symbol.section {
            SymbolPlace::Section(idx) if symbol.name.is_empty() => {
                self.section(idx).map_or("", |section| section.name)
            }
            _ => symbol.name,
        }
    }
}

/// Decodes the relocations of a `SHT_REL` section.
pub(crate) fn relocations(section: &Section<'_>) -> Result<Vec<Rel>, ObjectError> {
    const REL_SIZE: u64 = 16;
    if section.entsize != REL_SIZE || !section.size.is_multiple_of(REL_SIZE) {
        let found = format!(
            "{} bytes in entries of {} are no relocations, which have {REL_SIZE} bytes each",
            section.size, section.entsize
        );
        return Err(ObjectError::new(ObjectErrorKind::Malformed, section.place(), found));
    }
    let rels: &[elf::Rel64<LittleEndian>] =
        object::pod::slice_from_all_bytes(section.data).unwrap_or_default();
    Ok(rels
        .iter()
        .map(|rel| Rel { offset: rel.r_offset(LE), symbol: rel.r_sym(LE) as usize })
        .collect())
}

fn sections<'a>(
    bytes: &'a [u8],
    table: &SectionTable<'a, Header>,
) -> Result<Vec<Section<'a>>, ObjectError> {
    let mut sections = Vec::with_capacity(table.len().saturating_sub(1));
    for (SectionIndex(idx), header) in table.enumerate().filter(|section| section.0.0 != 0) {
        let malformed = |found: String| {
            ObjectError::new(
                ObjectErrorKind::Malformed,
                Place::section(&format!("number {idx}")),
                found,
            )
        };
        let name = table.section_name(LE, header).map_err(|_| {
            malformed(format!(
                "its name, at {:#x} of the section names, is not there",
                header.sh_name(LE)
            ))
        })?;
        let name =
            std::str::from_utf8(name).map_err(|_| malformed("its name is not UTF-8".into()))?;
        let data = header.data(LE, bytes).map_err(|_| {
            let (start, size) = (header.sh_offset(LE), header.sh_size(LE));
            ObjectError::new(
                ObjectErrorKind::Malformed,
                Place::section(name),
                format!(
                    "{size} bytes from {start:#x} on reach past the end of the file, which has {} bytes",
                    bytes.len()
                ),
            )
            .help("the file is cut short or damaged: compile or copy it again")
        })?;
        sections.push(Section {
            idx: SecIdx(idx),
            name,
            kind: header.sh_type(LE),
            flags: header.sh_flags(LE),
            size: header.sh_size(LE),
            data,
            info: header.sh_info(LE),
            entsize: header.sh_entsize(LE),
        });
    }
    Ok(sections)
}

fn symbols<'a>(
    bytes: &'a [u8],
    table: &SectionTable<'a, Header>,
    sections: &[Section<'a>],
) -> Result<Vec<Symbol<'a>>, ObjectError> {
    let malformed =
        |place, found: String| ObjectError::new(ObjectErrorKind::Malformed, place, found);
    let mut tables = sections.iter().filter(|section| section.kind == elf::SHT_SYMTAB);
    let Some(symtab) = tables.next() else {
        let found = "there is no symbol table, and without it no program can be found";
        return Err(malformed(Place::default(), found.into())
            .help("strip debug information only (llvm-strip -g), not the symbols"));
    };
    if let Some(second) = tables.next() {
        return Err(malformed(
            second.place(),
            "it is a second symbol table; objects have one".into(),
        ));
    }
    let symbols = table.symbols(LE, bytes, elf::SHT_SYMTAB).map_err(|error| {
        malformed(symtab.place(), format!("the symbol table cannot be read ({error})"))
    })?;
    let mut decoded = Vec::with_capacity(symbols.len());
    for (index, symbol) in symbols.enumerate() {
        let place = symtab.place().at(index.0 as u64 * 24);
        let name = symbols
            .symbol_name(LE, symbol)
            .ok()
            .and_then(|name| std::str::from_utf8(name).ok())
            .ok_or_else(|| {
                malformed(place.clone(), format!("symbol {} has no readable name", index.0))
            })?;
        let section = match symbols.symbol_section(LE, symbol, index) {
            Ok(Some(SectionIndex(0))) => SymbolPlace::Undefined,
            Ok(Some(SectionIndex(idx))) if idx > sections.len() => {
                let found = format!("symbol {} is in section {idx}, which does not exist", index.0);
                return Err(malformed(place.of(name), found));
            }
            Ok(Some(SectionIndex(idx))) => SymbolPlace::Section(SecIdx(idx)),
            Ok(None) if symbol.st_shndx(LE) == elf::SHN_UNDEF => SymbolPlace::Undefined,
            Ok(None) => SymbolPlace::Special(symbol.st_shndx(LE).0),
            Err(error) => return Err(malformed(place.of(name), error.to_string())),
        };
        decoded.push(Symbol {
            name,
            kind: symbol.st_type(),
            bind: symbol.st_bind(),
            hidden: matches!(symbol.st_visibility(), elf::STV_HIDDEN | elf::STV_INTERNAL),
            section,
            value: symbol.st_value(LE),
            size: symbol.st_size(LE),
        });
    }
    Ok(decoded)
}
