//! Arithmetic on scalars: `adjust_scalar_min_max_vals` of `kernel/bpf/verifier.c`, Linux 6.18.

use super::ScalarOf;
use crate::{FullWord, Ranges, ScalarOp, SignedWord as _, TnumOf, Word};

/// Makes `dst` what `dst op src` leaves; with `is32` the operation works on the low halves and clears the high one.
///
/// Ends in accord ([`ScalarOf::sync`]). A result that the kernel does not compute is unknown as a whole, also with
/// `is32`: that of a division, and that of a shift by an amount which is not one constant below the insn's width.
///
/// *Kernel*: a division or remainder by a constant is tracked from 7.0 on, not here.
#[inline]
pub fn alu<W: FullWord>(op: ScalarOp, is32: bool, dst: &mut ScalarOf<W>, src: &ScalarOf<W>) {
    match op {
        ScalarOp::Add => {
            dst.set_low(dst.low().add(src.low()));
            dst.set_full(dst.full().add(src.full()));
            dst.var_off = dst.var_off.add(src.var_off);
        }
        ScalarOp::Sub => dst.subtract(src),
        ScalarOp::Neg => {
            let subtrahend = *dst;
            *dst = ScalarOf::constant(W::ZERO);
            dst.subtract(&subtrahend);
        }
        ScalarOp::Mul => {
            dst.set_low(dst.low().mul(src.low()));
            dst.set_full(dst.full().mul(src.full()));
            dst.var_off = dst.var_off.mul(src.var_off);
        }
        ScalarOp::And => {
            let bits = dst.var_off.and(src.var_off);
            let low = dst.low().and(src.low(), bits.low());
            let full = dst.full().and(src.full(), bits);
            dst.set_bitwise(src, bits, full, low);
        }
        ScalarOp::Or => {
            let bits = dst.var_off.or(src.var_off);
            let low = dst.low().or(src.low(), bits.low());
            let full = dst.full().or(src.full(), bits);
            dst.set_bitwise(src, bits, full, low);
        }
        ScalarOp::Xor => {
            let bits = dst.var_off.xor(src.var_off);
            dst.set_bitwise(src, bits, Ranges::xor(bits), Ranges::xor(bits.low()));
        }
        ScalarOp::Lsh | ScalarOp::Rsh | ScalarOp::Arsh => match src.shift_amount(is32) {
            Some(amount) if is32 => dst.shift_low(op, amount),
            Some(amount) => dst.shift_full(op, amount),
            None => {
                *dst = ScalarOf::unknown();
                return;
            }
        },
        ScalarOp::Div | ScalarOp::Mod | ScalarOp::Sdiv | ScalarOp::Smod => {
            *dst = ScalarOf::unknown();
            return;
        }
    }
    if is32 {
        dst.zext_32_to_64();
    }
    dst.sync();
}

impl<W: FullWord> ScalarOf<W> {
    #[inline]
    fn subtract(&mut self, other: &Self) {
        self.set_low(self.low().sub(other.low()));
        self.set_full(self.full().sub(other.full()));
        self.var_off = self.var_off.sub(other.var_off);
    }

    /// Takes over the result of a bitwise operation with `src`; of constants it is a constant.
    #[inline]
    fn set_bitwise(&mut self, src: &Self, bits: TnumOf<W>, full: Ranges<W>, low: Ranges<W::Half>) {
        if src.is_const() && bits.is_const() {
            *self = Self::constant(bits.value);
            return;
        }
        let low_is_const = src.is_const32() && bits.low().is_const();
        let low = if low_is_const { Ranges::constant(bits.value.low()) } else { low };
        *self = Self::of(bits, full, low);
        self.clamp_to_bits();
    }

    /// By how much this shifts, where that is known and below the insn's width.
    #[inline]
    fn shift_amount(&self, is32: bool) -> Option<u32> {
        let (is_const, width) = if is32 {
            (self.is_const32() && self.low().is_const(), W::Half::BITS)
        } else {
            (self.is_const() && self.full().is_const(), W::BITS)
        };
        // Also a 32-bit shift is refused by the whole's range.
        if !is_const || self.umax.to_u64() >= u64::from(width) {
            return None;
        }
        Some(if is32 { self.u32_min.to_u64() as u32 } else { self.umin.to_u64() as u32 })
    }

    fn shift_full(&mut self, op: ScalarOp, amount: u32) {
        let (full, low) = (self.full(), self.low());
        let bits = self.var_off;
        *self = match op {
            ScalarOp::Lsh => {
                let mut shifted = full.lsh(amount);
                if amount == W::Half::BITS {
                    // Half of how compilers extend a sign.
                    let up = |low: W::Half| W::join(low, W::Half::ZERO).signed();
                    (shifted.smin, shifted.smax) =
                        (up(low.smin.unsigned()), up(low.smax.unsigned()));
                }
                Self::of(bits.lsh(amount as u8), shifted, low.lsh(amount))
            }
            ScalarOp::Rsh => Self::of(bits.rsh(amount as u8), full.rsh(amount), Ranges::UNBOUNDED),
            _ => Self::of(bits.arsh(amount as u8, W::BITS), full.arsh(amount), Ranges::UNBOUNDED),
        };
        self.clamp_to_bits();
    }

    fn shift_low(&mut self, op: ScalarOp, amount: u32) {
        let low = self.low();
        let bits = self.var_off.low();
        let (bits, low) = match op {
            ScalarOp::Lsh => (bits.lsh(amount as u8), low.lsh(amount)),
            ScalarOp::Rsh => (bits.rsh(amount as u8), low.rsh(amount)),
            _ => (bits.arsh(amount as u8, W::Half::BITS), low.arsh(amount)),
        };
        *self = Self::of(TnumOf::zero_extend(bits), Ranges::UNBOUNDED, low);
        self.clamp_low_to_bits();
    }
}
