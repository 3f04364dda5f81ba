//! Bob Jenkins' lookup3, as `include/linux/jhash.h` uses it: the hash of hash tables and of stack ids.

/// `JHASH_INITVAL`.
const INITVAL: u32 = 0xdead_beef;

/// Three words that are mixed.
struct State(u32, u32, u32);

impl State {
    fn start(bytes: u32, initval: u32) -> Self {
        let word = INITVAL.wrapping_add(bytes).wrapping_add(initval);
        Self(word, word, word)
    }

    fn add(&mut self, words: [u32; 3]) {
        self.0 = self.0.wrapping_add(words[0]);
        self.1 = self.1.wrapping_add(words[1]);
        self.2 = self.2.wrapping_add(words[2]);
    }

    fn mix(&mut self) {
        let Self(a, b, c) = self;
        for (x, y, z, by) in
            [(0, 1, 2, 4), (1, 2, 0, 6), (2, 0, 1, 8), (0, 1, 2, 16), (1, 2, 0, 19), (2, 0, 1, 4)]
        {
            let mut words = [*a, *b, *c];
            words[x] = words[x].wrapping_sub(words[z]) ^ words[z].rotate_left(by);
            words[z] = words[z].wrapping_add(words[y]);
            [*a, *b, *c] = words;
        }
    }

    fn finish(mut self) -> u32 {
        let Self(a, b, c) = &mut self;
        for (x, y, by) in
            [(2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24)]
        {
            let mut words = [*a, *b, *c];
            words[x] = (words[x] ^ words[y]).wrapping_sub(words[y].rotate_left(by));
            [*a, *b, *c] = words;
        }
        self.2
    }
}

/// `jhash2`: the hash of 32-bit words.
pub(crate) fn jhash2(words: impl ExactSizeIterator<Item = u32>, initval: u32) -> u32 {
    // Keys and stacks are far below 2^32 bytes.
    let mut left = words.len();
    let mut state = State::start((left as u32) << 2, initval);
    if left == 0 {
        return state.2;
    }
    let mut words = words;
    while left > 3 {
        state.add([(); 3].map(|()| words.next().unwrap_or(0)));
        state.mix();
        left -= 3;
    }
    state.add([(); 3].map(|()| words.next().unwrap_or(0)));
    state.finish()
}

/// `jhash`: the hash of bytes.
pub(crate) fn jhash(bytes: &[u8], initval: u32) -> u32 {
    let mut state = State::start(bytes.len() as u32, initval);
    let mut rest = bytes;
    if rest.is_empty() {
        return state.2;
    }
    while rest.len() > 12 {
        let (head, tail) = rest.split_at(12);
        state.add(three_words(head));
        state.mix();
        rest = tail;
    }
    state.add(three_words(rest));
    state.finish()
}

/// Up to 12 bytes as little-endian words, zero-padded.
fn three_words(bytes: &[u8]) -> [u32; 3] {
    let mut padded = [0; 12];
    padded[..bytes.len()].copy_from_slice(bytes);
    [0, 4, 8]
        .map(|at| u32::from_le_bytes([padded[at], padded[at + 1], padded[at + 2], padded[at + 3]]))
}

/// The hash of a key as `htab_map_hash` takes it.
pub(crate) fn key_hash(key: &[u8], seed: u32) -> u32 {
    if key.len().is_multiple_of(4) {
        let words = key.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
        jhash2(words, seed)
    } else {
        jhash(key, seed)
    }
}

/// The hash of a stack: its addresses as pairs of words, low half first.
pub(crate) fn stack_hash(ips: &[u64]) -> u32 {
    struct Halves<'a>(std::slice::Iter<'a, u64>, Option<u32>);
    impl Iterator for Halves<'_> {
        type Item = u32;
        fn next(&mut self) -> Option<u32> {
            if let Some(high) = self.1.take() {
                return Some(high);
            }
            let ip = *self.0.next()?;
            self.1 = Some((ip >> 32) as u32);
            Some(ip as u32)
        }
        fn size_hint(&self) -> (usize, Option<usize>) {
            let len = 2 * self.0.len() + usize::from(self.1.is_some());
            (len, Some(len))
        }
    }
    impl ExactSizeIterator for Halves<'_> {}
    jhash2(Halves(ips.iter(), None), 0)
}

#[cfg(test)]
mod tests {
    use super::{jhash, key_hash, stack_hash};

    #[test]
    fn bytes_and_words_hash_alike_where_both_apply() {
        // lookup3 itself gives 0x17770551 for these 30 bytes with initval 0 (driver5 of lookup3.c).
        assert_eq!(jhash(b"Four score and seven years ago", 0), 0x1777_0551);
        assert_eq!(jhash(b"Four score and seven years ago", 1), 0xcd62_8161);
        assert_eq!(jhash(b"", 0), 0xdead_beef);
        for len in [4_usize, 8, 12, 16, 20, 24, 28] {
            let key: Vec<u8> = (0..len as u8).collect();
            assert_eq!(key_hash(&key, 7), jhash(&key, 7), "{len} bytes");
        }
        assert_eq!(
            stack_hash(&[0x1122_3344_5566_7788]),
            jhash(&0x1122_3344_5566_7788_u64.to_le_bytes(), 0)
        );
    }
}
