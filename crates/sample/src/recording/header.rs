//! `struct perf_file_header`, at the start of the file (`tools/perf/Documentation/perf.data-file-format.txt`).

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::error::RecordingError;
use super::section::{Fields, Section};

/// Bytes of the header of a file that perf could write back and forth in.
const FILE: u64 = 104;
/// Bytes of the header of one that went through a pipe: the magic and this size.
const PIPE: u64 = 16;

/// Where the parts of the file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// With sections, each of which the header names.
    File {
        /// Bytes of one entry of `attrs`.
        attr_size: u64,
        /// The events.
        attrs: Section,
        /// The records.
        data: Section,
        /// Which features follow the records, a bit each.
        features: [u64; 4],
    },
    /// As written to a pipe: the records, with all else among them.
    Pipe,
}

impl Layout {
    /// Reads the header.
    pub(super) fn read(file: &File) -> Result<Self, RecordingError> {
        let len = file.metadata()?.len().min(FILE);
        let mut bytes = vec![0; len as usize];
        file.read_exact_at(&mut bytes, 0)?;
        let mut fields = Fields::new("header", &bytes);
        match bytes.get(..8) {
            Some(b"PERFILE2") => drop(fields.bytes("magic", 8)?),
            Some(b"2ELIFREP") => return Err(RecordingError::BigEndian),
            Some(b"PERFFILE") => return Err(RecordingError::FirstFormat),
            _ => {
                let found = bytes.get(..8).unwrap_or(&bytes).escape_ascii().to_string();
                return Err(RecordingError::Magic { found });
            }
        }
        if fields.u64("size")? == PIPE {
            return Ok(Self::Pipe);
        }
        let attr_size = fields.u64("attr_size")?;
        let attrs = fields.section("attrs")?;
        let data = fields.section("data")?;
        // Of event types, which perf has not written since 2012.
        fields.section("event_types")?;
        let mut features = [0; 4];
        for word in &mut features {
            *word = fields.u64("features")?;
        }
        Ok(Self::File { attr_size, attrs, data, features })
    }

    /// Offsets of the first byte of the records and of the first after them: of a recording whose perf was killed
    /// before it could write its header anew, and so says that it has none, up to the end of the file.
    pub(super) fn records(&self, len: u64) -> (u64, u64) {
        match self {
            Self::Pipe => (PIPE, len),
            Self::File { data: Section { offset, size: 0 }, .. } => (*offset, len),
            Self::File { data: Section { offset, size }, .. } => {
                (*offset, offset.saturating_add(*size).min(len))
            }
        }
    }

    /// Whether perf was killed before it had written all.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(self, Self::File { data: Section { size: 0, .. }, .. })
    }
}
