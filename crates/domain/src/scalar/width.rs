//! Narrow moves and loads: truncation, zero and sign extension (the `coerce_…` functions of `kernel/bpf/verifier.c`).

use super::ScalarOf;
use crate::{FullWord, Ranges, SignedWord as _, TnumOf, Word};

impl<W: FullWord> ScalarOf<W> {
    /// Takes the low half's ranges for those of the whole, whose high half is zero.
    ///
    /// *Kernel*: `__reg_assign_32_into_64`.
    #[inline]
    pub fn assign_32_into_64(&mut self) {
        let low = self.low();
        // A negative low half is a great number of the whole.
        let zero = <W::Half as Word>::Signed::ZERO;
        let signed = if low.smin >= zero && low.smax >= zero {
            (low.smin.unsigned(), low.smax.unsigned())
        } else {
            (W::Half::ZERO, W::Half::MAX)
        };
        self.set_full(Ranges {
            smin: W::zero_extend(signed.0).signed(),
            smax: W::zero_extend(signed.1).signed(),
            umin: W::zero_extend(low.umin),
            umax: W::zero_extend(low.umax),
        });
    }

    /// Clears the high half, as each insn of the 32-bit class does.
    ///
    /// *Kernel*: `zext_32_to_64`; [`Self::sync`] is the caller's.
    #[inline]
    pub fn zext_32_to_64(&mut self) {
        self.var_off = self.var_off.subreg();
        self.assign_32_into_64();
    }

    /// Keeps the lowest `bits` bits, fewer than the width, and zeros the others; ends in accord.
    #[inline]
    pub fn truncate(&mut self, bits: u32) {
        self.var_off = self.var_off.truncated(bits);
        let kept = W::ones(bits);
        let (umin, umax) = if self.umin & !kept == self.umax & !kept {
            (self.umin & kept, self.umax & kept)
        } else {
            (W::ZERO, kept)
        };
        self.set_full(Ranges { smin: umin.signed(), smax: umax.signed(), umin, umax });
        if bits < W::Half::BITS {
            self.set_unbounded32();
        }
        self.sync();
    }

    /// Replaces all bits by the sign extension of the lowest `bits` bits, at most those of the low half.
    #[inline]
    pub fn sign_extend(&mut self, bits: u32) {
        if let Some(value) = self.const_value() {
            *self = Self::constant(value.sign_extended(bits));
            return;
        }
        let (full, bounds) = extended(self.full(), bits);
        let low = Ranges {
            smin: full.smin.unsigned().low().signed(),
            smax: full.smax.unsigned().low().signed(),
            umin: full.umin.low(),
            umax: full.umax.low(),
        };
        *self = Self::of(bounds, full, low);
    }

    /// Replaces the low half by the sign extension of its lowest `bits` bits, fewer than its width.
    ///
    /// The high half's bits become zero save where the whole was a constant; the whole's ranges stay as they were: the
    /// caller goes on with [`Self::zext_32_to_64`] and [`Self::sync`].
    #[inline]
    pub fn sign_extend_low(&mut self, bits: u32) {
        if let Some(value) = self.const_value() {
            let value = value.sign_extended(bits);
            self.var_off = TnumOf::constant(value);
            self.set_low(Ranges::constant(value.low()));
            return;
        }
        let (low, bounds) = extended(self.low(), bits);
        self.var_off = TnumOf::zero_extend(bounds);
        self.set_low(low);
    }

    /// [`Self::truncate`] by bytes: what a narrow load, a 32-bit move or a byte order conversion leaves.
    ///
    /// *Kernel*: `coerce_reg_to_size`.
    #[inline]
    pub fn coerce_to_size(&mut self, bytes: u32) {
        if bytes.saturating_mul(8) < W::BITS {
            self.truncate(bytes * 8);
        }
    }

    /// [`Self::sign_extend`] by bytes (1, 2 or 4): a sign-extending load or 64-bit move.
    ///
    /// *Kernel*: `coerce_reg_to_size_sx`; it does not sync.
    #[inline]
    pub fn coerce_to_size_sx(&mut self, bytes: u32) {
        if (1..=4).contains(&bytes) {
            self.sign_extend(bytes * 8);
        }
    }

    /// [`Self::sign_extend_low`] by bytes (1 or 2): a sign-extending 32-bit move.
    ///
    /// *Kernel*: `coerce_subreg_to_size_sx`.
    #[inline]
    pub fn coerce_subreg_to_size_sx(&mut self, bytes: u32) {
        if (1..=2).contains(&bytes) {
            self.sign_extend_low(bytes * 8);
        }
    }
}

/// The ranges and bits of the sign extension of the lowest `bits` bits, told by the signed range.
///
/// If the bits above stay the same over the range and both ends extend to the same sign, the extended ends are the ends
/// of the result; the sign bit, like the bits above, then stays the same over the range.
#[inline]
fn extended<W: Word>(from: Ranges<W>, bits: u32) -> (Ranges<W>, TnumOf<W>) {
    let above = !W::ones(bits);
    let (first, last) = (from.smin.unsigned(), from.smax.unsigned());
    if first & above == last & above {
        let (a, b) = (first.sign_extended(bits).signed(), last.sign_extended(bits).signed());
        let (smin, smax) = (a.min(b), a.max(b));
        let zero = W::Signed::ZERO;
        if (smin >= zero) == (smax >= zero) {
            let (umin, umax) = (smin.unsigned(), smax.unsigned());
            return (Ranges { smin, smax, umin, umax }, TnumOf::range(umin, umax));
        }
    }
    let least = (W::ONE << (bits - 1)).sign_extended(bits);
    let any = Ranges { smin: least.signed(), smax: (!least).signed(), ..Ranges::UNBOUNDED };
    (any, TnumOf::UNKNOWN)
}
