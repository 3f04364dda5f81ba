//! Scalars of a few bits to prove things with.

use super::{Bits, Members as _, Set, signed_ranges, tnums, unsigned_ranges};
use crate::{FullWord, Ranges, ScalarOf, TnumOf};

/// A scalar and what it stands for.
pub(super) type Sample<W> = (ScalarOf<W>, Set);

/// The facts of which a scalar consists.
pub(super) struct Facts<const N: u32, const H: u32> {
    pub(super) bits: Vec<TnumOf<Bits<N>>>,
    pub(super) unsigned: Vec<Ranges<Bits<N>>>,
    pub(super) signed: Vec<Ranges<Bits<N>>>,
    pub(super) low_unsigned: Vec<Ranges<Bits<H>>>,
    pub(super) low_signed: Vec<Ranges<Bits<H>>>,
}

impl<const N: u32, const H: u32> Facts<N, H>
where
    Bits<N>: FullWord<Half = Bits<H>>,
{
    pub(super) fn all() -> Self {
        Self {
            bits: tnums(),
            unsigned: unsigned_ranges(),
            signed: signed_ranges(),
            low_unsigned: unsigned_ranges::<H>(),
            low_signed: signed_ranges::<H>(),
        }
    }

    /// The scalar of one fact alone, for each fact, in accord.
    pub(super) fn singles(&self) -> Vec<Sample<Bits<N>>> {
        let (any, any_low) = (Ranges::UNBOUNDED, Ranges::UNBOUNDED);
        let bits = self.bits.iter().map(|bits| ScalarOf::of(*bits, any, any_low));
        let full = self.unsigned.iter().chain(&self.signed);
        let full = full.map(|full| ScalarOf::of(TnumOf::UNKNOWN, *full, any_low));
        let low = self.low_unsigned.iter().chain(&self.low_signed);
        let low = low.map(|low| ScalarOf::of(TnumOf::UNKNOWN, any, *low));
        bits.chain(full).chain(low).filter_map(settled).collect()
    }

    /// A scalar of random facts, in accord; it may stand for nothing.
    pub(super) fn mixed(&self, random: &mut Random) -> ScalarOf<Bits<N>> {
        let mut scalar = ScalarOf::unknown();
        scalar.var_off = *random.pick(&self.bits);
        if random.below(2) == 0 {
            scalar.set_full(random.pick(&self.unsigned).intersect(*random.pick(&self.signed)));
        }
        if random.below(2) == 0 {
            let low = random.pick(&self.low_unsigned).intersect(*random.pick(&self.low_signed));
            scalar.set_low(low);
        }
        scalar.sync();
        scalar
    }

    /// This many scalars of random facts that stand for something.
    pub(super) fn mixtures(&self, count: usize, seed: u64) -> Vec<Sample<Bits<N>>> {
        let mut random = Random(seed);
        std::iter::repeat_with(|| self.mixed(&mut random)).filter_map(settled).take(count).collect()
    }
}

/// The scalar in accord, if it stands for something.
fn settled<const N: u32>(mut scalar: ScalarOf<Bits<N>>) -> Option<Sample<Bits<N>>>
where
    Bits<N>: FullWord,
{
    scalar.sync();
    let members = scalar.members();
    (!members.is_empty()).then_some((scalar, members))
}

/// A generator of numbers that depend on the seed alone (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
