//! Conditional jumps at 4 bits (halves of 2) and 6 bits (halves of 3): prediction and refinement.

use super::samples::{Facts, Sample};
use super::{Bits, Members as _, Set};
use crate::{
    CondOp, FullWord, ScalarOf, is_branch_taken, regs_refine, regs_refine_false, regs_refine_same,
};

fn holds(op: CondOp, x: u64, y: u64, bits: u32) -> bool {
    let signed = |n: u64| (n << (64 - bits)).cast_signed() >> (64 - bits);
    let (x, y) = (x & ((1 << bits) - 1), y & ((1 << bits) - 1));
    match op {
        CondOp::Eq => x == y,
        CondOp::Ne => x != y,
        CondOp::Set => x & y != 0,
        CondOp::NotSet => x & y == 0,
        CondOp::Gt => x > y,
        CondOp::Ge => x >= y,
        CondOp::Lt => x < y,
        CondOp::Le => x <= y,
        CondOp::Sgt => signed(x) > signed(y),
        CondOp::Sge => signed(x) >= signed(y),
        CondOp::Slt => signed(x) < signed(y),
        CondOp::Sle => signed(x) <= signed(y),
    }
}

/// The members of either side for which the comparison holds with some member of the other.
fn survivors(op: CondOp, left: Set, right: Set, bits: u32) -> (Set, Set) {
    let mut survivors = (Set::EMPTY, Set::EMPTY);
    for x in left.numbers() {
        for y in right.numbers().filter(|y| holds(op, x, *y, bits)) {
            survivors.0.insert(x);
            survivors.1.insert(y);
        }
    }
    survivors
}

fn check<const N: u32>((a, left): Sample<Bits<N>>, (b, right): Sample<Bits<N>>)
where
    Bits<N>: FullWord,
{
    for op in CondOp::ALL {
        for is32 in [false, true] {
            let bits = if is32 { N / 2 } else { N };
            let kept = survivors(op, left, right, bits);
            match is_branch_taken(&a, &b, op, is32) {
                Some(true) => assert!(
                    survivors(op.negated(), left, right, bits).0.is_empty(),
                    "{op:?} {is32} {a:?} {b:?}"
                ),
                Some(false) => assert!(kept.0.is_empty(), "{op:?} {is32} {a:?} {b:?}"),
                None => {}
            }
            assert_eq!(
                is_branch_taken(&a, &b, op, is32),
                is_branch_taken(&a, &b, op.negated(), is32).map(|taken| !taken)
            );
            let (mut x, mut y) = (a, b);
            regs_refine(&mut x, &mut y, op, is32);
            x.sync();
            y.sync();
            assert!(kept.0.subset_of(x.members()), "{op:?} {is32} {a:?} {b:?}: {x:?}");
            assert!(kept.1.subset_of(y.members()), "{op:?} {is32} {a:?} {b:?}: {y:?}");
            let (mut p, mut q) = (a, b);
            regs_refine_false(&mut p, &mut q, op.negated(), is32);
            p.sync();
            q.sync();
            assert_eq!((p, q), (x, y));
        }
    }
}

#[test]
fn jumps_are_sound_for_all_pairs_of_facts() {
    let mut samples = Facts::<4, 2>::all().singles();
    samples.sort_unstable_by_key(|(_, members)| members.0);
    samples.dedup();
    for a in &samples {
        for b in &samples {
            check(*a, *b);
        }
    }
}

#[test]
fn jumps_are_sound_for_random_mixtures_of_facts() {
    let left = Facts::<4, 2>::all().mixtures(300, 8);
    let right = Facts::<4, 2>::all().mixtures(300, 9);
    for a in &left {
        for b in &right {
            check(*a, *b);
        }
    }
    let left = Facts::<6, 3>::all().mixtures(20_000, 10);
    let right = Facts::<6, 3>::all().mixtures(20_000, 11);
    for (a, b) in left.iter().zip(&right) {
        check(*a, *b);
    }
}

#[test]
fn jumps_on_constants_are_always_predicted() {
    for x in 0..16u64 {
        for y in 0..16u64 {
            let (a, b) = (ScalarOf::constant(Bits::<4>::from(x)), ScalarOf::constant(y.into()));
            for op in CondOp::ALL {
                assert_eq!(is_branch_taken(&a, &b, op, false), Some(holds(op, x, y, 4)));
                assert_eq!(is_branch_taken(&a, &b, op, true), Some(holds(op, x, y, 2)));
            }
        }
    }
}

#[test]
fn a_jump_on_one_register_twice_is_sound() {
    let facts = Facts::<4, 2>::all();
    for (scalar, members) in facts.singles().into_iter().chain(facts.mixtures(5000, 12)) {
        for op in CondOp::ALL {
            for is32 in [false, true] {
                let bits = if is32 { 2 } else { 4 };
                let kept = members.numbers().filter(|x| holds(op, *x, *x, bits));
                let mut refined = scalar;
                regs_refine_same(&mut refined, op, is32);
                refined.sync();
                for word in kept {
                    assert!(refined.contains(word.into()), "{op:?} {is32} {scalar:?}: {refined:?}");
                }
            }
        }
    }
}

#[test]
fn a_comparison_means_the_same_from_the_other_side() {
    for op in CondOp::ALL {
        assert_eq!(op.flipped().flipped(), op);
        assert_eq!(op.negated().negated(), op);
        for x in 0..16 {
            for y in 0..16 {
                assert_eq!(holds(op, x, y, 4), holds(op.flipped(), y, x, 4));
                assert_ne!(holds(op, x, y, 4), holds(op.negated(), x, y, 4));
            }
        }
    }
}
