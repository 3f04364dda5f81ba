//! How bits and ranges sharpen each other: `reg_bounds_sync` and what it calls, in `kernel/bpf/verifier.c`.
//!
//! Each step narrows a fact to what another fact implies; only the rule about sign extensions replaces ranges by the low
//! half's, which may be wider. The steps are not run until nothing changes but as often as the kernel runs them, since
//! what they leave undone shows in later states. Where no value satisfies all facts the outcome means nothing, yet it is
//! the kernel's: it, too, is printed and compared.

use super::ScalarOf;
use crate::{FullWord, Ranges, SignedWord as _, TnumOf, Word};

/// How often the ranges sharpen each other.
const ROUNDS: usize = 3;

impl<W: FullWord> ScalarOf<W> {
    /// Brings bits and ranges into accord after some of them have been sharpened.
    ///
    /// *Kernel*: `reg_bounds_sync` of 6.18.
    #[inline]
    pub fn sync(&mut self) {
        if !self.is_settled() {
            self.sharpen();
        }
    }

    /// Whether it is a constant, or nothing is known, in all five facts: most numbers are, and none of the steps below
    /// changes such.
    #[inline]
    fn is_settled(&self) -> bool {
        if self.var_off.is_const() {
            *self == Self::constant(self.var_off.value)
        } else {
            *self == Self::unknown()
        }
    }

    /// Lets all facts sharpen each other, in the kernel's order.
    pub(crate) fn sharpen(&mut self) {
        self.clamp_to_bits();
        for _ in 0..ROUNDS {
            let before = *self;
            self.deduce();
            if *self == before {
                break;
            }
        }
        self.learn_bits();
        self.clamp_to_bits();
    }

    /// Whether no range is empty and known bits are known to the ranges, too.
    ///
    /// *Kernel*: `reg_bounds_sanity_check`, after whose complaint the ranges are forgotten ([`Self::set_unbounded`]).
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let (full, low) = (self.full(), self.low());
        full.is_ordered()
            && low.is_ordered()
            && self.const_value().is_none_or(|value| full == Ranges::constant(value))
            && self.const_value32().is_none_or(|value| low == Ranges::constant(value))
    }

    /// Narrows the ranges to the members of the tnum. If but one member lies within the whole's unsigned range, the
    /// scalar becomes that constant.
    ///
    /// *Kernel*: `__update_reg_bounds`; the constant since 6.18.y, taken over from 7.0.
    #[inline]
    pub(super) fn clamp_to_bits(&mut self) {
        self.clamp_low_to_bits();
        self.set_full(self.full().intersect(Ranges::of_tnum(self.var_off)));
        if let Some(value) = only_member(self.var_off, self.umin, self.umax) {
            *self = Self::constant(value);
        }
    }

    /// Narrows the low half's ranges to the members of its tnum.
    #[inline]
    pub(super) fn clamp_low_to_bits(&mut self) {
        self.set_low(self.low().intersect(Ranges::of_tnum(self.var_off.low())));
    }

    /// One round in which the ranges sharpen each other.
    #[inline]
    fn deduce(&mut self) {
        let (mut full, mut low) = (self.full(), self.low());
        low_from_full(&mut low, full);
        low.exchange();
        full.exchange();
        full_from_low(&mut full, low);
        self.set_low(low);
        self.set_full(full);
        if let Some(nonnegative) = sign_extension_undone(full, low) {
            self.set_full(nonnegative);
            self.var_off =
                self.var_off.intersect(TnumOf::range(nonnegative.umin, nonnegative.umax));
        }
    }

    /// Narrows the bits to those that all values of the unsigned ranges share.
    #[inline]
    fn learn_bits(&mut self) {
        let full = self.var_off.intersect(TnumOf::range(self.umin, self.umax));
        let low = full.low().intersect(TnumOf::range(self.u32_min, self.u32_max));
        self.var_off = full.with_low(low);
    }
}

/// The only member of a tnum from `umin` to `umax`, if there is but one.
///
/// The range has been narrowed to the tnum's least and greatest member. Where it is empty, and so the answer does not
/// matter, the greatest member may be the answer, as it is the kernel's.
#[inline]
fn only_member<W: Word>(tnum: TnumOf<W>, umin: W, umax: W) -> Option<W> {
    let next = tnum.step(umin);
    if tnum.contains(umin) {
        return (next > umax).then_some(umin);
    }
    let is_only = next == tnum.max() || (next <= umax && tnum.step(next) > umax);
    is_only.then_some(next)
}

/// Narrows the low half by the whole's ranges: a range over which the high half stays the same, or goes up by one while
/// the low half goes from negative to positive, has the low halves of its ends as ends.
#[inline]
fn low_from_full<W: FullWord>(low: &mut Ranges<W::Half>, full: Ranges<W>) {
    let mut narrow = |from: W, to: W, unsigned_always: bool| {
        let (first, last) = (from.low(), to.low());
        let rises = first.signed() <= last.signed();
        if from.high() == to.high() {
            if unsigned_always || first <= last {
                low.clamp_unsigned(first, last);
            }
            if rises {
                low.clamp_signed(first.signed(), last.signed());
            }
        }
        let zero = <W::Half as Word>::Signed::ZERO;
        let goes_on = from.high().wrapping_add(W::Half::ONE) == to.high();
        (goes_on && first.signed() < zero && last.signed() >= zero)
            .then_some((first.signed(), last.signed()))
    };
    let across_unsigned = narrow(full.umin, full.umax, true);
    let across_signed = narrow(full.smin.unsigned(), full.smax.unsigned(), false);
    for (first, last) in [across_unsigned, across_signed].into_iter().flatten() {
        low.clamp_signed(first, last);
    }
}

/// Narrows the whole's ranges by the low half's unsigned one, which is put in place of their ends' low halves.
#[inline]
fn full_from_low<W: FullWord>(full: &mut Ranges<W>, low: Ranges<W::Half>) {
    let with_low = |end: W, low: W::Half| W::join(end.high(), low);
    full.clamp_unsigned(with_low(full.umin, low.umin), with_low(full.umax, low.umax));
    full.clamp_signed(
        with_low(full.smin.unsigned(), low.umin).signed(),
        with_low(full.smax.unsigned(), low.umax).signed(),
    );
}

/// The whole's ranges, where it is the sign extension of a low half that has turned out not to be negative.
///
/// They take the place of the old ones, and so may be wider; this happens where the low half lags behind.
#[inline]
fn sign_extension_undone<W: FullWord>(full: Ranges<W>, low: Ranges<W::Half>) -> Option<Ranges<W>> {
    type HalfSigned<W> = <<W as FullWord>::Half as Word>::Signed;
    let is_extension = full.smin >= W::sign_extend(HalfSigned::<W>::MIN)
        && full.smax <= W::sign_extend(HalfSigned::<W>::MAX);
    (low.smin >= HalfSigned::<W>::ZERO && is_extension).then(|| {
        let (min, max) = (W::sign_extend(low.smin), W::sign_extend(low.smax));
        Ranges { smin: min, smax: max, umin: min.unsigned(), umax: max.unsigned() }
    })
}
