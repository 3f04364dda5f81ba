//! Parts of the file: where they lie, and their fields, all little-endian.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::error::RecordingError;

/// `struct perf_file_section`: offset and size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Section {
    /// Reads a part whole, if it lies within the file and is no larger than `max`.
    pub(super) fn read(
        self,
        file: &File,
        part: &'static str,
        max: u64,
    ) -> Result<Vec<u8>, RecordingError> {
        let (len, size) = (file.metadata()?.len(), self.size);
        let end = self.offset.saturating_add(size);
        if end > len {
            return Err(RecordingError::Beyond { part, start: self.offset, end, len });
        }
        if size > max {
            return Err(RecordingError::Large { part, size, max });
        }
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, self.offset)?;
        Ok(bytes)
    }
}

/// The unread rest of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    part: &'static str,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn new(part: &'static str, bytes: &'a [u8]) -> Self {
        Self { part, bytes }
    }

    pub(super) const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Takes `len` bytes.
    pub(super) fn bytes(
        &mut self,
        field: &'static str,
        len: u64,
    ) -> Result<&'a [u8], RecordingError> {
        let split = usize::try_from(len).ok().and_then(|len| self.bytes.split_at_checked(len));
        let (taken, rest) = split.ok_or(RecordingError::Short { part: self.part, field })?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], RecordingError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(field, N as u64)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, RecordingError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, field: &'static str) -> Result<u64, RecordingError> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// `struct perf_header_string`: a length, then so many bytes, NULs at the end.
    pub(super) fn string(&mut self, field: &'static str) -> Result<String, RecordingError> {
        let len = self.u32(field)?;
        Ok(until_nul(self.bytes(field, len.into())?))
    }

    pub(super) fn section(&mut self, field: &'static str) -> Result<Section, RecordingError> {
        Ok(Section { offset: self.u64(field)?, size: self.u64(field)? })
    }
}

/// The text before the first NUL.
pub(super) fn until_nul(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
