//! Why bytes are no program.

use core::fmt;

use crate::{INSN_SIZE, Reg};

/// Index of an instruction slot within a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InsnIdx(pub u32);

impl InsnIdx {
    /// The index as a position in a slice of slots.
    #[must_use]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for InsnIdx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A field that must be zero in a given instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Destination register.
    Dst,
    /// Source register.
    Src,
    /// Offset.
    Off,
    /// Immediate.
    Imm,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dst => "destination register",
            Self::Src => "source register",
            Self::Off => "offset",
            Self::Imm => "immediate",
        })
    }
}

/// What is wrong with one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeErrorKind {
    /// No instruction has this opcode.
    #[error("unknown opcode {0:#04x}")]
    UnknownOpcode(u8),
    /// A register above R10.
    #[error("register r{} does not exist", .0.0)]
    BadRegister(Reg),
    /// A field that this instruction reserves holds a value that it does not know.
    #[error("opcode {code:#04x} does not allow this value in its {field}")]
    ReservedField {
        /// The opcode.
        code: u8,
        /// The field at fault.
        field: Field,
    },
    /// The second slot of a `ld_imm64` is missing.
    #[error("ld_imm64 needs two slots and the program ends after the first")]
    TruncatedLdImm64,
    /// The second slot of a `ld_imm64` holds more than an immediate.
    #[error("the second slot of ld_imm64 may hold nothing but an immediate")]
    BadSecondSlot,
    /// A `ld_imm64` whose pseudo source register is unknown, or whose upper half it does not allow.
    #[error("ld_imm64 with source register {0} is not known in this form")]
    BadPseudo(u8),
}

/// Why bytes are no program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// The length is not a multiple of a slot.
    #[error("{0} bytes are no whole number of {INSN_SIZE}-byte instructions")]
    Length(usize),
    /// A slot that is no instruction.
    #[error("insn {idx}: {kind}")]
    Insn {
        /// The slot.
        idx: InsnIdx,
        /// What is wrong with it.
        kind: DecodeErrorKind,
    },
}
