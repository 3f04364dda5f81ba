//! CO-RE: what a program compiled against one kernel's types must read in another's. Mirrors
//! `tools/lib/bpf/relo_core.c`, which the kernel and libbpf share.
//!
//! A [`Relocation`] names a type of the object and a path into it. [`Target::relocate`] finds the types of
//! the kernel with the same essential name (`foo` for `foo___mine`), walks the same path by member names in
//! each, and gives the one answer that all of them agree on.

mod calc;
mod compat;
mod kind;
mod known;
mod matches;
mod search;
mod spec;
mod target;
#[cfg(test)]
mod tests;

pub use calc::{Outcome, Patch};
pub use kind::RelocationKind;
pub use known::{KnownNames, KnownNamesError};
pub use target::Target;

use crate::TypeId;

/// One CO-RE relocation record: `struct bpf_core_relo` without its insn offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation<'a> {
    /// What is asked.
    pub kind: RelocationKind,
    /// The root type, in the object's BTF.
    pub root: TypeId,
    /// The access string, such as `0:1:2`.
    pub access: &'a str,
}

/// The imm of the insn that libbpf puts where a relocation has no answer: a call to a helper that does not
/// exist, which the verifier refuses if it can be reached.
pub const POISON_IMM: i32 = 0x0bad_2310;

/// A relocation record that is malformed, or that the kernel's types give no single answer to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// The root type id is not one of the object's.
    #[error("root type {0} does not exist")]
    NoRoot(TypeId),
    /// The access string is no list of numbers.
    #[error("access string `{0}` is not of the form 0:1:2")]
    BadAccess(String),
    /// More than 64 steps.
    #[error("access string has more than 64 steps")]
    AccessTooLong,
    /// A step that does not exist in the object's own type.
    #[error("access string `{access}` leaves type {ty} of kind {kind} at step {step}")]
    AccessOutside {
        /// The whole access string.
        access: String,
        /// Which step, from 0.
        step: usize,
        /// The type that has no such step.
        ty: TypeId,
        /// Its kind.
        kind: &'static str,
    },
    /// A relocation on a type without a name.
    #[error("the root type {0} has no name, so no kernel type can be found for it")]
    Anonymous(TypeId),
    /// A size that is asked of a type that has none.
    #[error("type {0} has no size")]
    NoSize(TypeId),
    /// A bitfield that no 64-bit load covers.
    #[error("bitfield at bit {bit_offset} of {bits} bits cannot be read by one 64-bit load")]
    BitfieldTooWide {
        /// First bit.
        bit_offset: u64,
        /// Width.
        bits: u64,
    },
    /// A bitfield member that is neither integer nor enum.
    #[error("bitfield of type {0}, which is neither an integer nor an enum")]
    BadBitfield(TypeId),
    /// A question that cannot be asked of an array element.
    #[error("{0} cannot be asked of an array element")]
    NotOfElement(&'static str),
    /// Kernel types of the same name disagree.
    #[error("the kernel has several types named `{name}`, and they disagree: {first} and {second}")]
    Ambiguous {
        /// Essential name.
        name: String,
        /// One answer.
        first: String,
        /// Another.
        second: String,
    },
    /// Types so entangled that comparing them was given up.
    #[error("comparing `{0}` with the kernel's types takes more than a million steps")]
    TooComplex(String),
    /// Types nest deeper than libbpf follows.
    #[error("types nest more than 32 deep")]
    TooDeep,
}
