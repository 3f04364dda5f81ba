//! One instruction slot (`struct bpf_insn`).

/// Bytes of one slot; `ld_imm64` takes two slots.
pub const INSN_SIZE: usize = 8;

/// A register, 0 to 10 in valid programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(pub u8);

#[expect(missing_docs, reason = "the names are the registers'")]
impl Reg {
    pub const R0: Self = Self(0);
    pub const R1: Self = Self(1);
    pub const R2: Self = Self(2);
    pub const R3: Self = Self(3);
    pub const R4: Self = Self(4);
    pub const R5: Self = Self(5);
    pub const R6: Self = Self(6);
    pub const R7: Self = Self(7);
    pub const R8: Self = Self(8);
    pub const R9: Self = Self(9);
    /// The frame pointer, read-only.
    pub const R10: Self = Self(10);

    /// The number as an index into a register file.
    #[inline]
    #[must_use]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// One instruction slot, little-endian in objects that skep accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Insn {
    /// Operation: class in the low three bits.
    pub code: u8,
    /// Destination register (low nibble in the encoding).
    pub dst: Reg,
    /// Source register, or the pseudo tag of `ld_imm64` and calls (high nibble).
    pub src: Reg,
    /// Signed offset, in bytes for memory and in slots for jumps.
    pub off: i16,
    /// Signed immediate.
    pub imm: i32,
}

impl Insn {
    /// Decodes one slot.
    #[must_use]
    pub const fn decode(bytes: [u8; INSN_SIZE]) -> Self {
        Self {
            code: bytes[0],
            dst: Reg(bytes[1] & 0xf),
            src: Reg(bytes[1] >> 4),
            off: i16::from_le_bytes([bytes[2], bytes[3]]),
            imm: i32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        }
    }

    /// Encodes one slot.
    #[must_use]
    pub const fn encode(self) -> [u8; INSN_SIZE] {
        let off = self.off.to_le_bytes();
        let imm = self.imm.to_le_bytes();
        let regs = self.dst.0 & 0xf | self.src.0 << 4;
        [self.code, regs, off[0], off[1], imm[0], imm[1], imm[2], imm[3]]
    }
}
