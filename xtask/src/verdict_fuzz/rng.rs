//! Random numbers that a seed repeats (SplitMix64).

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The stream of a seed and a number within it.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Self(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        rng.next();
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// True once in `n`.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A number from a range, its end included.
    pub(crate) fn range(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from + 1).max(1).unsigned_abs()) as i64
    }

    /// An immediate: small ones, powers of two and their neighbours, limits, anything.
    pub(crate) fn imm(&mut self) -> i32 {
        match self.below(8) {
            0..=2 => self.range(-4, 16) as i32,
            3 => self.range(-300, 300) as i32,
            4 => (1_i32 << self.below(31)).wrapping_add(self.range(-1, 1) as i32),
            5 => (1_i32 << self.below(31)).wrapping_add(self.range(-1, 1) as i32).wrapping_neg(),
            6 => self.pick(&[i32::MIN, i32::MAX, -1, 0, 1, i32::MIN + 1, 0xff, 0xffff]),
            _ => self.next() as i32,
        }
    }
}
