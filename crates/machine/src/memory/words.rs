//! Bytes, halves and words of an [`Area`], all by atomics on its 64-bit words.
//!
//! Offsets are bytes from the area's start and lie in it: the callers have found the region before.

use std::sync::atomic::Ordering::{self, Relaxed, SeqCst};

use super::backing::Area;

/// Size of one access (`BPF_B`, `BPF_H`, `BPF_W`, `BPF_DW`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// One byte.
    B,
    /// Two bytes.
    H,
    /// Four bytes.
    W,
    /// Eight bytes.
    Dw,
}

impl Width {
    /// Number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::B => 1,
            Self::H => 2,
            Self::W => 4,
            Self::Dw => 8,
        }
    }

    /// The width with this number of bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Option<Self> {
        match bytes {
            1 => Some(Self::B),
            2 => Some(Self::H),
            4 => Some(Self::W),
            8 => Some(Self::Dw),
            _ => None,
        }
    }

    /// All bits of a value of this width.
    #[must_use]
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

/// What an atomic insn does with memory (`BPF_ADD`, … with `BPF_ATOMIC`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtomicOp {
    /// Adds.
    Add,
    /// Ors.
    Or,
    /// Ands.
    And,
    /// Xors.
    Xor,
    /// Replaces.
    Xchg,
}

impl AtomicOp {
    fn apply(self, old: u64, operand: u64) -> u64 {
        match self {
            Self::Add => old.wrapping_add(operand),
            Self::Or => old | operand,
            Self::And => old & operand,
            Self::Xor => old ^ operand,
            Self::Xchg => operand,
        }
    }
}

/// Word index and bit shift of a byte offset.
const fn split(offset: usize) -> (usize, u32) {
    (offset / 8, 8 * (offset % 8) as u32)
}

impl Area {
    /// Loads a value, which may be unaligned.
    #[inline]
    pub(crate) fn load(&self, offset: usize, width: Width, order: Ordering) -> u64 {
        let (word, shift) = split(offset);
        let words = self.words();
        let low = words[word].load(order) >> shift;
        if u64::from(shift) + 8 * width.bytes() <= 64 {
            return low & width.mask();
        }
        let high = words[word + 1].load(order) << (64 - shift);
        (low | high) & width.mask()
    }

    /// Stores a value, which may be unaligned: then in two halves, as a CPU does across cache lines.
    #[inline]
    pub(crate) fn store(&self, offset: usize, width: Width, value: u64, order: Ordering) {
        let (word, shift) = split(offset);
        if shift == 0 && width == Width::Dw {
            self.words()[word].store(value, order);
            return;
        }
        let bits = 8 * width.bytes();
        let value = value & width.mask();
        self.merge(word, width.mask() << shift, value << shift, order);
        let inside = u64::from(64 - shift);
        if bits > inside {
            self.merge(word + 1, width.mask() >> inside, value >> inside, order);
        }
    }

    /// Replaces the bits of `mask` of one word.
    fn merge(&self, word: usize, mask: u64, bits: u64, order: Ordering) {
        // The update always happens, since the closure never refuses.
        let _ = self.words()[word].fetch_update(order, Relaxed, |old| Some(old & !mask | bits));
    }

    /// Reads, changes and writes an aligned value as one step, in one order with all others; returns
    /// what was there.
    pub(crate) fn rmw(&self, offset: usize, width: Width, op: AtomicOp, operand: u64) -> u64 {
        self.update(offset, width, |old| Some(op.apply(old, operand)))
    }

    /// Writes `new` where an aligned value equals `expected`; returns what was there.
    pub(crate) fn cmpxchg(&self, offset: usize, width: Width, expected: u64, new: u64) -> u64 {
        let expected = expected & width.mask();
        self.update(offset, width, |old| (old == expected).then_some(new))
    }

    fn update(&self, offset: usize, width: Width, change: impl Fn(u64) -> Option<u64>) -> u64 {
        let (word, shift) = split(offset);
        let mask = width.mask();
        let result = self.words()[word].fetch_update(SeqCst, SeqCst, |whole| {
            let new = change(whole >> shift & mask)? & mask;
            Some(whole & !(mask << shift) | new << shift)
        });
        match result {
            Ok(whole) | Err(whole) => whole >> shift & mask,
        }
    }

    /// Copies bytes out.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) {
        let words = self.words();
        let (mut at, mut rest) = (offset, into);
        while !rest.is_empty() {
            let (word, within) = (at / 8, at % 8);
            let bytes = words[word].load(Relaxed).to_le_bytes();
            let count = rest.len().min(8 - within);
            let (head, tail) = rest.split_at_mut(count);
            head.copy_from_slice(&bytes[within..within + count]);
            (at, rest) = (at + count, tail);
        }
    }

    /// Copies bytes in.
    pub(crate) fn write(&self, offset: usize, from: &[u8]) {
        let (mut at, mut rest) = (offset, from);
        while !rest.is_empty() {
            let within = at % 8;
            let count = rest.len().min(8 - within);
            let (head, tail) = rest.split_at(count);
            let mut bytes = [0; 8];
            bytes[within..within + count].copy_from_slice(head);
            let value = u64::from_le_bytes(bytes);
            if count == 8 {
                self.words()[at / 8].store(value, Relaxed);
            } else {
                self.merge(at / 8, bits_of(within, count), value, Relaxed);
            }
            (at, rest) = (at + count, tail);
        }
    }

    /// Sets bytes.
    pub(crate) fn fill(&self, offset: usize, len: usize, byte: u8) {
        let value = u64::from_ne_bytes([byte; 8]);
        let (mut at, end) = (offset, offset + len);
        while at < end {
            let within = at % 8;
            let count = (end - at).min(8 - within);
            if count == 8 {
                self.words()[at / 8].store(value, Relaxed);
            } else {
                let mask = bits_of(within, count);
                self.merge(at / 8, mask, value & mask, Relaxed);
            }
            at += count;
        }
    }

    /// Tells whether the bytes here are these.
    pub(crate) fn equals(&self, offset: usize, bytes: &[u8]) -> bool {
        debug_assert!(offset.is_multiple_of(8), "keys are aligned");
        let words = &self.words()[offset / 8..];
        bytes
            .chunks(8)
            .zip(words)
            .all(|(chunk, word)| word.load(Relaxed).to_le_bytes()[..chunk.len()] == *chunk)
    }
}

/// Mask of `count` bytes of a word, from byte `within` on.
const fn bits_of(within: usize, count: usize) -> u64 {
    (u64::MAX >> (64 - 8 * count)) << (8 * within)
}
