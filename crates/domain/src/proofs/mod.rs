//! Proofs by exhaustion at widths of a few bits.
//!
//! What is proven is the generic code that runs at 64 bits; only the word differs. Sets of words are bit sets, so that
//! "the result holds every concrete result" is one subtraction.

mod bits;
mod branch;
mod product;
mod ranges;
mod samples;
mod tnum;

use bits::Bits;

use crate::{FullWord, Ranges, ScalarOf, TnumOf, Word};

/// A set of words of at most 6 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set(u64);

impl Set {
    const EMPTY: Self = Self(0);

    fn of<W: Word>(contains: impl Fn(W) -> bool) -> Self
    where
        u64: Into<W>,
    {
        Self((0..1 << W::BITS).filter(|n| contains((*n).into())).fold(0, |set, n| set | 1 << n))
    }

    fn insert(&mut self, number: u64) {
        self.0 |= 1 << number;
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    fn numbers(self) -> impl Iterator<Item = u64> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let lowest = left.trailing_zeros();
                left &= left - 1;
                u64::from(lowest)
            })
        })
    }

    /// What `f` makes of the members.
    fn map(self, f: impl Fn(u64) -> u64) -> Self {
        let mut images = Self::EMPTY;
        self.numbers().for_each(|n| images.insert(f(n)));
        images
    }

    /// What `f` makes of pairs of members.
    fn map_pairs(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut images = Self::EMPTY;
        for a in self.numbers() {
            other.numbers().for_each(|b| images.insert(f(a, b)));
        }
        images
    }
}

/// The words that an abstract number stands for.
trait Members {
    fn members(self) -> Set;
}

impl<const N: u32> Members for TnumOf<Bits<N>> {
    fn members(self) -> Set {
        Set::of(|word: Bits<N>| self.contains(word))
    }
}

impl<const N: u32> Members for Ranges<Bits<N>> {
    fn members(self) -> Set {
        Set::of(|word: Bits<N>| self.contains(word))
    }
}

impl<const N: u32> Members for ScalarOf<Bits<N>>
where
    Bits<N>: FullWord,
{
    fn members(self) -> Set {
        Set::of(|word: Bits<N>| self.contains(word))
    }
}

/// Every word of `N` bits.
fn words<const N: u32>() -> impl Iterator<Item = Bits<N>> + Clone {
    (0..1u64 << N).map(Bits::from)
}

/// Every tnum of `N` bits.
fn tnums<const N: u32>() -> Vec<TnumOf<Bits<N>>> {
    words()
        .flat_map(|mask| words().map(move |value| TnumOf { value, mask }))
        .filter(|tnum| tnum.value & tnum.mask == Word::ZERO)
        .collect()
}

/// Every unsigned range of `N` bits that has a member.
fn unsigned_ranges<const N: u32>() -> Vec<Ranges<Bits<N>>> {
    words()
        .flat_map(|umin| words().map(move |umax| Ranges { umin, umax, ..Ranges::UNBOUNDED }))
        .filter(|ranges| ranges.is_ordered())
        .collect()
}

/// Every signed range of `N` bits that has a member.
fn signed_ranges<const N: u32>() -> Vec<Ranges<Bits<N>>> {
    words::<N>()
        .flat_map(|min| words::<N>().map(move |max| (min.signed(), max.signed())))
        .map(|(smin, smax)| Ranges { smin, smax, ..Ranges::UNBOUNDED })
        .filter(|ranges| ranges.is_ordered())
        .collect()
}
