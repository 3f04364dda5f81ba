//! Words of `N` bits, `N` at most 6.

use std::ops::{BitAnd, BitOr, BitXor, Not, Shl, Shr};

use crate::{FullWord, SignedWord, Word};

/// An unsigned word of `N` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bits<const N: u32>(u8);

/// A two's complement word of `N` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SignedBits<const N: u32>(i8);

/// Wraps at `N` bits.
impl<const N: u32> From<u64> for Bits<N> {
    fn from(number: u64) -> Self {
        Self((number & ((1 << N) - 1)) as u8)
    }
}

macro_rules! bitwise {
    ($($operation:ident $method:ident),+) => {$(
        impl<const N: u32> $operation for Bits<N> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        }
    )+};
}

bitwise!(BitAnd bitand, BitOr bitor, BitXor bitxor);

impl<const N: u32> Not for Bits<N> {
    type Output = Self;

    fn not(self) -> Self {
        u64::from(!self.0).into()
    }
}

impl<const N: u32> Shl<u32> for Bits<N> {
    type Output = Self;

    fn shl(self, amount: u32) -> Self {
        assert!(amount < N, "a shift by {amount} of {N} bits");
        (u64::from(self.0) << amount).into()
    }
}

impl<const N: u32> Shr<u32> for Bits<N> {
    type Output = Self;

    fn shr(self, amount: u32) -> Self {
        assert!(amount < N, "a shift by {amount} of {N} bits");
        Self(self.0 >> amount)
    }
}

impl<const N: u32> Shr<u32> for SignedBits<N> {
    type Output = Self;

    fn shr(self, amount: u32) -> Self {
        assert!(amount < N, "a shift by {amount} of {N} bits");
        Self(self.0 >> amount)
    }
}

impl<const N: u32> Bits<N> {
    fn wrapped(exact: i64) -> (Self, bool) {
        (exact.cast_unsigned().into(), !(0..1 << N).contains(&exact))
    }
}

impl<const N: u32> SignedBits<N> {
    fn wrapped(exact: i64) -> (Self, bool) {
        let low: Bits<N> = exact.cast_unsigned().into();
        let half = 1i64 << (N - 1);
        (low.signed(), !(-half..half).contains(&exact))
    }
}

impl<const N: u32> Word for Bits<N> {
    type Signed = SignedBits<N>;

    const BITS: u32 = N;
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);
    const MAX: Self = Self((1 << N) - 1);

    fn overflowing_add(self, other: Self) -> (Self, bool) {
        Self::wrapped(i64::from(self.0) + i64::from(other.0))
    }

    fn overflowing_sub(self, other: Self) -> (Self, bool) {
        Self::wrapped(i64::from(self.0) - i64::from(other.0))
    }

    fn overflowing_mul(self, other: Self) -> (Self, bool) {
        Self::wrapped(i64::from(self.0) * i64::from(other.0))
    }

    fn leading_zeros(self) -> u32 {
        self.0.leading_zeros() - (8 - N)
    }

    fn signed(self) -> SignedBits<N> {
        let unused = 8 - N;
        SignedBits((self.0 << unused).cast_signed() >> unused)
    }

    fn to_u64(self) -> u64 {
        u64::from(self.0)
    }
}

impl<const N: u32> SignedWord for SignedBits<N> {
    type Unsigned = Bits<N>;

    const MIN: Self = Self(-(1 << (N - 1)));
    const MAX: Self = Self((1 << (N - 1)) - 1);
    const ZERO: Self = Self(0);

    fn overflowing_add(self, other: Self) -> (Self, bool) {
        Self::wrapped(i64::from(self.0) + i64::from(other.0))
    }

    fn overflowing_sub(self, other: Self) -> (Self, bool) {
        Self::wrapped(i64::from(self.0) - i64::from(other.0))
    }

    fn overflowing_mul(self, other: Self) -> (Self, bool) {
        Self::wrapped(i64::from(self.0) * i64::from(other.0))
    }

    fn unsigned(self) -> Bits<N> {
        i64::from(self.0).cast_unsigned().into()
    }
}

macro_rules! halves {
    ($($full:literal $half:literal),+) => {$(
        impl FullWord for Bits<$full> {
            type Half = Bits<$half>;

            fn low(self) -> Bits<$half> {
                u64::from(self.0).into()
            }

            fn high(self) -> Bits<$half> {
                Bits(self.0 >> $half)
            }

            fn join(high: Bits<$half>, low: Bits<$half>) -> Self {
                Self(high.0 << $half | low.0)
            }
        }
    )+};
}

halves!(4 2, 6 3);
