//! Bytes to checked BTF: `kernel/bpf/btf.c` (`btf_parse_hdr`, `btf_check_meta`) and libbpf's `btf.c`.
//!
//! Checks what memory safety and termination need: sections, string offsets, type ids, lengths, kinds that
//! must stand where they stand, and cycles. Names may be any text, as in libbpf.

use std::sync::{Arc, OnceLock};

use crate::btf::Parsed;
use crate::{Btf, BtfError, BtfProblem, Kind, TypeId, cycle};

const MAGIC: u16 = 0xeb9f;
/// Magic, version, flags, and five lengths.
const HEADER_LEN: u64 = 24;
/// No name of a C or Rust program comes near; without a limit, many types with one huge name would make
/// every pass over the names quadratic.
const MAX_NAME_LEN: usize = 8192;

/// Byte ranges of the sections.
struct Sections {
    types: std::ops::Range<usize>,
    strings: std::ops::Range<usize>,
}

pub(crate) fn parse(bytes: &[u8], base: Option<Arc<Btf>>) -> Result<Parsed, BtfError> {
    let sections = header(bytes)?;
    let type_start = u64::try_from(sections.types.start).unwrap_or(u64::MAX);
    let strings = strings(bytes, &sections, base.is_some())?;
    let words: Box<[u32]> = bytes[sections.types]
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let (first_id, first_string) = match &base {
        Some(base) => (base.len(), base.parsed().strings_end()),
        None => (1, 0),
    };
    let too_big = |what| BtfError::new(0, BtfProblem::TooBig(what));
    u32::try_from(strings.len())
        .ok()
        .and_then(|len| first_string.checked_add(len))
        .ok_or_else(|| too_big("strings"))?;
    let starts = starts(&words, first_id, type_start)?;
    u32::try_from(starts.len())
        .ok()
        .and_then(|len| first_id.checked_add(len))
        .ok_or_else(|| too_big("types"))?;
    let parsed = Parsed {
        base,
        first_id,
        first_string,
        strings,
        words,
        starts: starts.into_boxed_slice(),
        index: OnceLock::new(),
    };
    Check { parsed: &parsed, type_start }.all()?;
    cycle::check(&parsed, type_start)?;
    Ok(parsed)
}

fn header(bytes: &[u8]) -> Result<Sections, BtfError> {
    let have = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let truncated = |need| BtfError::new(0, BtfProblem::HeaderTruncated { need, have });
    let Some(&[a, b, version, flags]) = bytes.first_chunk::<4>() else {
        return Err(truncated(HEADER_LEN));
    };
    match u16::from_le_bytes([a, b]) {
        MAGIC => {}
        magic if magic.swap_bytes() == MAGIC => {
            return Err(BtfError::new(0, BtfProblem::BigEndian));
        }
        magic => return Err(BtfError::new(0, BtfProblem::BadMagic(magic))),
    }
    if version != 1 {
        return Err(BtfError::new(2, BtfProblem::BadVersion(version)));
    }
    if flags != 0 {
        return Err(BtfError::new(3, BtfProblem::BadFlags(flags)));
    }
    let Some(head) = bytes.first_chunk::<24>() else { return Err(truncated(HEADER_LEN)) };
    let field = |at: usize| {
        u64::from(u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]))
    };
    let len = field(4);
    if len < HEADER_LEN || len > have {
        return Err(truncated(len.max(HEADER_LEN)));
    }
    let section = |name, at| {
        let start = len + field(at);
        let end = start + field(at + 4);
        let outside = BtfProblem::SectionOutside { section: name, start, end, len: have };
        let whole = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        match whole {
            Some((start, end)) if end <= bytes.len() => Ok(start..end),
            _ => Err(BtfError::new(u64::try_from(at).unwrap_or(0), outside)),
        }
    };
    let (types, strings) = (section("type", 8)?, section("string", 16)?);
    if !field(8).is_multiple_of(4) || !types.len().is_multiple_of(4) {
        return Err(BtfError::new(8, BtfProblem::TypesUnaligned));
    }
    if types.start < strings.end && strings.start < types.end {
        return Err(BtfError::new(8, BtfProblem::SectionsOverlap));
    }
    Ok(Sections { types, strings })
}

/// The string section as text; each byte that belongs to no UTF-8 character becomes `?`, so that offsets
/// stay what they are.
fn strings(bytes: &[u8], sections: &Sections, is_split: bool) -> Result<String, BtfError> {
    let section = &bytes[sections.strings.clone()];
    let unterminated = |at: usize| {
        BtfError::new(u64::try_from(at).unwrap_or(u64::MAX), BtfProblem::StringsUnterminated)
    };
    if section.is_empty() {
        return if is_split {
            Ok(String::new())
        } else {
            Err(unterminated(sections.strings.start))
        };
    }
    if section.last() != Some(&0) {
        return Err(unterminated(sections.strings.end - 1));
    }
    if !is_split && section.first() != Some(&0) {
        return Err(unterminated(sections.strings.start));
    }
    let mut text = String::with_capacity(section.len());
    for chunk in section.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Ok(text)
}

/// Words that follow the three of the head.
fn tail_len(kind: Kind, vlen: usize) -> usize {
    match kind {
        Kind::Int | Kind::Var | Kind::DeclTag => 1,
        Kind::Array => 3,
        Kind::Struct | Kind::Union | Kind::DataSec | Kind::Enum64 => 3 * vlen,
        Kind::Enum | Kind::FuncProto => 2 * vlen,
        _ => 0,
    }
}

/// Offset in bytes of a word of the type section.
pub(crate) fn byte_at(type_start: u64, word: usize) -> u64 {
    type_start + 4 * u64::try_from(word).unwrap_or(0)
}

fn starts(words: &[u32], first_id: u32, type_start: u64) -> Result<Vec<u32>, BtfError> {
    let mut starts = Vec::with_capacity(words.len() / 4);
    let mut at = 0;
    while at < words.len() {
        let number = u32::try_from(starts.len()).unwrap_or(u32::MAX);
        let id = TypeId(first_id.saturating_add(number));
        let fail = |problem| BtfError::in_type(byte_at(type_start, at), id, problem);
        let left = words.len() - at;
        if left < 3 {
            let have = 4 * u64::try_from(left).unwrap_or(0);
            return Err(fail(BtfProblem::TypeTruncated { kind: "type", need: 12, have }));
        }
        let info = words[at + 1];
        let number = info >> 24 & 0x7f;
        let kind = Kind::from_number(number).filter(|&kind| kind != Kind::Void);
        let kind = kind.ok_or_else(|| fail(BtfProblem::UnknownKind(number)))?;
        let tail = tail_len(kind, usize::try_from(info & 0xff_ffff).unwrap_or(0));
        if tail > left - 3 {
            let [need, have] = [tail, left - 3].map(|words| 4 * u64::try_from(words).unwrap_or(0));
            return Err(fail(BtfProblem::TypeTruncated { kind: kind.name(), need, have }));
        }
        starts.push(u32::try_from(at).map_err(|_| fail(BtfProblem::TooBig("the type section")))?);
        at += 3 + tail;
    }
    Ok(starts)
}

/// The checks of single types, after all ids are known.
struct Check<'a> {
    parsed: &'a Parsed,
    type_start: u64,
}

impl Check<'_> {
    fn all(&self) -> Result<(), BtfError> {
        for (number, &start) in self.parsed.starts.iter().enumerate() {
            let id = TypeId(self.parsed.first_id + u32::try_from(number).unwrap_or(0));
            self.one(id, usize::try_from(start).unwrap_or(0))?;
        }
        Ok(())
    }

    fn fail<T>(&self, id: TypeId, word: usize, problem: BtfProblem) -> Result<T, BtfError> {
        Err(BtfError::in_type(byte_at(self.type_start, word), id, problem))
    }

    /// Checks the string offset that stands at a word.
    fn string(&self, id: TypeId, word: usize) -> Result<(), BtfError> {
        let offset = self.parsed.words[word];
        match self.parsed.name_len_within(offset, MAX_NAME_LEN) {
            Some(()) => Ok(()),
            None => self.fail(id, word, BtfProblem::BadString(offset)),
        }
    }

    /// Checks the type id that stands at a word.
    fn id(&self, id: TypeId, word: usize) -> Result<(), BtfError> {
        let to = self.parsed.words[word];
        if to < self.parsed.len() { Ok(()) } else { self.fail(id, word, BtfProblem::BadTypeId(to)) }
    }

    /// Checks that the type id at a word is of a kind that may stand there.
    fn kind(
        &self,
        id: TypeId,
        word: usize,
        what: &'static str,
        may: impl Fn(Kind) -> bool,
    ) -> Result<(), BtfError> {
        self.id(id, word)?;
        let to = self.parsed.words[word];
        let kind = self.parsed.raw_kind(TypeId(to));
        if may(kind) {
            return Ok(());
        }
        self.fail(id, word, BtfProblem::WrongKind { what, to, kind: kind.name() })
    }

    fn one(&self, id: TypeId, at: usize) -> Result<(), BtfError> {
        let words = &self.parsed.words;
        let (info, third, tail) = (words[at + 1], words[at + 2], at + 3);
        let vlen = usize::try_from(info & 0xff_ffff).unwrap_or(0);
        let kind = self.parsed.raw_kind(id);
        self.string(id, at)?;
        let bad_size =
            || self.fail(id, at + 2, BtfProblem::BadSize { kind: kind.name(), size: third });
        let is_data =
            |kind: Kind| !matches!(kind, Kind::Func | Kind::Var | Kind::DataSec | Kind::DeclTag);
        // Values by themselves: not void and not a function either.
        let is_value = |kind: Kind| is_data(kind) && !matches!(kind, Kind::Void | Kind::FuncProto);
        match kind {
            Kind::Int => return self.int(id, at),
            Kind::Array => {
                self.kind(id, tail, "an array's element", is_value)?;
                return self.kind(id, tail + 1, "an array's index", is_value);
            }
            Kind::Struct | Kind::Union => {
                for member in 0..vlen {
                    self.string(id, tail + 3 * member)?;
                    self.kind(id, tail + 3 * member + 1, "a member", is_value)?;
                }
            }
            Kind::Enum | Kind::Enum64 => {
                if !matches!(third, 1 | 2 | 4 | 8) {
                    return bad_size();
                }
                let each = if kind == Kind::Enum { 2 } else { 3 };
                for value in 0..vlen {
                    self.string(id, tail + each * value)?;
                }
            }
            Kind::FuncProto => {
                self.kind(id, at + 2, "a result", is_data)?;
                for param in 0..vlen {
                    self.string(id, tail + 2 * param)?;
                    self.kind(id, tail + 2 * param + 1, "a parameter", is_data)?;
                }
            }
            Kind::DataSec => {
                let is_variable = |kind| matches!(kind, Kind::Var | Kind::Func);
                for var in 0..vlen {
                    self.kind(id, tail + 3 * var, "a data section", is_variable)?;
                }
            }
            Kind::Float if !matches!(third, 2 | 4 | 8 | 12 | 16) => return bad_size(),
            Kind::Float | Kind::Fwd | Kind::Void => {}
            Kind::Ptr => self.kind(id, at + 2, "a pointer", is_data)?,
            Kind::Typedef | Kind::Volatile | Kind::Const | Kind::Restrict | Kind::TypeTag => {
                self.kind(id, at + 2, "a modifier or typedef", is_data)?;
            }
            Kind::Func => self.kind(id, at + 2, "a function", |kind| kind == Kind::FuncProto)?,
            Kind::Var => self.kind(id, at + 2, "a variable", is_data)?,
            Kind::DeclTag => return self.decl_tag(id, at),
        }
        Ok(())
    }

    fn int(&self, id: TypeId, at: usize) -> Result<(), BtfError> {
        let (size, word) = (self.parsed.words[at + 2], self.parsed.words[at + 3]);
        let (bits, offset) = (word & 0xff, word >> 16 & 0xff);
        if matches!(size, 1 | 2 | 4 | 8 | 16) && bits + offset <= size * 8 {
            return Ok(());
        }
        self.fail(id, at + 2, BtfProblem::BadInt { size, bits, offset })
    }

    fn decl_tag(&self, id: TypeId, at: usize) -> Result<(), BtfError> {
        let may = |kind: Kind| {
            kind.is_composite()
                || matches!(kind, Kind::Func | Kind::Var | Kind::Typedef | Kind::Fwd)
        };
        self.kind(id, at + 2, "a decl tag", may)?;
        let component = self.parsed.words[at + 3].cast_signed();
        if component == -1 {
            return Ok(());
        }
        let count = self.parsed.components(TypeId(self.parsed.words[at + 2]));
        match u32::try_from(component) {
            Ok(index) if index < count => Ok(()),
            _ => self.fail(id, at + 3, BtfProblem::BadComponent(component)),
        }
    }
}
