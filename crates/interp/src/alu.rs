//! Arithmetic (`BPF_ALU`, `BPF_ALU64`), as `kernel/bpf/core.c` computes it.
//!
//! Nothing here traps: division by zero gives 0, remainder by zero the dividend, the most negative number divided
//! by -1 is itself, and shift counts are taken modulo the width.

use skep_isa::{AluOp, ByteOrder, Size, SwapBits};

/// `dst op src` on 64 bits.
#[inline]
pub(crate) const fn alu64(op: AluOp, dst: u64, src: u64) -> u64 {
    match op {
        AluOp::Add => dst.wrapping_add(src),
        AluOp::Sub => dst.wrapping_sub(src),
        AluOp::Mul => dst.wrapping_mul(src),
        AluOp::Div => match dst.checked_div(src) {
            Some(quotient) => quotient,
            None => 0,
        },
        AluOp::Sdiv => {
            if src == 0 {
                0
            } else {
                (dst as i64).wrapping_div(src as i64) as u64
            }
        }
        AluOp::Or => dst | src,
        AluOp::And => dst & src,
        AluOp::Lsh => dst.wrapping_shl(src as u32),
        AluOp::Rsh => dst.wrapping_shr(src as u32),
        AluOp::Mod => match dst.checked_rem(src) {
            Some(rest) => rest,
            None => dst,
        },
        AluOp::Smod => {
            if src == 0 {
                dst
            } else {
                (dst as i64).wrapping_rem(src as i64) as u64
            }
        }
        AluOp::Xor => dst ^ src,
        AluOp::Mov => src,
        AluOp::Arsh => (dst as i64).wrapping_shr(src as u32) as u64,
    }
}

/// `dst op src` on the lower 32 bits; the upper ones of the result are zero.
#[inline]
pub(crate) const fn alu32(op: AluOp, dst: u32, src: u32) -> u64 {
    let result = match op {
        AluOp::Add => dst.wrapping_add(src),
        AluOp::Sub => dst.wrapping_sub(src),
        AluOp::Mul => dst.wrapping_mul(src),
        AluOp::Div => match dst.checked_div(src) {
            Some(quotient) => quotient,
            None => 0,
        },
        AluOp::Sdiv => {
            if src == 0 {
                0
            } else {
                (dst as i32).wrapping_div(src as i32) as u32
            }
        }
        AluOp::Or => dst | src,
        AluOp::And => dst & src,
        AluOp::Lsh => dst.wrapping_shl(src),
        AluOp::Rsh => dst.wrapping_shr(src),
        AluOp::Mod => match dst.checked_rem(src) {
            Some(rest) => rest,
            None => dst,
        },
        AluOp::Smod => {
            if src == 0 {
                dst
            } else {
                (dst as i32).wrapping_rem(src as i32) as u32
            }
        }
        AluOp::Xor => dst ^ src,
        AluOp::Mov => src,
        AluOp::Arsh => (dst as i32).wrapping_shr(src) as u32,
    };
    result as u64
}

/// The lower `from` bytes of a value, sign-extended to 64 bits.
#[inline]
pub(crate) const fn sign_extend(from: Size, value: u64) -> u64 {
    match from {
        Size::B => value as i8 as u64,
        Size::H => value as i16 as u64,
        Size::W => value as i32 as u64,
        Size::DW => value,
    }
}

/// A byte order conversion; bits above its width become zero.
///
/// Programs are little-endian, whatever the host is.
#[inline]
pub(crate) const fn end(order: ByteOrder, bits: SwapBits, value: u64) -> u64 {
    match (order, bits) {
        (ByteOrder::Le, SwapBits::B16) => value as u16 as u64,
        (ByteOrder::Le, SwapBits::B32) => value as u32 as u64,
        (ByteOrder::Le, SwapBits::B64) => value,
        (_, SwapBits::B16) => (value as u16).swap_bytes() as u64,
        (_, SwapBits::B32) => (value as u32).swap_bytes() as u64,
        (_, SwapBits::B64) => value.swap_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_by_zero_is_zero_and_remainder_by_zero_the_dividend() {
        for dst in [0, 1, 7, u64::MAX, 1 << 63] {
            assert_eq!(alu64(AluOp::Div, dst, 0), 0);
            assert_eq!(alu64(AluOp::Sdiv, dst, 0), 0);
            assert_eq!(alu64(AluOp::Mod, dst, 0), dst);
            assert_eq!(alu64(AluOp::Smod, dst, 0), dst);
            assert_eq!(alu32(AluOp::Div, dst as u32, 0), 0);
            assert_eq!(alu32(AluOp::Sdiv, dst as u32, 0), 0);
            assert_eq!(alu32(AluOp::Mod, dst as u32, 0), dst & 0xffff_ffff);
            assert_eq!(alu32(AluOp::Smod, dst as u32, 0), dst & 0xffff_ffff);
        }
    }

    #[test]
    fn the_most_negative_number_divided_by_minus_one_is_itself() {
        assert_eq!(alu64(AluOp::Sdiv, 1 << 63, u64::MAX), 1 << 63);
        assert_eq!(alu64(AluOp::Smod, 1 << 63, u64::MAX), 0);
        assert_eq!(alu32(AluOp::Sdiv, 1 << 31, u32::MAX), 1 << 31);
        assert_eq!(alu32(AluOp::Smod, 1 << 31, u32::MAX), 0);
    }

    #[test]
    fn signed_remainder_has_the_sign_of_the_dividend() {
        assert_eq!(alu64(AluOp::Smod, -7i64 as u64, 3) as i64, -1);
        assert_eq!(alu64(AluOp::Smod, 7, -3i64 as u64) as i64, 1);
        assert_eq!(alu32(AluOp::Smod, -7i32 as u32, 3), u64::from(-1i32 as u32));
    }

    #[test]
    fn shift_counts_are_taken_modulo_the_width() {
        assert_eq!(alu64(AluOp::Lsh, 1, 64 + 3), 8);
        assert_eq!(alu64(AluOp::Arsh, 1 << 63, u64::MAX), u64::MAX);
        assert_eq!(alu32(AluOp::Rsh, 0x8000_0000, 32 + 31), 1);
        assert_eq!(alu32(AluOp::Arsh, 0x8000_0000, 4), 0xf800_0000);
    }

    #[test]
    fn swaps_clear_what_is_above_their_width() {
        assert_eq!(end(ByteOrder::Le, SwapBits::B16, 0x1234_5678), 0x5678);
        assert_eq!(end(ByteOrder::Be, SwapBits::B32, 0xff00_0000_1122_3344), 0x4433_2211);
        assert_eq!(
            end(ByteOrder::Swap, SwapBits::B64, 0x0102_0304_0506_0708),
            0x0807_0605_0403_0201
        );
    }
}
