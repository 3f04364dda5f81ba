//! What can be wrong with BTF, and where.

use crate::TypeId;

/// A refusal of BTF bytes: what is wrong and at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("BTF is malformed at byte {offset:#x}{}: {problem}", at_type(.type_id))]
pub struct BtfError {
    /// Offset in bytes from the start of the BTF (its magic number).
    pub offset: u64,
    /// The type that the fault lies in, where it lies in one.
    pub type_id: Option<TypeId>,
    /// What is wrong.
    pub problem: BtfProblem,
}

fn at_type(id: &Option<TypeId>) -> String {
    id.map(|id| format!(" (type [{}])", id.0)).unwrap_or_default()
}

impl BtfError {
    pub(crate) fn new(offset: u64, problem: BtfProblem) -> Self {
        Self { offset, type_id: None, problem }
    }

    pub(crate) fn in_type(offset: u64, id: TypeId, problem: BtfProblem) -> Self {
        Self { offset, type_id: Some(id), problem }
    }
}

/// The kinds of fault that [`BtfError`] reports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BtfProblem {
    /// The bytes end before the header does.
    #[error("{have} bytes are too few for a header of {need}")]
    HeaderTruncated {
        /// Bytes that a header needs.
        need: u64,
        /// Bytes there are.
        have: u64,
    },
    /// The magic number is not `0xeb9f`.
    #[error("magic number is {0:#06x}, not 0xeb9f")]
    BadMagic(u16),
    /// The BTF was made for a big-endian machine.
    #[error("it is big-endian; skep reads little-endian BTF only (compile with -target bpfel)")]
    BigEndian,
    /// A version other than 1.
    #[error("version {0} is unknown (1 is known)")]
    BadVersion(u8),
    /// Header flags other than zero.
    #[error("header flags {0:#x} are unknown")]
    BadFlags(u8),
    /// A section that does not lie within the bytes.
    #[error("the {section} section ({start:#x}..{end:#x}) reaches past the end ({len:#x})")]
    SectionOutside {
        /// `type` or `string`.
        section: &'static str,
        /// First byte.
        start: u64,
        /// One past its last byte.
        end: u64,
        /// Bytes there are.
        len: u64,
    },
    /// Type and string sections share bytes.
    #[error("the type and string sections overlap")]
    SectionsOverlap,
    /// The type section is not aligned to, or not a multiple of, four bytes.
    #[error("the type section is not made of whole 4-byte words")]
    TypesUnaligned,
    /// The string section does not start or does not end with NUL.
    #[error("the string section must start and end with a NUL byte")]
    StringsUnterminated,
    /// A type that needs more bytes than the section has.
    #[error("{kind} needs {need} more bytes, {have} are left")]
    TypeTruncated {
        /// Kind by name.
        kind: &'static str,
        /// Bytes it needs after its 12-byte head.
        need: u64,
        /// Bytes left.
        have: u64,
    },
    /// A kind number outside 1..=19.
    #[error("kind {0} is unknown (kernels up to 7.2 define 1..19)")]
    UnknownKind(u32),
    /// A string offset outside the string section or within a character.
    #[error("string offset {0:#x} is outside the string section")]
    BadString(u32),
    /// A type id that no type has.
    #[error("type id {0} does not exist")]
    BadTypeId(u32),
    /// A reference to a type of a kind that cannot stand there.
    #[error("{what} refers to type [{to}] of kind {kind}")]
    WrongKind {
        /// What refers.
        what: &'static str,
        /// To which type.
        to: u32,
        /// And its kind.
        kind: &'static str,
    },
    /// An `INT` whose size, bits or offset cannot be.
    #[error("integer of {size} bytes with {bits} bits at bit {offset} cannot be")]
    BadInt {
        /// Bytes.
        size: u32,
        /// Width in bits.
        bits: u32,
        /// First bit.
        offset: u32,
    },
    /// A size that no type of this kind has.
    #[error("{kind} of {size} bytes cannot be")]
    BadSize {
        /// Kind by name.
        kind: &'static str,
        /// Bytes.
        size: u32,
    },
    /// A type that contains itself.
    #[error("the type contains itself (a cycle through type [{0}])")]
    Cycle(u32),
    /// Nesting deeper than any kernel's.
    #[error("types nest more than {0} deep")]
    TooDeep(u32),
    /// More types or bytes than ids can number.
    #[error("{0} is more than BTF can hold")]
    TooBig(&'static str),
    /// A decl tag on a member or argument that does not exist.
    #[error("decl tag component {0} does not exist")]
    BadComponent(i32),
}
