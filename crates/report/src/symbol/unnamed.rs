//! Where functions begin in files without symbols: unwind tables have an entry for each.
//!
//! Most distributions strip what they ship. Without names, the addresses of a function at least belong together.

use std::fs::File;
use std::path::Path;

use gimli::{BaseAddresses, CieOrFde, EhFrame, LittleEndian, UnwindSection};
use object::read::ReadCache;
use object::{Object, ObjectSection, ObjectSegment};

/// A function: its bytes in the file.
type Extent = std::ops::Range<u64>;

/// For each file offset, where the function around it begins in the file; `None` where no entry says so.
///
/// A file that cannot be read, or whose tables are damaged, says what could be read until then.
pub(super) fn starts(path: &Path, offsets: &[u64]) -> Vec<Option<u64>> {
    let functions = functions(path).unwrap_or_default();
    let start = |offset: &u64| {
        let after = functions.partition_point(|function| function.start <= *offset);
        let function = functions.get(after.checked_sub(1)?)?;
        function.contains(offset).then_some(function.start)
    };
    offsets.iter().map(start).collect()
}

/// The functions of a file by their first byte.
fn functions(path: &Path) -> Option<Vec<Extent>> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    let segments: Vec<(u64, u64, u64)> = file
        .segments()
        .map(|segment| {
            let (start, size) = segment.file_range();
            (segment.address(), size, start)
        })
        .collect();
    let offset_of = |address: u64| {
        let into = |(from, size, _): &&(u64, u64, u64)| address.wrapping_sub(*from) < *size;
        segments.iter().find(into).map(|(from, _, start)| address - from + start)
    };
    let section = file.section_by_name(".eh_frame")?;
    let data = section.data().ok()?;
    let text = file.section_by_name(".text").map_or(0, |text| text.address());
    let bases = BaseAddresses::default().set_eh_frame(section.address()).set_text(text);
    let table = EhFrame::new(data, LittleEndian);
    let mut entries = table.entries(&bases);
    let mut functions = Vec::new();
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else { continue };
        let Ok(fde) = partial.parse(EhFrame::cie_from_offset) else { continue };
        if let Some(start) = offset_of(fde.initial_address()) {
            functions.push(start..start.saturating_add(fde.len()));
        }
    }
    functions.sort_unstable_by_key(|function| (function.start, function.end));
    Some(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_tables_knows_nothing() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert_eq!(starts(&file, &[0, 10]), [None, None]);
        assert_eq!(starts(Path::new("/nowhere"), &[7]), [None]);
    }

    #[test]
    fn functions_of_our_own_binary_hold_their_bytes() {
        let path = std::env::current_exe().unwrap();
        let functions = functions(&path).unwrap();
        assert!(functions.len() > 100, "{}", functions.len());
        let some: Vec<u64> = functions
            .iter()
            .filter(|function| !function.is_empty())
            .step_by(97)
            .map(|function| function.end - 1)
            .collect();
        for (start, offset) in starts(&path, &some).into_iter().zip(some) {
            assert!(start.is_some_and(|start| start <= offset), "{offset:#x}");
        }
    }
}
