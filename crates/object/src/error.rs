//! What can be wrong with an object, or with one program of it against one kernel.

use std::fmt;

use crate::InsnIdx;

/// Where in an object file something was found. Every part is known or absent; none is a guess.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// ELF section by name.
    pub section: Option<String>,
    /// Byte offset within that section, or within the file when no section is named.
    pub offset: Option<u64>,
    /// Symbol, map, variable or program.
    pub symbol: Option<String>,
}

impl Place {
    /// A place in the file outside any section.
    #[must_use]
    pub fn file(offset: u64) -> Self {
        Self { offset: Some(offset), ..Self::default() }
    }

    /// A whole section.
    #[must_use]
    pub fn section(name: &str) -> Self {
        Self { section: Some(shown(name)), ..Self::default() }
    }

    /// A symbol, map, variable or program.
    #[must_use]
    pub fn symbol(name: &str) -> Self {
        Self { symbol: Some(shown(name)), ..Self::default() }
    }

    /// Adds a byte offset.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Adds a symbol.
    #[must_use]
    pub fn of(mut self, symbol: &str) -> Self {
        self.symbol = Some(shown(symbol));
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.section, self.offset) {
            (Some(section), Some(offset)) => write!(f, "in section {section} at byte {offset:#x}")?,
            (Some(section), None) => write!(f, "in section {section}")?,
            (None, Some(offset)) => write!(f, "at byte {offset:#x} of the file")?,
            (None, None) => {}
        }
        match &self.symbol {
            Some(symbol) if self.section.is_some() || self.offset.is_some() => {
                write!(f, " ({symbol})")
            }
            Some(symbol) => write!(f, "in {symbol}"),
            None => Ok(()),
        }
    }
}

/// A name as messages show it: no control characters, at most 80 characters.
pub(crate) fn shown(name: &str) -> String {
    let mut text: String =
        name.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().nth(80).is_some() {
        text.push('…');
    }
    text
}

/// A name as values keep it: at most 511 bytes, what a kernel takes for a symbol, so that a file whose names
/// overlap cannot make them grow without bound.
pub(crate) fn bounded(name: &str) -> String {
    name[..name.floor_char_boundary(511)].to_owned()
}

/// What kind of fault an [`ObjectError`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectErrorKind {
    /// The bytes are no ELF file.
    NotElf,
    /// An ELF file, but none with BPF programs: another machine, a linked file, 32-bit.
    NotBpf,
    /// Compiled for a big-endian machine.
    BigEndian,
    /// The ELF structure contradicts itself or ends early.
    Malformed,
    /// No program in it.
    NoPrograms,
    /// A function where or of a kind that the loader does not take.
    Program,
    /// A map definition.
    Map,
    /// A declaration of something that the kernel provides.
    Extern,
    /// `.BTF` or `.BTF.ext`.
    Btf,
    /// A relocation that means nothing.
    Relocation,
    /// More than skep reads.
    TooBig,
}

/// Why an object cannot be read: what was found, where, why that is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectError {
    /// Which kind of fault.
    pub kind: ObjectErrorKind,
    /// What was found, and why it is wrong: a clause without a full stop.
    pub found: String,
    /// Where.
    pub place: Place,
    /// What to do about it, where something is known to help.
    pub help: Option<String>,
}

impl ObjectError {
    pub(crate) fn new(kind: ObjectErrorKind, place: Place, found: impl Into<String>) -> Self {
        Self { kind, found: found.into(), place, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if place.is_empty() {
            write!(f, "{}", self.found)
        } else {
            write!(f, "{place}: {}", self.found)
        }
    }
}

impl std::error::Error for ObjectError {}

/// Why a program (or a map) of an object cannot be used on a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveError {
    /// The program or map that it is about; empty when it is about the whole object.
    pub subject: String,
    /// Insn as the object has it, counted from the first of its function: the program, or the subprogram that
    /// `found` names.
    pub insn: Option<InsnIdx>,
    /// What was found, and why it is wrong: a clause without a full stop.
    pub found: String,
    /// What to do about it, where something is known to help.
    pub help: Option<String>,
}

impl ResolveError {
    pub(crate) fn new(subject: &str, found: impl Into<String>) -> Self {
        Self { subject: shown(subject), insn: None, found: found.into(), help: None }
    }

    /// A fault in a function of a program.
    pub(crate) fn within(program: &str, function: &str, found: &str) -> Self {
        if program == function {
            return Self::new(program, found);
        }
        Self::new(program, format!("in {}: {found}", shown(function)))
    }

    pub(crate) fn at(mut self, insn: InsnIdx) -> Self {
        self.insn = Some(insn);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.subject.is_empty() {
            write!(f, "{}", self.subject)?;
            if let Some(insn) = self.insn {
                write!(f, ", insn {}", insn.0)?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.found)
    }
}

impl std::error::Error for ResolveError {}

/// What a profile lacks that a program needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which kind of thing.
    pub kind: MissingKind,
    /// Its name.
    pub name: String,
}

/// Kinds of things that a program can need of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingKind {
    /// A type that CO-RE relocations, struct_ops or iterators ask for.
    Type,
    /// A kfunc.
    Kfunc,
    /// A kernel variable with a type (`.ksyms`).
    Variable,
    /// The address of a kernel symbol (`.ksyms` without a type).
    Symbol,
    /// The function, tracepoint or hook to attach to.
    AttachTarget,
    /// A `CONFIG_*` option.
    Config,
    /// A feature of object files that skep does not implement.
    Feature,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            MissingKind::Type => write!(f, "the kernel profile lacks type {name}"),
            MissingKind::Kfunc => write!(f, "the kernel profile lacks kfunc {name}"),
            MissingKind::Variable => write!(f, "the kernel profile lacks variable {name}"),
            MissingKind::Symbol => write!(f, "the kernel profile lacks the address of {name}"),
            MissingKind::AttachTarget => write!(f, "the kernel profile lacks attach target {name}"),
            MissingKind::Config => write!(f, "the kernel profile lacks option {name}"),
            MissingKind::Feature => write!(f, "skep does not support {name} yet"),
        }
    }
}
