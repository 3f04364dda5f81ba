//! One instruction slot (`struct bpf_insn`).

/// Bytes of one slot; `ld_imm64` takes two slots.
pub const INSN_SIZE: usize = 8;

/// A register, 0 to 10 in valid programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(pub u8);

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
