//! Every range of up to five bits, and every pair of them.

use super::{Bits, Members, Set, signed_ranges, tnums, unsigned_ranges};
use crate::{Ranges, Word};

/// The smallest ranges around these members.
fn hull<const N: u32>(members: Set) -> Ranges<Bits<N>> {
    let words = || members.numbers().map(Bits::<N>::from);
    let signed = || words().map(|word| word.signed());
    match (signed().min(), signed().max(), words().min(), words().max()) {
        (Some(smin), Some(smax), Some(umin), Some(umax)) => Ranges { smin, smax, umin, umax },
        _ => panic!("no hull of nothing"),
    }
}

fn wrap<const N: u32>(number: u64) -> u64 {
    number & ((1 << N) - 1)
}

fn signed<const N: u32>(number: u64) -> i64 {
    let unused = 64 - N;
    (number << unused).cast_signed() >> unused
}

#[test]
fn unsigned_sums_and_differences_are_optimal() {
    fn proof<const N: u32>() {
        for a in unsigned_ranges::<N>() {
            for b in unsigned_ranges() {
                let (left, right) = (a.members(), b.members());
                let sums: Ranges<Bits<N>> = hull(left.map_pairs(right, |x, y| wrap::<N>(x + y)));
                let sum = a.add(b);
                assert_eq!((sum.umin, sum.umax), (sums.umin, sums.umax), "{a:?} + {b:?}");
                let differences: Ranges<Bits<N>> =
                    hull(left.map_pairs(right, |x, y| wrap::<N>(x.wrapping_sub(y))));
                let difference = a.sub(b);
                assert_eq!(
                    (difference.umin, difference.umax),
                    (differences.umin, differences.umax),
                    "{a:?} - {b:?}"
                );
            }
        }
    }
    proof::<3>();
    proof::<5>();
}

#[test]
fn signed_sums_and_differences_are_sound_and_optimal_unless_they_wrap() {
    fn proof<const N: u32>() {
        let all = 1i64 << (N - 1);
        for a in signed_ranges::<N>() {
            for b in signed_ranges() {
                let (left, right) = (a.members(), b.members());
                for (result, difference) in [(a.add(b), false), (a.sub(b), true)] {
                    let exact = |x, y| {
                        let y = signed::<N>(y);
                        signed::<N>(x) + if difference { -y } else { y }
                    };
                    let concrete =
                        left.map_pairs(right, |x, y| wrap::<N>(exact(x, y).cast_unsigned()));
                    assert!(concrete.subset_of(result.members()), "{a:?} {b:?} {difference}");
                    let wraps = left
                        .numbers()
                        .any(|x| right.numbers().any(|y| !(-all..all).contains(&exact(x, y))));
                    if !wraps {
                        let best: Ranges<Bits<N>> = hull(concrete);
                        assert_eq!((result.smin, result.smax), (best.smin, best.smax));
                    }
                }
            }
        }
    }
    proof::<3>();
    proof::<4>();
}

#[test]
fn products_are_sound_and_optimal_unless_they_wrap() {
    fn proof<const N: u32>() {
        let all = 1u64 << N;
        for a in unsigned_ranges::<N>() {
            for b in unsigned_ranges() {
                let product = a.mul(b);
                let concrete = a.members().map_pairs(b.members(), |x, y| wrap::<N>(x * y));
                assert!(concrete.subset_of(product.members()), "{a:?} * {b:?}");
                if a.umax.to_u64() * b.umax.to_u64() < all {
                    let best: Ranges<Bits<N>> = hull(concrete);
                    assert_eq!((product.umin, product.umax), (best.umin, best.umax));
                }
            }
        }
        let half = 1i64 << (N - 1);
        for a in signed_ranges::<N>() {
            for b in signed_ranges() {
                let product = a.mul(b);
                let exact = |x, y| signed::<N>(x) * signed::<N>(y);
                let concrete = a
                    .members()
                    .map_pairs(b.members(), |x, y| wrap::<N>(exact(x, y).cast_unsigned()));
                assert!(concrete.subset_of(product.members()), "{a:?} * {b:?}");
                let wraps = a
                    .members()
                    .numbers()
                    .any(|x| b.members().numbers().any(|y| !(-half..half).contains(&exact(x, y))));
                if !wraps {
                    let best: Ranges<Bits<N>> = hull(concrete);
                    assert_eq!((product.smin, product.smax), (best.smin, best.smax));
                }
            }
        }
    }
    proof::<3>();
    proof::<4>();
}

#[test]
fn shifts_are_sound() {
    fn proof<const N: u32>() {
        for a in unsigned_ranges::<N>().into_iter().chain(signed_ranges()) {
            let members = a.members();
            for shift in 0..N {
                let left = members.map(|x| wrap::<N>(x << shift));
                assert!(left.subset_of(a.lsh(shift).members()), "{a:?} << {shift}");
                let right = members.map(|x| x >> shift);
                assert!(right.subset_of(a.rsh(shift).members()), "{a:?} >> {shift}");
                let arithmetic =
                    members.map(|x| wrap::<N>((signed::<N>(x) >> shift).cast_unsigned()));
                assert!(arithmetic.subset_of(a.arsh(shift).members()), "{a:?} s>> {shift}");
            }
        }
    }
    proof::<4>();
    proof::<5>();
}

#[test]
fn a_tnums_ranges_are_its_hull() {
    for a in tnums::<5>() {
        assert_eq!(Ranges::of_tnum(a), hull(a.members()));
    }
}

#[test]
fn disjoint_ranges_share_no_word() {
    let all: Vec<Ranges<Bits<4>>> = unsigned_ranges().into_iter().chain(signed_ranges()).collect();
    for a in &all {
        for b in &all {
            let shared = a.members().0 & b.members().0;
            assert!(!a.is_disjoint(*b) || shared == 0);
            assert_eq!(a.intersect(*b).members().0, shared);
        }
    }
}

#[test]
fn exchange_loses_no_word_and_is_optimal_after_two_rounds() {
    fn proof<const N: u32>() {
        for unsigned in unsigned_ranges::<N>() {
            for signed in signed_ranges() {
                let mut both = unsigned.intersect(signed);
                let members = both.members();
                if members.is_empty() {
                    continue;
                }
                both.exchange();
                assert_eq!(both.members(), members, "{unsigned:?} {signed:?}");
                both.exchange();
                assert_eq!(both, hull(members), "{unsigned:?} {signed:?}");
            }
        }
    }
    proof::<2>();
    proof::<3>();
    proof::<4>();
    proof::<5>();
}
