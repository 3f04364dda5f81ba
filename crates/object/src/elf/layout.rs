//! Whether the parts of the file keep apart: no two sections may share bytes.

use object::read::elf::{FileHeader as _, SectionHeader as _, SectionTable};

use super::{Header, LE};
use crate::error::{ObjectError, ObjectErrorKind, Place};

/// Refuses sections that share bytes with one another, with the ELF header or with the section headers.
pub(super) fn check(
    bytes: &[u8],
    header: &Header,
    table: &SectionTable<'_, Header>,
) -> Result<(), ObjectError> {
    let headers = (header.e_shoff(LE), header.e_shoff(LE) + table.len() as u64 * 64);
    let mut parts = vec![(0, 64, None), (headers.0, headers.1, None)];
    for (index, section) in table.enumerate().filter(|section| section.0.0 != 0) {
        // `file_range` leaves out sections without bytes in the file; those with none share nothing.
        if let Some((start, size)) = section.file_range(LE).filter(|&(_, size)| size > 0) {
            parts.push((start, start.saturating_add(size), Some(index)));
        }
    }
    debug_assert!(parts.iter().all(|part| part.1 <= bytes.len() as u64), "ranges were checked");
    parts.sort_unstable_by_key(|part| (part.0, part.1));
    let Some(pair) = parts.windows(2).find(|pair| pair[1].0 < pair[0].1) else { return Ok(()) };
    let name = |part: &(u64, u64, Option<object::SectionIndex>)| match part.2 {
        Some(index) => {
            let name = table.section(index).and_then(|section| table.section_name(LE, section));
            format!("section {}", String::from_utf8_lossy(name.unwrap_or_default()))
        }
        None if part.0 == 0 => "the ELF header".to_owned(),
        None => "the section headers".to_owned(),
    };
    let [first, second] = [name(&pair[0]), name(&pair[1])].map(|name| crate::error::shown(&name));
    let found = format!(
        "{first} ({:#x}..{:#x}) and {second} ({:#x}..{:#x}) share bytes of the file",
        pair[0].0, pair[0].1, pair[1].0, pair[1].1
    );
    Err(ObjectError::new(ObjectErrorKind::Malformed, Place::file(pair[1].0), found)
        .help("the file is damaged: compile or copy it again"))
}
