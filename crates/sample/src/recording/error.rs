//! Why a recording cannot be read, in words for people.

use std::io;

use thiserror::Error;

use crate::record::RecordError;

/// What is wrong with a file that should be a `perf.data`.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the fields are what the messages name")]
#[non_exhaustive]
pub enum RecordingError {
    /// The system refuses it.
    #[error("it cannot be read ({source})")]
    Io { source: io::Error },
    /// A folder, a pipe, a device.
    #[error("it is no regular file")]
    NotAFile,
    /// What `perf record --threads` writes.
    #[error("it is a folder, as `perf record --threads` writes it, which is not supported")]
    Folder,
    /// Other contents.
    #[error("it is no perf.data: it begins with {found:?}, not with PERFILE2")]
    Magic { found: String },
    /// Written on a big-endian machine.
    #[error("it was recorded on a big-endian machine, which is not supported")]
    BigEndian,
    /// Written by a perf of 2009.
    #[error("it has the first format of perf.data, of 2009, which is not supported")]
    FirstFormat,
    /// Recorded on another architecture.
    #[error("it was recorded on {arch}; x86_64 alone is supported")]
    Arch { arch: String },
    /// A part that does not lie within the file.
    #[error("its {part} lies at bytes {start} to {end}, beyond the {len} bytes of the file")]
    Beyond { part: &'static str, start: u64, end: u64, len: u64 },
    /// A part that ends too soon.
    #[error("its {part} ends within {field}")]
    Short { part: &'static str, field: &'static str },
    /// A part larger than any that perf writes.
    #[error("its {part} has {size} bytes, more than the {max} that are plausible")]
    Large { part: &'static str, size: u64, max: u64 },
    /// More things than a machine can have.
    #[error("its {part} counts {count} {field}, more than the {max} that are possible")]
    Many { part: &'static str, field: &'static str, count: u32, max: u32 },
    /// Descriptions of events that cannot be ones.
    #[error("its descriptions of events have {size} bytes each, too few for one")]
    AttrSize { size: u64 },
    /// No event at all.
    #[error("it describes no event")]
    NoEvents,
    /// Another event than was recorded.
    #[error("it has no event `{event}`; it has {}", .known.join(", "))]
    NoSuchEvent { event: String, known: Vec<String> },
    /// Events whose records cannot be told apart.
    #[error(
        "its {count} events cannot be told apart, since their records carry no id at one place"
    )]
    NoIds { count: usize },
}

impl RecordingError {
    /// Whether the file is a good one, of a form that skep does not read.
    pub(crate) const fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::Folder
                | Self::BigEndian
                | Self::FirstFormat
                | Self::Arch { .. }
                | Self::NoIds { .. }
        )
    }
}

impl From<io::Error> for RecordingError {
    fn from(source: io::Error) -> Self {
        Self::Io { source }
    }
}

/// Where the records of a recording stop making sense, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at byte {at}: {why}")]
pub struct Damage {
    /// Offset in the file of the record.
    pub at: u64,
    /// What is wrong.
    pub why: DamageKind,
}

impl From<RecordError> for DamageKind {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Size { kind, size, .. } => Self::Size { kind, size },
            _ => Self::Cut,
        }
    }
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DamageKind {
    /// The file ends within it.
    #[error("the file ends within a record")]
    Cut,
    /// A size that no record has.
    #[error("a record of type {kind} says that it has {size} bytes")]
    Size {
        /// `PERF_RECORD_*`.
        kind: u32,
        /// Bytes.
        size: u16,
    },
    /// Compressed data that do not decompress.
    #[error("compressed records do not decompress ({0})")]
    Compressed(String),
    /// The system stopped reading.
    #[error("the file cannot be read further ({0})")]
    Io(String),
}
