//! Records put together by hand, in the layouts that `include/uapi/linux/perf_event.h` documents.

mod layout;
mod mutation;
mod sample;

use super::*;

/// The bytes of a record under construction.
#[derive(Clone, Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// A string with its NUL, padded to words.
    fn string(mut self, text: &str) -> Self {
        self.0.extend(text.as_bytes());
        self.0.push(0);
        while !self.0.len().is_multiple_of(8) {
            self.0.push(0);
        }
        self
    }

    /// The whole record.
    fn record(self, kind: u32, misc: u16) -> Vec<u8> {
        let size = u16::try_from(self.0.len() + 8).unwrap();
        Self::default().u32(kind).u16(misc).u16(size).raw(&self.0).0
    }
}

/// A generator of numbers, the same in each run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
