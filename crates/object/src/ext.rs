//! `.BTF.ext`: which type, which source line and which CO-RE relocation belongs to which insn.

use std::collections::HashMap;

use skep_btf::{Btf, TypeId};
use skep_isa::INSN_SIZE;

use crate::code::Code;
use crate::elf::Elf;
use crate::error::{ObjectError, ObjectErrorKind, Place};

/// `struct bpf_func_info`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FuncRecord {
    pub(crate) insn: u32,
    pub(crate) ty: TypeId,
}

/// `struct bpf_line_info`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineRecord {
    pub(crate) insn: u32,
    pub(crate) file_off: u32,
    pub(crate) text_off: u32,
    /// Line in the upper 22 bits, column in the lower 10.
    pub(crate) line_col: u32,
}

/// `struct bpf_core_relo`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoreRecord {
    pub(crate) insn: u32,
    pub(crate) ty: TypeId,
    pub(crate) access_off: u32,
    pub(crate) kind: u32,
}

const MAGIC: u16 = 0xeb9f;
/// Bytes of the header up to the lines' length, and up to the CO-RE relocations' length.
const HEADER_MIN: usize = 24;
const HEADER_CORE: usize = 32;

/// A part of `.BTF.ext`: where it lies, what it is called, the least size of its records.
struct Part<'a> {
    name: &'static str,
    /// Byte offset within `.BTF.ext`.
    start: u64,
    bytes: &'a [u8],
    least: u32,
}

/// Reads `.BTF.ext` and hands its records to the sections of `code`.
pub(crate) fn read(elf: &Elf<'_>, btf: &Btf, code: &mut Code) -> Result<(), ObjectError> {
    let Some(section) = elf.section_named(".BTF.ext") else { return Ok(()) };
    let bytes = section.data;
    let header_len = header(bytes)?;
    let positions = positions(elf, code);
    let part = |name, field: usize, least| part(bytes, header_len, name, field, least);
    for_each(&part("func_info", 8, 8)?, btf, &positions, |position, insn, word| {
        code.sections[position].funcs.push(FuncRecord { insn, ty: TypeId(word(1)) });
    })?;
    for_each(&part("line_info", 16, 16)?, btf, &positions, |position, insn, word| {
        code.sections[position].lines.push(LineRecord {
            insn,
            file_off: word(1),
            text_off: word(2),
            line_col: word(3),
        });
    })?;
    if header_len >= HEADER_CORE {
        for_each(&part("core_relo", 24, 16)?, btf, &positions, |position, insn, word| {
            code.sections[position].cores.push(CoreRecord {
                insn,
                ty: TypeId(word(1)),
                access_off: word(2),
                kind: word(3),
            });
        })?;
    }
    for section in &mut code.sections {
        section.funcs.sort_by_key(|record| record.insn);
        section.lines.sort_by_key(|record| record.insn);
        // libbpf applies them in the order of the file, which is that of the insns.
        section.cores.sort_by_key(|record| record.insn);
    }
    Ok(())
}

fn error(offset: u64, found: String) -> ObjectError {
    ObjectError::new(ObjectErrorKind::Btf, Place::section(".BTF.ext").at(offset), found)
        .help("the file is damaged: compile or copy it again")
}

fn word_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn header(bytes: &[u8]) -> Result<usize, ObjectError> {
    let (Some(first), Some(len)) = (word_at(bytes, 0), word_at(bytes, 4)) else {
        return Err(error(0, format!("{} bytes are too few for its header", bytes.len())));
    };
    let [magic, version, flags] = [first & 0xffff, first >> 16 & 0xff, first >> 24];
    if magic != u32::from(MAGIC) {
        return Err(error(0, format!("its magic number is {magic:#06x}, not {MAGIC:#06x}")));
    }
    if version != 1 || flags != 0 {
        return Err(error(2, format!("version {version} with flags {flags:#x} is unknown")));
    }
    let len = len as usize;
    if len < HEADER_MIN || len > bytes.len() {
        let found = format!(
            "a header of {len} bytes is too short, or longer than the section of {}",
            bytes.len()
        );
        return Err(error(4, found));
    }
    Ok(len)
}

/// The part whose offset and length stand at `field` of the header.
fn part<'a>(
    bytes: &'a [u8],
    header_len: usize,
    name: &'static str,
    field: usize,
    least: u32,
) -> Result<Part<'a>, ObjectError> {
    let (offset, len) =
        (word_at(bytes, field).unwrap_or(0), word_at(bytes, field + 4).unwrap_or(0));
    let start = header_len as u64 + u64::from(offset);
    let end = start + u64::from(len);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let Some(bytes) = range.and_then(|(start, end)| bytes.get(start..end)) else {
        let found =
            format!("{name} ({start:#x}..{end:#x}) reaches past the end, {:#x}", bytes.len());
        return Err(error(field as u64, found));
    };
    if len > 0 && offset % 4 != 0 {
        return Err(error(field as u64, format!("{name} is not aligned to 4 bytes")));
    }
    Ok(Part { name, start, bytes, least })
}

/// From section names to positions in `code`; the first section of a name counts.
fn positions<'a>(elf: &Elf<'a>, code: &Code) -> HashMap<&'a str, Option<usize>> {
    let mut positions = HashMap::new();
    for section in elf.sections() {
        positions.entry(section.name).or_insert_with(|| code.section_of(section.idx));
    }
    positions
}

/// Calls `record` with each record's section, insn and words. Records of sections without code are skipped.
fn for_each(
    part: &Part<'_>,
    btf: &Btf,
    positions: &HashMap<&str, Option<usize>>,
    mut record: impl FnMut(usize, u32, &dyn Fn(usize) -> u32),
) -> Result<(), ObjectError> {
    let name = part.name;
    if part.bytes.is_empty() {
        return Ok(());
    }
    let size = word_at(part.bytes, 0).filter(|&size| size >= part.least && size % 4 == 0);
    let Some(size) = size else {
        return Err(error(
            part.start,
            format!("{name} has no valid record size (at least {})", part.least),
        ));
    };
    let mut at = 4;
    while at < part.bytes.len() {
        let place = part.start + at as u64;
        let (Some(section), Some(count)) = (word_at(part.bytes, at), word_at(part.bytes, at + 4))
        else {
            return Err(error(place, format!("{name} ends within the head of a section")));
        };
        at += 8;
        let len = usize::try_from(u64::from(count) * u64::from(size)).ok();
        let Some(records) = len.and_then(|len| part.bytes.get(at..at.checked_add(len)?)) else {
            let found = format!("{count} records of {size} bytes reach past the end of {name}");
            return Err(error(place, found));
        };
        at += records.len();
        let Some(section) = btf.str_at(section) else {
            return Err(error(
                place,
                format!("{name} names a section at string {section:#x}, which is not there"),
            ));
        };
        let Some(&Some(position)) = positions.get(section) else { continue };
        for (index, bytes) in records.chunks_exact(size as usize).enumerate() {
            let word = |index: usize| word_at(bytes, index * 4).unwrap_or(0);
            let offset = word(0);
            if offset % INSN_SIZE as u32 != 0 {
                let found =
                    format!("record {index} of {name} is at byte {offset:#x}, within an insn");
                return Err(error(place + 8 + index as u64 * u64::from(size), found));
            }
            record(position, offset / INSN_SIZE as u32, &word);
        }
    }
    Ok(())
}
