//! Every tnum of up to five bits, and every pair of them: sound, and where the kernel's operation is optimal, so.

use super::{Bits, Members, Set, tnums, words};
use crate::{SignedWord as _, TnumOf, Word};

/// The smallest tnum with these members.
fn best<const N: u32>(members: Set) -> TnumOf<Bits<N>> {
    let ones = members.numbers().fold(u64::MAX, |all, n| all & n);
    let any = members.numbers().fold(0, |any, n| any | n);
    TnumOf { value: ones.into(), mask: (any & !ones).into() }
}

/// Runs a proof at each width.
macro_rules! at_each_width {
    ($proof:ident) => {
        $proof::<1>();
        $proof::<2>();
        $proof::<3>();
        $proof::<4>();
        $proof::<5>();
    };
}

#[test]
fn predicates_and_set_operations_are_exact() {
    fn proof<const N: u32>() {
        for a in tnums::<N>() {
            let members = a.members();
            assert_eq!(best(members), a);
            assert_eq!(a.is_const(), members.numbers().count() == 1);
            assert_eq!(a.is_unknown(), members.numbers().count() == 1 << N);
            assert_eq!(Some(a.min().to_u64()), members.numbers().min());
            assert_eq!(Some(a.max().to_u64()), members.numbers().max());
            for b in tnums() {
                let others = b.members();
                assert_eq!(a.overlap(b), members.0 & others.0 != 0);
                assert_eq!(a.subset_of(b), members.subset_of(others));
                assert_eq!(TnumOf::is_in(b, a), a.subset_of(b));
                assert_eq!(a.union(b), best(Set(members.0 | others.0)));
                if a.overlap(b) {
                    assert_eq!(a.intersect(b).members(), Set(members.0 & others.0));
                }
                assert_eq!(a.intersect(b).value & a.intersect(b).mask, Bits::ZERO);
            }
        }
    }
    at_each_width!(proof);
}

#[test]
fn sums_and_bitwise_operations_are_optimal() {
    fn proof<const N: u32>() {
        let wrap = |n: u64| n & ((1 << N) - 1);
        for a in tnums::<N>() {
            let left = a.members();
            assert_eq!(a.neg(), best(left.map(|x| wrap(x.wrapping_neg()))));
            for b in tnums() {
                let right = b.members();
                assert_eq!(a.add(b), best(left.map_pairs(right, |x, y| wrap(x + y))));
                assert_eq!(a.sub(b), best(left.map_pairs(right, |x, y| wrap(x.wrapping_sub(y)))));
                assert_eq!(a.and(b), best(left.map_pairs(right, |x, y| x & y)));
                assert_eq!(a.or(b), best(left.map_pairs(right, |x, y| x | y)));
                assert_eq!(a.xor(b), best(left.map_pairs(right, |x, y| x ^ y)));
            }
        }
    }
    at_each_width!(proof);
}

#[test]
fn products_are_sound_and_exact_for_constants() {
    fn proof<const N: u32>() {
        for a in tnums::<N>() {
            for b in tnums() {
                let concrete = a.members().map_pairs(b.members(), |x, y| (x * y) & ((1 << N) - 1));
                for product in [a.mul(b), a.mul_before_6_17(b)] {
                    assert!(concrete.subset_of(product.members()), "{a:?} * {b:?}");
                    assert_eq!(product.value & product.mask, Bits::ZERO);
                }
                if a.is_const() && b.is_const() {
                    assert_eq!(a.mul(b), best(concrete));
                    assert_eq!(a.mul_before_6_17(b), best(concrete));
                }
            }
        }
    }
    at_each_width!(proof);
}

#[test]
fn the_product_of_6_17_is_more_often_the_more_precise_one() {
    let (mut finer, mut coarser) = (0, 0);
    for a in tnums::<5>() {
        for b in tnums() {
            let (new, old) = (a.mul(b), a.mul_before_6_17(b));
            finer += usize::from(new != old && new.subset_of(old));
            coarser += usize::from(new != old && old.subset_of(new));
        }
    }
    assert!(finer > 10 * coarser, "{finer} finer, {coarser} coarser");
}

#[test]
fn shifts_are_optimal() {
    fn proof<const N: u32>() {
        let wrap = |n: u64| n & ((1 << N) - 1);
        for a in tnums::<N>() {
            let members = a.members();
            for shift in 0..N as u8 {
                assert_eq!(a.lsh(shift), best(members.map(|x| wrap(x << shift))));
                assert_eq!(a.rsh(shift), best(members.map(|x| x >> shift)));
                for width in u32::from(shift) + 1..=N {
                    let arithmetic = members.map(|x| {
                        let unused = 64 - width;
                        let signed = (x << unused).cast_signed() >> unused >> shift;
                        signed.cast_unsigned() & ((1 << width) - 1)
                    });
                    assert_eq!(a.arsh(shift, width), best(arithmetic), "{a:?} {shift} {width}");
                }
            }
            assert_eq!(a.lsh(N as u8), TnumOf::constant(Bits::ZERO));
            assert_eq!(a.rsh(N as u8), TnumOf::constant(Bits::ZERO));
        }
    }
    at_each_width!(proof);
}

#[test]
fn ranges_and_truncations_become_the_smallest_tnum() {
    fn proof<const N: u32>() {
        for min in words::<N>() {
            for max in words::<N>().filter(|max| *max >= min) {
                let between = Set::of(|word: Bits<N>| (min..=max).contains(&word));
                assert_eq!(TnumOf::range(min, max), best(between));
            }
        }
        for a in tnums::<N>() {
            for bits in 0..=N {
                let kept = a.members().map(|x| x & ((1 << bits) - 1));
                assert_eq!(a.truncated(bits), best(kept));
            }
            for log in 0..N {
                let size = Bits::ONE << log;
                let aligned = a.members().numbers().all(|x| x % (1 << log) == 0);
                assert_eq!(a.is_aligned(size), aligned);
            }
            assert!(a.is_aligned(Bits::ZERO));
        }
    }
    at_each_width!(proof);
}

#[test]
fn a_step_goes_to_the_next_member() {
    fn proof<const N: u32>() {
        for a in tnums::<N>() {
            for word in words::<N>() {
                let next = a.members().numbers().find(|member| *member > word.to_u64());
                assert_eq!(
                    a.step(word).to_u64(),
                    next.unwrap_or(a.max().to_u64()),
                    "{a:?} {word:?}"
                );
            }
        }
    }
    at_each_width!(proof);
}

#[test]
fn halves_come_apart_and_together() {
    for a in tnums::<4>() {
        assert_eq!(a.subreg(), best(a.members().map(|x| x & 0b11)));
        assert_eq!(a.clear_subreg(), best(a.members().map(|x| x & 0b1100)));
        for b in tnums() {
            let joined = a.members().map_pairs(b.members(), |x, y| x & 0b1100 | y & 0b11);
            assert_eq!(a.with_subreg(b), best(joined));
        }
        for low in words() {
            assert_eq!(a.const_subreg(low).low(), TnumOf::constant(low));
            assert_eq!(a.const_subreg(low).clear_subreg(), a.clear_subreg());
        }
    }
}

#[test]
fn small_words_are_words() {
    for a in words::<5>() {
        assert_eq!(a.signed().unsigned(), a);
        assert_eq!(a.sign_extended(5), a);
        assert_eq!(a.is_power_of_two(), a.to_u64().is_power_of_two());
        assert_eq!(a.signed().next().previous(), a.signed());
    }
}
