//! Ranges of one word, read as signed and as unsigned: the `…min_value` and `…max_value` of one width in
//! `kernel/bpf/verifier.c`.
//!
//! A range is empty where its minimum exceeds its maximum: no value reaches that place. Such ranges are carried along
//! as they are, as the kernel does, until somebody asks.

use crate::{SignedWord, TnumOf, Word};

/// The ranges of one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ranges<W: Word> {
    /// The least value, signed.
    pub smin: W::Signed,
    /// The greatest value, signed.
    pub smax: W::Signed,
    /// The least value, unsigned.
    pub umin: W,
    /// The greatest value, unsigned.
    pub umax: W,
}

impl<W: Word> Ranges<W> {
    /// Every value.
    pub const UNBOUNDED: Self =
        Self { smin: W::Signed::MIN, smax: W::Signed::MAX, umin: W::ZERO, umax: W::MAX };

    /// One value.
    #[inline]
    #[must_use]
    pub fn constant(value: W) -> Self {
        Self { smin: value.signed(), smax: value.signed(), umin: value, umax: value }
    }

    /// Whether `word` lies within both ranges.
    #[inline]
    #[must_use]
    pub fn contains(self, word: W) -> bool {
        (self.umin..=self.umax).contains(&word) && (self.smin..=self.smax).contains(&word.signed())
    }

    /// Whether each range, for itself, has a value.
    #[inline]
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self.umin <= self.umax && self.smin <= self.smax
    }

    /// Whether both ranges hold one value only.
    #[inline]
    #[must_use]
    pub fn is_const(self) -> bool {
        self.umin == self.umax && self.smin == self.smax
    }

    /// Whether no value lies within the ranges of both, told by the signed or by the unsigned ends.
    #[inline]
    #[must_use]
    pub fn is_disjoint(self, other: Self) -> bool {
        self.umin > other.umax
            || self.umax < other.umin
            || self.smin > other.smax
            || self.smax < other.smin
    }

    /// What lies within the ranges of both.
    #[inline]
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            smin: self.smin.max(other.smin),
            smax: self.smax.min(other.smax),
            umin: self.umin.max(other.umin),
            umax: self.umax.min(other.umax),
        }
    }

    /// The least and greatest member of a tnum.
    #[inline]
    #[must_use]
    pub fn of_tnum(tnum: TnumOf<W>) -> Self {
        let sign = tnum.mask & W::sign_bit();
        Self {
            smin: (tnum.value | sign).signed(),
            smax: (tnum.value | (tnum.mask ^ sign)).signed(),
            umin: tnum.min(),
            umax: tnum.max(),
        }
    }

    /// Keeps what also lies from `min` to `max`, unsigned.
    #[inline]
    pub(crate) fn clamp_unsigned(&mut self, min: W, max: W) {
        self.umin = self.umin.max(min);
        self.umax = self.umax.min(max);
    }

    /// Keeps what also lies from `min` to `max`, signed.
    #[inline]
    pub(crate) fn clamp_signed(&mut self, min: W::Signed, max: W::Signed) {
        self.smin = self.smin.max(min);
        self.smax = self.smax.min(max);
    }

    /// Lets each of the two ranges sharpen the other.
    ///
    /// On the circle of words the unsigned order begins at 0 and the signed order at the lowest negative number. A range
    /// that does not cross the other order's seam is a range there too. One that crosses it consists, in the other
    /// order, of a piece at either end; if the other range touches but one of the pieces, all values lie between that
    /// piece's inner end and the other range's end.
    ///
    /// *Kernel*: `__reg64_deduce_bounds`, and the second half of `__reg32_deduce_bounds`.
    #[inline]
    pub(crate) fn exchange(&mut self) {
        if self.umin.signed() <= self.umax.signed() {
            self.clamp_signed(self.umin.signed(), self.umax.signed());
        }
        let (low, high) = (self.smin.unsigned(), self.smax.unsigned());
        if low <= high {
            self.clamp_unsigned(low, high);
        } else if self.umax < low {
            // Only the piece that begins at 0 is touched.
            self.smin = self.umin.signed();
            self.umax = self.umax.min(high);
        } else if high < self.umin {
            // Only the piece that ends at the top is touched.
            self.smax = self.umax.signed();
            self.umin = self.umin.max(low);
        }
    }
}

/// What arithmetic makes of ranges.
impl<W: Word> Ranges<W> {
    /// The sum. Unsigned ends may both wrap, since all that lies between them then wraps too.
    #[inline]
    pub(crate) fn add(self, other: Self) -> Self {
        let mut sum = Self::UNBOUNDED;
        let (smin, low_wraps) = self.smin.overflowing_add(other.smin);
        let (smax, high_wraps) = self.smax.overflowing_add(other.smax);
        if !low_wraps && !high_wraps {
            (sum.smin, sum.smax) = (smin, smax);
        }
        let (umin, low_wraps) = self.umin.overflowing_add(other.umin);
        let (umax, high_wraps) = self.umax.overflowing_add(other.umax);
        if low_wraps || !high_wraps {
            (sum.umin, sum.umax) = (umin, umax);
        }
        sum
    }

    /// The difference. Unsigned ends may both wrap.
    #[inline]
    pub(crate) fn sub(self, other: Self) -> Self {
        let mut difference = Self::UNBOUNDED;
        let (smin, low_wraps) = self.smin.overflowing_sub(other.smax);
        let (smax, high_wraps) = self.smax.overflowing_sub(other.smin);
        if !low_wraps && !high_wraps {
            (difference.smin, difference.smax) = (smin, smax);
        }
        let (umin, low_wraps) = self.umin.overflowing_sub(other.umax);
        let (umax, high_wraps) = self.umax.overflowing_sub(other.umin);
        if !low_wraps || high_wraps {
            (difference.umin, difference.umax) = (umin, umax);
        }
        difference
    }

    /// The product: that of the ends, if none of those wraps.
    #[inline]
    pub(crate) fn mul(self, other: Self) -> Self {
        let mut product = Self::UNBOUNDED;
        let (umin, low_wraps) = self.umin.overflowing_mul(other.umin);
        let (umax, high_wraps) = self.umax.overflowing_mul(other.umax);
        if !low_wraps && !high_wraps {
            (product.umin, product.umax) = (umin, umax);
        }
        let corners = [
            self.smin.overflowing_mul(other.smin),
            self.smin.overflowing_mul(other.smax),
            self.smax.overflowing_mul(other.smin),
            self.smax.overflowing_mul(other.smax),
        ];
        if corners.iter().all(|(_, wraps)| !wraps) {
            let [first, rest @ ..] = corners.map(|(corner, _)| corner);
            product.smin = rest.into_iter().fold(first, Ord::min);
            product.smax = rest.into_iter().fold(first, Ord::max);
        }
        product
    }

    /// The unsigned range of a bitwise operation, and the signed one where it is the same.
    #[inline]
    fn of_unsigned(umin: W, umax: W) -> Self {
        let mut ranges = Self { umin, umax, ..Self::UNBOUNDED };
        if umin.signed() <= umax.signed() {
            (ranges.smin, ranges.smax) = (umin.signed(), umax.signed());
        }
        ranges
    }

    /// Bitwise and, whose bits are `result`.
    #[inline]
    pub(crate) fn and(self, other: Self, result: TnumOf<W>) -> Self {
        Self::of_unsigned(result.min(), self.umax.min(other.umax))
    }

    /// Bitwise or, whose bits are `result`.
    #[inline]
    pub(crate) fn or(self, other: Self, result: TnumOf<W>) -> Self {
        Self::of_unsigned(self.umin.max(other.umin), result.max())
    }

    /// Bitwise exclusive or, whose bits are `result`.
    #[inline]
    pub(crate) fn xor(result: TnumOf<W>) -> Self {
        Self::of_unsigned(result.min(), result.max())
    }

    /// The shift to the left. Unknown where a set bit might be lost; the sign is left to the bits.
    #[inline]
    pub(crate) fn lsh(self, shift: u32) -> Self {
        let mut shifted = Self::UNBOUNDED;
        if shift < W::BITS && self.umax <= W::sign_bit() >> shift {
            (shifted.umin, shifted.umax) = (self.umin << shift, self.umax << shift);
        }
        shifted
    }

    /// The shift to the right that brings in zeros, by less than the width; the sign is left to the bits.
    #[inline]
    pub(crate) fn rsh(self, shift: u32) -> Self {
        Self { umin: self.umin >> shift, umax: self.umax >> shift, ..Self::UNBOUNDED }
    }

    /// The shift to the right that brings in the sign, by less than the width; the unsigned range is left to the bits.
    #[inline]
    pub(crate) fn arsh(self, shift: u32) -> Self {
        Self { smin: self.smin >> shift, smax: self.smax >> shift, ..Self::UNBOUNDED }
    }
}
