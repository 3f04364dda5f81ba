//! BLOOM_FILTER: `kernel/bpf/bloom_filter.c`.

use std::sync::atomic::Ordering::Relaxed;

use skep_abi::Errno;

use super::check::{self, KMALLOC_MAX, Refusal};
use super::jhash::key_hash;
use super::{MapDef, MapFlags};
use crate::memory::{Area, AtomicOp, Memory, OutOfMemory, Width};

/// Hash functions where none are asked for, and at most.
const DEFAULT_HASHES: u32 = 5;
const MAX_HASHES: u64 = 15;

/// What the kind demands at creation (`bloom_map_alloc`).
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    let invalid = |why: String| Err((Errno::EINVAL, why));
    if def.max_entries == 0 || def.value_size == 0 {
        return invalid("a Bloom filter is for at least one value of at least one byte".to_owned());
    }
    if def.key_size != 0 {
        return invalid(format!("key_size is {}, and a Bloom filter has no keys", def.key_size));
    }
    check::flags(def, MapFlags::ZERO_SEED)?;
    if def.map_extra > MAX_HASHES {
        return invalid(format!(
            "map_extra is {}, and there are at most {MAX_HASHES} hash functions",
            def.map_extra
        ));
    }
    if def.value_size > KMALLOC_MAX {
        return Err((Errno::E2BIG, format!("value_size is over {KMALLOC_MAX}")));
    }
    Ok(())
}

/// A Bloom filter.
pub(crate) struct BloomFilter {
    bits: Area,
    mask: u32,
    hashes: u32,
    value_size: usize,
}

/// Bits, less one: about as many as values times hash functions divided by the natural logarithm of 2, which is taken
/// for 5/7, up to the next power of two; a word at least, 2^32 at most.
fn mask(max_entries: u32, hashes: u32) -> u32 {
    let wanted = max_entries.checked_mul(hashes).and_then(|bits| (bits / 5).checked_mul(7));
    match wanted {
        Some(bits) if bits <= 1 << 31 => bits.max(64).next_power_of_two() - 1,
        _ => u32::MAX,
    }
}

impl BloomFilter {
    pub(crate) fn new(memory: &Memory, def: &MapDef) -> Result<Self, OutOfMemory> {
        let hashes = match def.map_extra as u32 {
            0 => DEFAULT_HASHES,
            hashes => hashes,
        };
        let mask = mask(def.max_entries, hashes);
        let bits = memory.alloc_hidden((u64::from(mask) + 1) / 8)?;
        Ok(Self { bits, mask, hashes, value_size: def.value_size as usize })
    }

    /// Word and bit of each hash of a value.
    // DEVIATION(linux): the kernel's seed is random unless BPF_F_ZERO_SEED asks for none; here it is always none, so that
    // runs repeat. Only false positives show it.
    fn places(&self, value: &[u8]) -> impl Iterator<Item = (usize, u64)> {
        (0..self.hashes).map(move |seed| {
            let bit = key_hash(value, seed) & self.mask;
            (8 * (bit / 64) as usize, 1 << (bit % 64))
        })
    }

    /// Puts a value in.
    pub(crate) fn push(&self, value: &[u8], flags: u64) -> Result<(), Errno> {
        if flags != 0 || value.len() != self.value_size {
            return Err(Errno::EINVAL);
        }
        for (word, bit) in self.places(value) {
            self.bits.rmw(word, Width::Dw, AtomicOp::Or, bit);
        }
        Ok(())
    }

    /// Whether a value may be in.
    pub(crate) fn contains(&self, value: &[u8]) -> Result<(), Errno> {
        if value.len() != self.value_size {
            return Err(Errno::EINVAL);
        }
        let is_set = |(word, bit)| self.bits.load(word, Width::Dw, Relaxed) & bit != 0;
        if self.places(value).all(is_set) { Ok(()) } else { Err(Errno::ENOENT) }
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn there_are_bits_for_all_values_and_hashes() {
        assert_eq!((mask(1, 5), mask(100, 5), mask(100, 1)), (63, 1023, 255));
        assert_eq!((mask(u32::MAX, 1), mask(1 << 30, 15)), (u32::MAX, u32::MAX));
    }
}
