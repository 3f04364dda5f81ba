//! Machine words of any width, so that what runs at 64 bits can be proven at five.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::{BitAnd, BitOr, BitXor, Not, Shl, Shr};

/// An unsigned word that wraps at its width.
///
/// Shifts take amounts below [`Word::BITS`].
pub trait Word:
    Copy
    + Eq
    + Ord
    + Debug
    + Hash
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// The same bits, read as two's complement.
    type Signed: SignedWord<Unsigned = Self>;

    /// The width.
    const BITS: u32;
    /// No bit set.
    const ZERO: Self;
    /// The lowest bit alone.
    const ONE: Self;
    /// Every bit set.
    const MAX: Self;

    /// The sum, and whether it wrapped.
    fn overflowing_add(self, other: Self) -> (Self, bool);
    /// The difference, and whether it wrapped.
    fn overflowing_sub(self, other: Self) -> (Self, bool);
    /// The product, and whether it wrapped.
    fn overflowing_mul(self, other: Self) -> (Self, bool);
    /// How many of the highest bits are clear.
    fn leading_zeros(self) -> u32;
    /// The same bits as a signed number.
    fn signed(self) -> Self::Signed;
    /// The same number, of any width up to 64.
    fn to_u64(self) -> u64;

    /// The sum, wrapped.
    #[inline]
    fn wrapping_add(self, other: Self) -> Self {
        self.overflowing_add(other).0
    }

    /// The difference, wrapped.
    #[inline]
    fn wrapping_sub(self, other: Self) -> Self {
        self.overflowing_sub(other).0
    }

    /// The lowest `bits` bits set; all of them from the width on.
    #[inline]
    fn ones(bits: u32) -> Self {
        if bits >= Self::BITS { Self::MAX } else { !(Self::MAX << bits) }
    }

    /// The highest bit alone.
    #[inline]
    fn sign_bit() -> Self {
        Self::ONE << (Self::BITS - 1)
    }

    /// Keeps the lowest `bits` bits.
    #[inline]
    fn truncated(self, bits: u32) -> Self {
        self & Self::ones(bits)
    }

    /// Reads the lowest `bits` bits (at least one, at most the width) as a signed number and widens it.
    #[inline]
    fn sign_extended(self, bits: u32) -> Self {
        let unused = Self::BITS - bits;
        ((self << unused).signed() >> unused).unsigned()
    }

    /// Whether exactly one bit is set.
    #[inline]
    fn is_power_of_two(self) -> bool {
        self != Self::ZERO && self & self.wrapping_sub(Self::ONE) == Self::ZERO
    }
}

/// A two's complement word that wraps at its width.
///
/// Shifts to the right bring in the sign, and take amounts below the width.
pub trait SignedWord: Copy + Eq + Ord + Debug + Hash + Shr<u32, Output = Self> {
    /// The same bits, unsigned.
    type Unsigned: Word<Signed = Self>;

    /// The least number.
    const MIN: Self;
    /// The greatest number.
    const MAX: Self;
    /// Zero.
    const ZERO: Self;

    /// The sum, and whether it wrapped.
    fn overflowing_add(self, other: Self) -> (Self, bool);
    /// The difference, and whether it wrapped.
    fn overflowing_sub(self, other: Self) -> (Self, bool);
    /// The product, and whether it wrapped.
    fn overflowing_mul(self, other: Self) -> (Self, bool);
    /// The same bits, unsigned.
    fn unsigned(self) -> Self::Unsigned;

    /// The next number, wrapped.
    #[inline]
    fn next(self) -> Self {
        self.unsigned().wrapping_add(Self::Unsigned::ONE).signed()
    }

    /// The number before, wrapped.
    #[inline]
    fn previous(self) -> Self {
        self.unsigned().wrapping_sub(Self::Unsigned::ONE).signed()
    }
}

/// A word of two halves; an insn of the 32-bit class works on the low one and clears the high one.
pub trait FullWord: Word {
    /// The half.
    type Half: Word;

    /// The low half.
    fn low(self) -> Self::Half;
    /// The high half.
    fn high(self) -> Self::Half;
    /// The word of these halves.
    fn join(high: Self::Half, low: Self::Half) -> Self;

    /// The half with zeros above.
    #[inline]
    fn zero_extend(low: Self::Half) -> Self {
        Self::join(Self::Half::ZERO, low)
    }

    /// The half with copies of its sign above.
    #[inline]
    fn sign_extend(low: <Self::Half as Word>::Signed) -> Self::Signed {
        let negative = low < <Self::Half as Word>::Signed::ZERO;
        let high = if negative { Self::Half::MAX } else { Self::Half::ZERO };
        Self::join(high, low.unsigned()).signed()
    }
}

macro_rules! words {
    ($($unsigned:ident $signed:ident),+) => {$(
        impl Word for $unsigned {
            type Signed = $signed;

            const BITS: u32 = $unsigned::BITS;
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const MAX: Self = $unsigned::MAX;

            #[inline]
            fn overflowing_add(self, other: Self) -> (Self, bool) {
                $unsigned::overflowing_add(self, other)
            }

            #[inline]
            fn overflowing_sub(self, other: Self) -> (Self, bool) {
                $unsigned::overflowing_sub(self, other)
            }

            #[inline]
            fn overflowing_mul(self, other: Self) -> (Self, bool) {
                $unsigned::overflowing_mul(self, other)
            }

            #[inline]
            fn leading_zeros(self) -> u32 {
                $unsigned::leading_zeros(self)
            }

            #[inline]
            fn signed(self) -> $signed {
                self.cast_signed()
            }

            #[inline]
            fn to_u64(self) -> u64 {
                u64::from(self)
            }
        }

        impl SignedWord for $signed {
            type Unsigned = $unsigned;

            const MIN: Self = $signed::MIN;
            const MAX: Self = $signed::MAX;
            const ZERO: Self = 0;

            #[inline]
            fn overflowing_add(self, other: Self) -> (Self, bool) {
                $signed::overflowing_add(self, other)
            }

            #[inline]
            fn overflowing_sub(self, other: Self) -> (Self, bool) {
                $signed::overflowing_sub(self, other)
            }

            #[inline]
            fn overflowing_mul(self, other: Self) -> (Self, bool) {
                $signed::overflowing_mul(self, other)
            }

            #[inline]
            fn unsigned(self) -> $unsigned {
                self.cast_unsigned()
            }
        }
    )+};
}

words!(u32 i32, u64 i64);

impl FullWord for u64 {
    type Half = u32;

    #[inline]
    fn low(self) -> u32 {
        self as u32
    }

    #[inline]
    fn high(self) -> u32 {
        (self >> 32) as u32
    }

    #[inline]
    fn join(high: u32, low: u32) -> Self {
        u64::from(high) << 32 | u64::from(low)
    }
}
