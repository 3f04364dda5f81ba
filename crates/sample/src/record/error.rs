//! What can be wrong with a record.

use thiserror::Error;

/// A record that does not hold what its header or its event's attributes promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Fewer bytes than a header has.
    #[error("a record header needs 8 bytes, found {found}")]
    HeaderTruncated {
        /// Bytes that were there.
        found: usize,
    },
    /// The header's size is below its own 8 bytes, or beyond the data.
    #[error("record of type {kind} says that it has {size} bytes, of {available} available")]
    Size {
        /// The record's type number.
        kind: u32,
        /// The size in its header.
        size: u16,
        /// Bytes from the header on.
        available: usize,
    },
    /// The record ends within a field.
    #[error("{field} at byte {offset} needs {needed} bytes, the record has {left} left")]
    Truncated {
        /// The field.
        field: &'static str,
        /// Where it starts, from the record's header.
        offset: usize,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are there.
        left: usize,
    },
    /// A count that the record has no room for.
    #[error("{field} at byte {offset} counts {count} items, which the record has no room for")]
    Count {
        /// The field.
        field: &'static str,
        /// Where the items start, from the record's header.
        offset: usize,
        /// The count.
        count: u64,
    },
    /// A copied stack that says it is larger than the room that it was given.
    #[error("user stack says that {valid} of its {room} bytes are valid")]
    StackSize {
        /// `dyn_size`.
        valid: u64,
        /// `size`.
        room: u64,
    },
    /// A build id longer than the 20 bytes that hold it.
    #[error("build id of {size} bytes in a field of 20")]
    BuildIdSize {
        /// The size that the record says.
        size: u8,
    },
}
