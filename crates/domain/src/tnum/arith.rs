//! Arithmetic on tristate numbers.
//!
//! Sums follow Vishwanathan et al., "Sound, Precise, and Fast Abstract Interpretation with Tristate Numbers" (2021):
//! the carries into a bit are the same in all cases exactly if they are the same where all unknown bits are 0 and where
//! all are 1.

use super::TnumOf;
use crate::{SignedWord as _, Word};

impl<W: Word> TnumOf<W> {
    /// The sum; the best that a tnum can say.
    #[inline]
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "one of a family of named operations")]
    pub fn add(self, other: Self) -> Self {
        let least = self.value.wrapping_add(other.value);
        let greatest = least.wrapping_add(self.mask.wrapping_add(other.mask));
        let mask = (least ^ greatest) | self.mask | other.mask;
        Self { value: least & !mask, mask }
    }

    /// The difference; the best that a tnum can say.
    #[inline]
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "one of a family of named operations")]
    pub fn sub(self, other: Self) -> Self {
        let known = self.value.wrapping_sub(other.value);
        let greatest = known.wrapping_add(self.mask);
        let least = known.wrapping_sub(other.mask);
        let mask = (least ^ greatest) | self.mask | other.mask;
        Self { value: known & !mask, mask }
    }

    /// The two's complement.
    #[inline]
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "one of a family of named operations")]
    pub fn neg(self) -> Self {
        Self::constant(W::ZERO).sub(self)
    }

    /// Bitwise and.
    #[inline]
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let value = self.value & other.value;
        Self { value, mask: self.max() & other.max() & !value }
    }

    /// Bitwise or.
    #[inline]
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let value = self.value | other.value;
        Self { value, mask: (self.mask | other.mask) & !value }
    }

    /// Bitwise exclusive or.
    #[inline]
    #[must_use]
    pub fn xor(self, other: Self) -> Self {
        let mask = self.mask | other.mask;
        Self { value: (self.value ^ other.value) & !mask, mask }
    }

    /// The product, by long multiplication: for an unknown bit of this number, the union of what comes with and without
    /// it.
    ///
    /// *Kernel*: `tnum_mul` since 6.17.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "one of a family of named operations")]
    pub fn mul(self, other: Self) -> Self {
        let (mut a, mut b) = (self, other);
        let mut sum = Self::constant(W::ZERO);
        while a.max() != W::ZERO {
            if a.value & W::ONE != W::ZERO {
                sum = sum.add(b);
            } else if a.mask & W::ONE != W::ZERO {
                sum = sum.union(sum.add(b));
            }
            a = a.rsh(1);
            b = b.lsh(1);
        }
        sum
    }

    /// The product as kernels before 6.17 compute it: the known parts multiplied, and the uncertainty of each partial
    /// product added up.
    #[must_use]
    pub fn mul_before_6_17(self, other: Self) -> Self {
        let (mut a, mut b) = (self, other);
        let known = self.value.overflowing_mul(other.value).0;
        let mut doubt = Self::constant(W::ZERO);
        while a.max() != W::ZERO {
            if a.value & W::ONE != W::ZERO {
                doubt = doubt.add(Self { value: W::ZERO, mask: b.mask });
            } else if a.mask & W::ONE != W::ZERO {
                doubt = doubt.add(Self { value: W::ZERO, mask: b.max() });
            }
            a = a.rsh(1);
            b = b.lsh(1);
        }
        Self::constant(known).add(doubt)
    }

    /// The shift to the left; nothing is left from the width on.
    #[inline]
    #[must_use]
    pub fn lsh(self, shift: u8) -> Self {
        let shift = u32::from(shift);
        if shift >= W::BITS {
            return Self::constant(W::ZERO);
        }
        Self { value: self.value << shift, mask: self.mask << shift }
    }

    /// The shift to the right that brings in zeros; nothing is left from the width on.
    #[inline]
    #[must_use]
    pub fn rsh(self, shift: u8) -> Self {
        let shift = u32::from(shift);
        if shift >= W::BITS {
            return Self::constant(W::ZERO);
        }
        Self { value: self.value >> shift, mask: self.mask >> shift }
    }

    /// The shift to the right, within the lowest `insn_bits` bits, that brings in the highest of them, known or not. The
    /// bits above become known zeros.
    #[inline]
    #[must_use]
    pub fn arsh(self, shift: u8, insn_bits: u32) -> Self {
        let shift = u32::from(shift).min(insn_bits - 1);
        let one = |word: W| {
            (word.sign_extended(insn_bits).signed() >> shift).unsigned().truncated(insn_bits)
        };
        Self { value: one(self.value), mask: one(self.mask) }
    }
}
