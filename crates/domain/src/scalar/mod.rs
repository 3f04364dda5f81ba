//! What is known of a register that holds a scalar: `struct bpf_reg_state`, as far as it is about numbers.
//!
//! Five facts about one unknown word: its bits, its signed and its unsigned range, and the two ranges of its low half.
//! Each rule below keeps every value for which all five hold.

use crate::{FullWord, Ranges, TnumOf, Word};

pub(crate) mod alu;
pub(crate) mod branch;
mod sync;
pub(crate) mod text;
mod width;

type Half<W> = <W as FullWord>::Half;
type Signed<W> = <W as Word>::Signed;

/// The product of bits and ranges, at one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScalarOf<W: FullWord> {
    /// The bits; of a pointer, those of its variable offset.
    pub var_off: TnumOf<W>,
    /// The least value, signed.
    pub smin: Signed<W>,
    /// The greatest value, signed.
    pub smax: Signed<W>,
    /// The least value, unsigned.
    pub umin: W,
    /// The greatest value, unsigned.
    pub umax: W,
    /// The least value of the low half, signed.
    pub s32_min: Signed<Half<W>>,
    /// The greatest value of the low half, signed.
    pub s32_max: Signed<Half<W>>,
    /// The least value of the low half, unsigned.
    pub u32_min: Half<W>,
    /// The greatest value of the low half, unsigned.
    pub u32_max: Half<W>,
}

/// What is known of a whole register.
pub type Scalar = ScalarOf<u64>;

impl<W: FullWord> ScalarOf<W> {
    #[inline]
    pub(crate) fn of(var_off: TnumOf<W>, full: Ranges<W>, low: Ranges<W::Half>) -> Self {
        Self {
            var_off,
            smin: full.smin,
            smax: full.smax,
            umin: full.umin,
            umax: full.umax,
            s32_min: low.smin,
            s32_max: low.smax,
            u32_min: low.umin,
            u32_max: low.umax,
        }
    }

    /// Any value.
    #[inline]
    #[must_use]
    pub fn unknown() -> Self {
        Self::of(TnumOf::UNKNOWN, Ranges::UNBOUNDED, Ranges::UNBOUNDED)
    }

    /// One value.
    ///
    /// *Kernel*: the numbers that `__mark_reg_known` sets.
    #[inline]
    #[must_use]
    pub fn constant(value: W) -> Self {
        Self::of(TnumOf::constant(value), Ranges::constant(value), Ranges::constant(value.low()))
    }

    /// Whether all bits are known. The ranges may lag behind, on a path that no value takes.
    #[inline]
    #[must_use]
    pub fn is_const(&self) -> bool {
        self.var_off.is_const()
    }

    /// The value, if all bits are known.
    #[inline]
    #[must_use]
    pub fn const_value(&self) -> Option<W> {
        self.is_const().then_some(self.var_off.value)
    }

    /// Whether all bits of the low half are known.
    #[inline]
    #[must_use]
    pub fn is_const32(&self) -> bool {
        self.var_off.low().is_const()
    }

    /// The low half's value, if all its bits are known.
    #[inline]
    #[must_use]
    pub fn const_value32(&self) -> Option<W::Half> {
        self.is_const32().then_some(self.var_off.value.low())
    }

    /// Whether `value` satisfies all that is known.
    #[inline]
    #[must_use]
    pub fn contains(&self, value: W) -> bool {
        self.var_off.contains(value)
            && self.full().contains(value)
            && self.low().contains(value.low())
    }

    /// The ranges of the whole.
    #[inline]
    #[must_use]
    pub fn full(&self) -> Ranges<W> {
        Ranges { smin: self.smin, smax: self.smax, umin: self.umin, umax: self.umax }
    }

    /// The ranges of the low half.
    #[inline]
    #[must_use]
    pub fn low(&self) -> Ranges<W::Half> {
        Ranges { smin: self.s32_min, smax: self.s32_max, umin: self.u32_min, umax: self.u32_max }
    }

    /// Sets the ranges of the whole.
    #[inline]
    pub fn set_full(&mut self, full: Ranges<W>) {
        *self = Self::of(self.var_off, full, self.low());
    }

    /// Sets the ranges of the low half.
    #[inline]
    pub fn set_low(&mut self, low: Ranges<W::Half>) {
        *self = Self::of(self.var_off, self.full(), low);
    }

    /// Forgets all ranges and keeps the bits.
    #[inline]
    pub fn set_unbounded(&mut self) {
        self.set_unbounded64();
        self.set_unbounded32();
    }

    /// Forgets the ranges of the whole.
    #[inline]
    pub fn set_unbounded64(&mut self) {
        self.set_full(Ranges::UNBOUNDED);
    }

    /// Forgets the ranges of the low half.
    #[inline]
    pub fn set_unbounded32(&mut self) {
        self.set_low(Ranges::UNBOUNDED);
    }

    /// Makes the low half one value; what is known of the high half and of the whole's ranges stays.
    ///
    /// *Kernel*: `__mark_reg32_known`.
    #[inline]
    pub fn set_known32(&mut self, low: W::Half) {
        self.var_off = self.var_off.const_subreg(low);
        self.set_low(Ranges::constant(low));
    }
}
