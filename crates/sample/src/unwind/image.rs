//! A mapped ELF file, reduced to what unwinding needs: where its code lies, and its unwind tables.

use std::fs::File;

use gimli::UnwindContext;
use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSection as _, ReadCache, ReadRef, elf};

use super::cfi::{Cfi, Section};
use super::rule::Rule;

/// Larger unwind sections are not loaded: the file is walked by frame pointers.
const MAX_SECTION: u64 = 32 << 20;

/// One file.
#[derive(Debug)]
pub(super) struct Image {
    segments: Vec<Segment>,
    /// `.eh_frame`, then `.debug_frame`: compilers write either for each unit, so that a file may have both.
    tables: Vec<Cfi>,
    build_id: Vec<u8>,
}

/// A loadable segment.
#[derive(Clone, Copy, Debug)]
struct Segment {
    file_offset: u64,
    size: u64,
    address: u64,
}

impl Image {
    /// Reads a file; only its headers and unwind sections are touched.
    ///
    /// Returns `None` when it is no 64-bit ELF file.
    pub(super) fn read(file: File) -> Option<Self> {
        Self::parse(&ReadCache::new(file))
    }

    /// Reads an image that lies in memory.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::parse(bytes)
    }

    fn parse<'data, R: ReadRef<'data>>(data: R) -> Option<Self> {
        let elf = ElfFile64::<Endianness, R>::parse(data).ok()?;
        if elf.elf_header().is_type_64() && elf.endian() != Endianness::Little {
            return None;
        }
        let segments = elf
            .elf_program_headers()
            .iter()
            .filter(|header| header.p_type(Endianness::Little) == elf::PT_LOAD)
            .map(|header| Segment {
                file_offset: header.p_offset(Endianness::Little),
                size: header.p_filesz(Endianness::Little),
                address: header.p_vaddr(Endianness::Little),
            })
            .collect();
        let build_id = elf.build_id().ok().flatten().unwrap_or_default().to_vec();
        let mut image = Self { segments, tables: Vec::new(), build_id };
        image.tables = image.read_tables(&elf, data);
        Some(image)
    }

    /// The rule at an address of the file's own view.
    pub(super) fn rule(&self, context: &mut UnwindContext<usize>, address: u64) -> Rule {
        let rules = self.tables.iter().map(|cfi| cfi.rule(context, address));
        { rules }.find(|rule| !matches!(rule, Rule::Absent)).unwrap_or(Rule::Absent)
    }

    /// GNU build id, or empty.
    pub(super) fn build_id(&self) -> &[u8] {
        &self.build_id
    }

    /// Bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        self.tables.iter().map(Cfi::size).sum::<usize>() + size_of_val(self.segments.as_slice())
    }

    /// The file's own address of the byte at a file offset.
    pub(super) fn address_of(&self, file_offset: u64) -> Option<u64> {
        let inside = |s: &&Segment| {
            (s.file_offset..s.file_offset.saturating_add(s.size)).contains(&file_offset)
        };
        let segment = self.segments.iter().find(inside)?;
        Some(segment.address.wrapping_add(file_offset - segment.file_offset))
    }

    fn file_offset_of(&self, address: u64) -> Option<(u64, u64)> {
        let inside =
            |s: &&Segment| (s.address..s.address.saturating_add(s.size)).contains(&address);
        let segment = self.segments.iter().find(inside)?;
        let within = address - segment.address;
        Some((segment.file_offset.checked_add(within)?, segment.size - within))
    }

    fn read_tables<'data, R: ReadRef<'data>>(
        &self,
        elf: &ElfFile64<'data, Endianness, R>,
        data: R,
    ) -> Vec<Cfi> {
        let section = |name: &str| {
            let section = elf.section_by_name(name)?;
            // Headers of a separate debug file name sections that have no bytes there.
            let readable =
                (1..=MAX_SECTION).contains(&section.size()) && section.file_range().is_some();
            let bytes = section.data().ok().filter(|_| readable)?.to_vec();
            Some(Section { address: section.address(), bytes })
        };
        let text = elf.section_by_name(".text").map_or(0, |text| text.address());
        let eh_frame = match section(".eh_frame") {
            Some(frame) => Cfi::eh_frame(frame, section(".eh_frame_hdr"), text),
            None => self.tables_by_segment(elf, data),
        };
        let debug_frame = section(".debug_frame").and_then(|frame| Cfi::debug_frame(frame, text));
        eh_frame.into_iter().chain(debug_frame).collect()
    }

    /// The tables of a file without section headers: `PT_GNU_EH_FRAME` leads to the index, the index to the rest.
    fn tables_by_segment<'data, R: ReadRef<'data>>(
        &self,
        elf: &ElfFile64<'data, Endianness, R>,
        data: R,
    ) -> Option<Cfi> {
        let header = elf
            .elf_program_headers()
            .iter()
            .find(|header| header.p_type(Endianness::Little) == elf::PT_GNU_EH_FRAME)?;
        let address = header.p_vaddr(Endianness::Little);
        let size = header.p_filesz(Endianness::Little).min(MAX_SECTION);
        let index = data.read_bytes_at(header.p_offset(Endianness::Little), size).ok()?;
        let bases = gimli::BaseAddresses::default().set_eh_frame_hdr(address);
        let parsed = gimli::EhFrameHdr::new(index, gimli::LittleEndian).parse(&bases, 8).ok()?;
        let frame = parsed.eh_frame_ptr().direct().ok()?;
        let (offset, rest) = self.file_offset_of(frame)?;
        let bytes = data.read_bytes_at(offset, rest.min(MAX_SECTION)).ok()?;
        let frame = Section { address: frame, bytes: bytes.to_vec() };
        Cfi::eh_frame(frame, Some(Section { address, bytes: index.to_vec() }), 0)
    }
}
