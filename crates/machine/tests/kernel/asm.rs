//! Insns as numbers, in the uapi's encoding.

/// One insn.
pub(crate) const fn insn(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> u64 {
    code as u64
        | (dst as u64) << 8
        | (src as u64) << 12
        | (off.cast_unsigned() as u64) << 16
        | (imm.cast_unsigned() as u64) << 32
}

pub(crate) const fn mov_reg(dst: u8, src: u8) -> u64 {
    insn(0xbf, dst, src, 0, 0)
}

pub(crate) const fn mov(dst: u8, imm: i32) -> u64 {
    insn(0xb7, dst, 0, 0, imm)
}

pub(crate) const fn add(dst: u8, imm: i32) -> u64 {
    insn(0x07, dst, 0, 0, imm)
}

/// `dst = *(u64 *)(src + off)`.
pub(crate) const fn load(dst: u8, src: u8, off: i16) -> u64 {
    insn(0x79, dst, src, off, 0)
}

/// `*(u64 *)(dst + off) = src`.
pub(crate) const fn store(dst: u8, off: i16, src: u8) -> u64 {
    insn(0x7b, dst, src, off, 0)
}

pub(crate) const fn call(helper: i32) -> u64 {
    insn(0x85, 0, 0, 0, helper)
}

/// Goes `off` insns on when the register is null.
pub(crate) const fn jump_null(reg: u8, off: i16) -> u64 {
    insn(0x15, reg, 0, off, 0)
}

pub(crate) const EXIT: u64 = insn(0x95, 0, 0, 0, 0);

/// The address of the map with this descriptor.
pub(crate) const fn map(dst: u8, fd: i32) -> [u64; 2] {
    [insn(0x18, dst, 1, 0, fd), 0]
}
