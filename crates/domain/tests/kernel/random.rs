//! Numbers that depend on a seed alone, and of which many sit where ranges end.

/// A generator (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// Small, near a power of two, or anything; of either sign.
    pub(crate) fn interesting(&mut self) -> u64 {
        let near = self.below(5).wrapping_sub(2);
        let magnitude = match self.below(6) {
            0 | 1 => self.below(40),
            2 => (1u64 << self.below(64)).wrapping_add(near),
            3 => (1u64 << (28 + self.below(8))).wrapping_add(near),
            4 => self.next() >> self.below(64),
            _ => self.next() & self.next(),
        };
        if self.below(3) == 0 { magnitude.wrapping_neg() } else { magnitude }
    }
}
