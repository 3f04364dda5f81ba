//! Tristate numbers: each bit is 0, 1 or unknown (`kernel/bpf/tnum.c`).
//!
//! A tnum stands for the set of all words that agree with `value` wherever `mask` is clear. No bit is set in both, save
//! in what [`TnumOf::intersect`] makes of sets that share nothing, which is for the caller to find out.

use std::fmt;

use crate::{FullWord, Word};

mod arith;
mod bytes;

/// A tristate number of one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TnumOf<W> {
    /// The known bits that are set.
    pub value: W,
    /// The unknown bits.
    pub mask: W,
}

/// A tristate number of a whole register.
pub type Tnum = TnumOf<u64>;

impl<W: Word> TnumOf<W> {
    /// Nothing known.
    pub const UNKNOWN: Self = Self { value: W::ZERO, mask: W::MAX };

    /// Every bit known.
    #[inline]
    #[must_use]
    pub const fn constant(value: W) -> Self {
        Self { value, mask: W::ZERO }
    }

    /// The smallest tnum with both ends and what lies between them: the bits above the highest one in which the ends
    /// differ.
    #[inline]
    #[must_use]
    pub fn range(min: W, max: W) -> Self {
        let unknown = W::ones(W::BITS - (min ^ max).leading_zeros());
        Self { value: min & !unknown, mask: unknown }
    }

    /// Whether there is one member.
    #[inline]
    #[must_use]
    pub fn is_const(self) -> bool {
        self.mask == W::ZERO
    }

    /// Whether nothing is known.
    #[inline]
    #[must_use]
    pub fn is_unknown(self) -> bool {
        self.mask == W::MAX
    }

    /// The least member, read as unsigned.
    #[inline]
    #[must_use]
    pub fn min(self) -> W {
        self.value
    }

    /// The greatest member, read as unsigned.
    #[inline]
    #[must_use]
    pub fn max(self) -> W {
        self.value | self.mask
    }

    /// Whether `word` is a member.
    #[inline]
    #[must_use]
    pub fn contains(self, word: W) -> bool {
        (word ^ self.value) & !self.mask == W::ZERO
    }

    /// Whether every member of this is one of `other`.
    ///
    /// *Kernel*: `tnum_in(other, self)`.
    #[inline]
    #[must_use]
    pub fn subset_of(self, other: Self) -> bool {
        self.mask & !other.mask == W::ZERO && self.value & !other.mask == other.value
    }

    /// Whether `inner` lies within `outer`; the argument order of the kernel's `tnum_in`.
    #[inline]
    #[must_use]
    pub fn is_in(outer: Self, inner: Self) -> bool {
        inner.subset_of(outer)
    }

    /// Whether some word is a member of both: no bit is known to differ.
    #[inline]
    #[must_use]
    pub fn overlap(self, other: Self) -> bool {
        (self.value ^ other.value) & !(self.mask | other.mask) == W::ZERO
    }

    /// What is known by either. Where the two contradict each other the bit becomes 1.
    #[inline]
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        let mask = self.mask & other.mask;
        Self { value: (self.value | other.value) & !mask, mask }
    }

    /// The smallest tnum that holds the members of both.
    #[inline]
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let mask = self.mask | other.mask | (self.value ^ other.value);
        Self { value: self.value & !mask, mask }
    }

    /// Keeps the lowest `bits` bits; those above become known zeros.
    #[inline]
    #[must_use]
    pub fn truncated(self, bits: u32) -> Self {
        Self { value: self.value.truncated(bits), mask: self.mask.truncated(bits) }
    }

    /// Keeps the lowest `bytes` bytes.
    #[inline]
    #[must_use]
    pub fn cast(self, bytes: u32) -> Self {
        self.truncated(bytes.saturating_mul(8))
    }

    /// Whether every member is a multiple of `size`, a power of two; of nothing (0) everything is.
    #[inline]
    #[must_use]
    pub fn is_aligned(self, size: W) -> bool {
        size == W::ZERO || self.max() & size.wrapping_sub(W::ONE) == W::ZERO
    }

    /// The least member above `word`; the greatest member where there is none.
    ///
    /// *Kernel*: `tnum_step` of 7.0.
    #[must_use]
    pub fn step(self, word: W) -> W {
        if word >= self.max() {
            return self.max();
        }
        let wrong = (word ^ self.value) & !self.mask;
        // At and below the highest known bit that `word` has wrong nothing of `word` can stay.
        let free = W::ones(W::BITS - wrong.leading_zeros());
        let rises = (self.value & free) > (word & free & !self.mask);
        if wrong != W::ZERO && rises {
            return (word & self.mask & !free) | self.value;
        }
        // Otherwise the unknown bits above count on, carrying across the known ones.
        let counted = (word | !self.mask | free).wrapping_add(W::ONE) & self.mask;
        counted | self.value
    }
}

impl<W: FullWord> TnumOf<W> {
    /// The low half, as a tnum of that width.
    #[inline]
    #[must_use]
    pub fn low(self) -> TnumOf<W::Half> {
        TnumOf { value: self.value.low(), mask: self.mask.low() }
    }

    /// The half with known zeros above.
    #[inline]
    #[must_use]
    pub fn zero_extend(low: TnumOf<W::Half>) -> Self {
        Self { value: W::zero_extend(low.value), mask: W::zero_extend(low.mask) }
    }

    /// The low half, with known zeros above.
    #[inline]
    #[must_use]
    pub fn subreg(self) -> Self {
        Self::zero_extend(self.low())
    }

    /// The high half, with known zeros below.
    #[inline]
    #[must_use]
    pub fn clear_subreg(self) -> Self {
        self.with_low(TnumOf::constant(W::Half::ZERO))
    }

    /// The high half of this and the low half of `sub`.
    #[inline]
    #[must_use]
    pub fn with_subreg(self, sub: Self) -> Self {
        self.with_low(sub.low())
    }

    /// The high half of this above `low`.
    #[inline]
    #[must_use]
    pub fn with_low(self, low: TnumOf<W::Half>) -> Self {
        Self {
            value: W::join(self.value.high(), low.value),
            mask: W::join(self.mask.high(), low.mask),
        }
    }

    /// The high half of this above a known low half.
    #[inline]
    #[must_use]
    pub fn const_subreg(self, low: W::Half) -> Self {
        self.with_low(TnumOf::constant(low))
    }
}

/// A constant as the log prints unsigned numbers, else `(value; mask)` in hexadecimal.
///
/// *Kernel*: `tnum_strn`.
impl fmt::Display for Tnum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_const() {
            crate::Unum(self.value).fmt(f)
        } else {
            write!(f, "({:#x}; {:#x})", self.value, self.mask)
        }
    }
}
