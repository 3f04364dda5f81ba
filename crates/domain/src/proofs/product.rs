//! The product at 4 bits (halves of 2) and 6 bits (halves of 3): sync, widths, arithmetic.

use super::samples::{Facts, Random, Sample};
use super::{Bits, Members as _, Set, words};
use crate::{FullWord, ScalarOf, ScalarOp, Word, alu};

/// How many times sync kept just the words for which all facts held, and how many times it brought others back.
#[derive(Debug, Default)]
struct Tally {
    exact: u64,
    coarser: u64,
}

impl Tally {
    fn check<const N: u32>(&mut self, before: ScalarOf<Bits<N>>, members: Set)
    where
        Bits<N>: FullWord,
    {
        let mut after = before;
        after.sync();
        assert!(members.subset_of(after.members()), "{before:?}: {after:?}");
        assert!(after.is_consistent(), "{before:?}: {after:?}");
        if after.members() == members { self.exact += 1 } else { self.coarser += 1 }
    }
}

#[test]
fn sync_keeps_all_words_that_satisfy_all_facts_and_hardly_any_other() {
    let facts = Facts::<4, 2>::all();
    let low_sets = |low: Set| Set::of(|word: Bits<4>| low.0 >> word.low().to_u64() & 1 == 1);
    let bits: Vec<_> = facts.bits.iter().map(|bits| (*bits, bits.members())).collect();
    let signed: Vec<_> = facts.signed.iter().map(|full| (*full, full.members())).collect();
    let mut lows = Vec::new();
    for unsigned in &facts.low_unsigned {
        for signed in &facts.low_signed {
            let low = unsigned.intersect(*signed);
            lows.push((low, low_sets(low.members())));
        }
    }
    let mut tally = Tally::default();
    for unsigned in &facts.unsigned {
        let unsigned_set = unsigned.members();
        for (full, full_set) in &signed {
            let full_set = Set(full_set.0 & unsigned_set.0);
            for (var_off, bits_set) in &bits {
                let whole_set = Set(full_set.0 & bits_set.0);
                for (low, low_set) in &lows {
                    let members = Set(whole_set.0 & low_set.0);
                    if !members.is_empty() {
                        tally.check(
                            ScalarOf::of(*var_off, unsigned.intersect(*full), *low),
                            members,
                        );
                    }
                }
            }
        }
    }
    assert!(tally.exact > 100 * tally.coarser, "{tally:?}");
}

#[test]
fn sync_has_nothing_to_do_for_constants_and_for_the_unknown() {
    let is_kept = |before: ScalarOf<Bits<6>>| {
        let mut after = before;
        after.sharpen();
        after == before
    };
    assert!(words().all(|word| is_kept(ScalarOf::constant(word))));
    assert!(is_kept(ScalarOf::unknown()));
}

#[test]
fn sync_keeps_all_words_that_satisfy_random_facts_of_six_bits() {
    let facts = Facts::<6, 3>::all();
    let mut random = Random(1);
    let mut tally = Tally::default();
    for _ in 0..1_000_000 {
        let full = random.pick(&facts.unsigned).intersect(*random.pick(&facts.signed));
        let low = random.pick(&facts.low_unsigned).intersect(*random.pick(&facts.low_signed));
        let scalar = ScalarOf::of(*random.pick(&facts.bits), full, low);
        let members = scalar.members();
        if !members.is_empty() {
            tally.check(scalar, members);
        }
    }
    assert!(tally.exact > 100 * tally.coarser, "{tally:?}");
}

/// What the machine computes; nothing where it computes nothing that the domain must know.
fn concrete(op: ScalarOp, x: u64, y: u64, bits: u32) -> Option<u64> {
    let wrap = |n: u64| n & ((1 << bits) - 1);
    let signed = |n: u64| (n << (64 - bits)).cast_signed() >> (64 - bits);
    let (x, y) = (wrap(x), wrap(y));
    let shift = y < u64::from(bits);
    Some(wrap(match op {
        ScalarOp::Add => x + y,
        ScalarOp::Sub => x.wrapping_sub(y),
        ScalarOp::Mul => x * y,
        ScalarOp::And => x & y,
        ScalarOp::Or => x | y,
        ScalarOp::Xor => x ^ y,
        ScalarOp::Neg => x.wrapping_neg(),
        ScalarOp::Lsh if shift => x << y,
        ScalarOp::Rsh if shift => x >> y,
        ScalarOp::Arsh if shift => (signed(x) >> y).cast_unsigned(),
        ScalarOp::Div if y != 0 => x / y,
        ScalarOp::Mod if y != 0 => x % y,
        ScalarOp::Sdiv if y != 0 => (signed(x) / signed(y)).cast_unsigned(),
        ScalarOp::Smod if y != 0 => (signed(x) % signed(y)).cast_unsigned(),
        _ => return None,
    }))
}

fn check_alu<const N: u32>((a, left): Sample<Bits<N>>, (b, right): Sample<Bits<N>>)
where
    Bits<N>: FullWord,
{
    for op in ScalarOp::ALL {
        for is32 in [false, true] {
            let mut result = a;
            alu(op, is32, &mut result, &b);
            let mut words = Set::EMPTY;
            let bits = if is32 { N / 2 } else { N };
            for x in left.numbers() {
                let images = right.numbers().filter_map(|y| concrete(op, x, y, bits));
                images.for_each(|word| words.insert(word));
            }
            assert!(words.subset_of(result.members()), "{op:?} {is32} {a:?} {b:?}: {result:?}");
            let mut again = result;
            again.sync();
            assert_eq!(again.members(), result.members());
        }
    }
}

#[test]
fn arithmetic_is_sound_for_all_pairs_of_facts() {
    let mut samples = Facts::<4, 2>::all().singles();
    samples.sort_unstable_by_key(|(_, members)| members.0);
    samples.dedup();
    for a in &samples {
        for b in &samples {
            check_alu(*a, *b);
        }
    }
}

#[test]
fn arithmetic_is_sound_for_random_mixtures_of_facts() {
    let left = Facts::<4, 2>::all().mixtures(400, 2);
    let right = Facts::<4, 2>::all().mixtures(200, 3);
    for a in &left {
        for b in &right {
            check_alu(*a, *b);
        }
    }
    let left = Facts::<6, 3>::all().mixtures(20_000, 4);
    let right = Facts::<6, 3>::all().mixtures(20_000, 5);
    for (a, b) in left.iter().zip(&right) {
        check_alu(*a, *b);
    }
}

#[test]
fn arithmetic_of_constants_is_exact_but_for_divisions() {
    use ScalarOp::{Div, Mod, Sdiv, Smod};
    for x in 0..1u64 << 6 {
        for y in 0..1u64 << 6 {
            let (a, b) = (ScalarOf::constant(Bits::<6>::from(x)), ScalarOf::constant(y.into()));
            for op in ScalarOp::ALL {
                for is32 in [false, true] {
                    let mut result = a;
                    alu(op, is32, &mut result, &b);
                    let exact = concrete(op, x, y, if is32 { 3 } else { 6 });
                    match exact.filter(|_| !matches!(op, Div | Mod | Sdiv | Smod)) {
                        // The whole's range decides whether a 32-bit shift is in bounds.
                        Some(_) if is32 && is_shift(op) && y >= 3 => {
                            assert_eq!(result, ScalarOf::unknown());
                        }
                        Some(word) => assert_eq!(result, ScalarOf::constant(word.into())),
                        None => assert_eq!(result, ScalarOf::unknown()),
                    }
                }
            }
        }
    }
}

fn is_shift(op: ScalarOp) -> bool {
    matches!(op, ScalarOp::Lsh | ScalarOp::Rsh | ScalarOp::Arsh)
}

fn check_widths<const N: u32>((scalar, members): Sample<Bits<N>>)
where
    Bits<N>: FullWord,
{
    let extend = |bits: u32| move |word: u64| Bits::<N>::from(word).sign_extended(bits).to_u64();
    let check = |result: ScalarOf<Bits<N>>, words: Set| {
        assert!(words.subset_of(result.members()), "{scalar:?} {words:?}: {result:?}");
    };
    let half = N / 2;
    let low = |word: u64| word & ((1 << half) - 1);
    let mut zero_extended = scalar;
    zero_extended.zext_32_to_64();
    check(zero_extended, members.map(low));
    for bits in 1..N {
        let mut truncated = scalar;
        truncated.truncate(bits);
        check(truncated, members.map(|word| word & ((1 << bits) - 1)));
    }
    for bits in 1..=half {
        let mut extended = scalar;
        extended.sign_extend(bits);
        check(extended, members.map(extend(bits)));
        extended.sync();
        check(extended, members.map(extend(bits)));
    }
    for bits in 1..half {
        let mut extended = scalar;
        extended.sign_extend_low(bits);
        extended.zext_32_to_64();
        extended.sync();
        check(extended, members.map(|word| low(extend(bits)(word))));
    }
}

#[test]
fn changes_of_width_are_sound() {
    let facts = Facts::<4, 2>::all();
    facts.singles().into_iter().for_each(check_widths);
    facts.mixtures(20_000, 6).into_iter().for_each(check_widths);
    let facts = Facts::<6, 3>::all();
    facts.singles().into_iter().for_each(check_widths);
    facts.mixtures(50_000, 7).into_iter().for_each(check_widths);
}

#[test]
fn a_known_low_half_leaves_the_high_one() {
    for (scalar, members) in Facts::<4, 2>::all().singles() {
        for low in 0..4u64 {
            let mut known = scalar;
            known.set_unbounded64();
            known.set_known32(low.into());
            known.sync();
            assert!(members.map(|word| word & 0b1100 | low).subset_of(known.members()));
            assert_eq!(known.const_value32(), Some(low.into()));
        }
    }
}
