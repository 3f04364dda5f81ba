//! Conditional jumps: which way they go, and what each way teaches (`is_scalar_branch_taken` and `regs_refine_cond_op`
//! of `kernel/bpf/verifier.c`).

use super::ScalarOf;
use crate::{CondOp, FullWord, Ranges, SignedWord as _, TnumOf, Word};

/// Whether `a op b` holds for all values, for none, or (`None`) perhaps.
#[inline]
#[must_use]
pub fn is_branch_taken<W: FullWord>(
    a: &ScalarOf<W>,
    b: &ScalarOf<W>,
    op: CondOp,
    is32: bool,
) -> Option<bool> {
    if is32 {
        return taken((a.low(), a.var_off.low()), (b.low(), b.var_off.low()), op);
    }
    let whole = taken((a.full(), a.var_off), (b.full(), b.var_off), op);
    // Words with different low halves differ.
    match op {
        CondOp::Eq | CondOp::Ne if whole.is_none() && a.low().is_disjoint(b.low()) => {
            Some(op == CondOp::Ne)
        }
        _ => whole,
    }
}

fn taken<W: Word>(
    (a, a_bits): (Ranges<W>, TnumOf<W>),
    (b, b_bits): (Ranges<W>, TnumOf<W>),
    op: CondOp,
) -> Option<bool> {
    let (a_unsigned, b_unsigned) = ((a.umin, a.umax), (b.umin, b.umax));
    let (a_signed, b_signed) = ((a.smin, a.smax), (b.smin, b.smax));
    match op {
        CondOp::Eq => {
            if a_bits.is_const() && b_bits.is_const() {
                Some(a_bits.value == b_bits.value)
            } else {
                (!a_bits.overlap(b_bits) || a.is_disjoint(b)).then_some(false)
            }
        }
        CondOp::Ne => taken((a, a_bits), (b, b_bits), CondOp::Eq).map(|equal| !equal),
        CondOp::Set => {
            let (bits, tested) =
                if b_bits.is_const() { (a_bits, b_bits) } else { (b_bits, a_bits) };
            if !tested.is_const() {
                None
            } else if bits.min() & tested.value != W::ZERO {
                Some(true)
            } else {
                (bits.max() & tested.value == W::ZERO).then_some(false)
            }
        }
        CondOp::NotSet => taken((a, a_bits), (b, b_bits), CondOp::Set).map(|set| !set),
        CondOp::Gt => above(a_unsigned, b_unsigned),
        CondOp::Ge => at_least(a_unsigned, b_unsigned),
        CondOp::Lt => above(b_unsigned, a_unsigned),
        CondOp::Le => at_least(b_unsigned, a_unsigned),
        CondOp::Sgt => above(a_signed, b_signed),
        CondOp::Sge => at_least(a_signed, b_signed),
        CondOp::Slt => above(b_signed, a_signed),
        CondOp::Sle => at_least(b_signed, a_signed),
    }
}

/// Whether all of `a` is above all of `b`, or (`false`) none of it above any.
#[inline]
fn above<T: Ord>(a: (T, T), b: (T, T)) -> Option<bool> {
    if a.0 > b.1 { Some(true) } else { (a.1 <= b.0).then_some(false) }
}

/// Whether no value of `a` is below any of `b`, or (`false`) all are below all.
#[inline]
fn at_least<T: Ord>(a: (T, T), b: (T, T)) -> Option<bool> {
    if a.0 >= b.1 { Some(true) } else { (a.1 < b.0).then_some(false) }
}

/// Sharpens both operands by the knowledge that `a op b` holds.
///
/// Only what the comparison speaks of is sharpened: with `is32` the low halves' ranges and bits, else the ranges of the
/// whole and the bits. The caller then calls [`ScalarOf::sync`] on both. If the comparison cannot hold, ranges end up
/// empty ([`ScalarOf::is_consistent`]).
///
/// *Kernel*: `regs_refine_cond_op` of 6.18.
pub fn regs_refine<W: FullWord>(a: &mut ScalarOf<W>, b: &mut ScalarOf<W>, op: CondOp, is32: bool) {
    match op {
        CondOp::Gt | CondOp::Ge | CondOp::Sgt | CondOp::Sge => {
            regs_refine(b, a, op.flipped(), is32);
        }
        CondOp::Eq if is32 => {
            let low = a.low().intersect(b.low());
            let bits = a.var_off.low().intersect(b.var_off.low());
            for reg in [a, b] {
                reg.set_low(low);
                reg.var_off = reg.var_off.with_low(bits);
            }
        }
        CondOp::Eq => {
            let full = a.full().intersect(b.full());
            let bits = a.var_off.intersect(b.var_off);
            for reg in [a, b] {
                reg.set_full(full);
                reg.var_off = bits;
            }
        }
        CondOp::Ne | CondOp::Set | CondOp::NotSet => {
            let is_const = |reg: &ScalarOf<W>| if is32 { reg.is_const32() } else { reg.is_const() };
            let (reg, known) = if is_const(b) { (a, b) } else { (b, a) };
            if is_const(known) {
                refine_by_constant(reg, known.var_off.value, op, is32);
            }
        }
        CondOp::Lt | CondOp::Le | CondOp::Slt | CondOp::Sle if is32 => {
            let (mut a_low, mut b_low) = (a.low(), b.low());
            refine_order(&mut a_low, &mut b_low, op);
            a.set_low(a_low);
            b.set_low(b_low);
        }
        CondOp::Lt | CondOp::Le | CondOp::Slt | CondOp::Sle => {
            let (mut a_full, mut b_full) = (a.full(), b.full());
            refine_order(&mut a_full, &mut b_full, op);
            a.set_full(a_full);
            b.set_full(b_full);
        }
    }
}

/// Sharpens both operands by the knowledge that `a op b` does not hold: [`regs_refine`] for the branch that is not
/// taken.
pub fn regs_refine_false<W: FullWord>(
    a: &mut ScalarOf<W>,
    b: &mut ScalarOf<W>,
    op: CondOp,
    is32: bool,
) {
    regs_refine(a, b, op.negated(), is32);
}

/// What `a < b` or `a <= b` says of the ends. Ends wrap where the comparison cannot hold.
#[inline]
fn refine_order<W: Word>(a: &mut Ranges<W>, b: &mut Ranges<W>, op: CondOp) {
    match op {
        CondOp::Lt => {
            let below = (a.umin.wrapping_add(W::ONE), b.umax.wrapping_sub(W::ONE));
            a.umax = a.umax.min(below.1);
            b.umin = b.umin.max(below.0);
        }
        CondOp::Le => {
            a.umax = a.umax.min(b.umax);
            b.umin = b.umin.max(a.umin);
        }
        CondOp::Slt => {
            let below = (a.smin.next(), b.smax.previous());
            a.smax = a.smax.min(below.1);
            b.smin = b.smin.max(below.0);
        }
        _ => {
            a.smax = a.smax.min(b.smax);
            b.smin = b.smin.max(a.smin);
        }
    }
}

/// What a comparison by bits or by inequality with `known` says.
fn refine_by_constant<W: FullWord>(reg: &mut ScalarOf<W>, known: W, op: CondOp, is32: bool) {
    let tested = if is32 { W::zero_extend(known.low()) } else { known };
    match op {
        CondOp::Ne if is32 => {
            let mut low = reg.low();
            exclude(&mut low, known.low());
            reg.set_low(low);
        }
        CondOp::Ne => {
            let mut full = reg.full();
            exclude(&mut full, known);
            reg.set_full(full);
        }
        // Of several bits it is not known which one is set.
        CondOp::Set if tested.is_power_of_two() => {
            reg.var_off = reg.var_off.or(TnumOf::constant(tested));
        }
        CondOp::NotSet => {
            // Ranges that contradict the bits, on a path that no value takes, would become empty.
            reg.set_unbounded();
            reg.var_off = reg.var_off.and(TnumOf::constant(!tested));
        }
        _ => {}
    }
}

/// Takes `value` away where it is an end.
#[inline]
fn exclude<W: Word>(ranges: &mut Ranges<W>, value: W) {
    if ranges.umin == value {
        ranges.umin = value.wrapping_add(W::ONE);
    }
    if ranges.umax == value {
        ranges.umax = value.wrapping_sub(W::ONE);
    }
    if ranges.smin == value.signed() {
        ranges.smin = value.signed().next();
    }
    if ranges.smax == value.signed() {
        ranges.smax = value.signed().previous();
    }
}

/// Sharpens a register by the knowledge that it compares so with itself.
///
/// The kernel does not know that the operands are one: it sharpens the register as the left one and as the right one.
/// So `reg < reg`, which holds for nothing, takes the ends away and leaves the rest. Each role brings an accord of its
/// own: the caller calls [`ScalarOf::sync`] twice.
pub fn regs_refine_same<W: FullWord>(reg: &mut ScalarOf<W>, op: CondOp, is32: bool) {
    let mut right = *reg;
    regs_refine(reg, &mut right, op, is32);
    reg.set_full(reg.full().intersect(right.full()));
    reg.set_low(reg.low().intersect(right.low()));
}
