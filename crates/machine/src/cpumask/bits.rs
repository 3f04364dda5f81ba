//! What can be done with masks: `include/linux/cpumask.h` over `lib/bitmap.c` and `lib/find_bit.c`.

use skep_abi::{Addr, Cpu, Errno};
use skep_topology::CpuMask;

use super::{Cpumasks, MaskBits};
use crate::Fault;
use crate::memory::{AtomicOp, Width};

/// Words of the longest mask.
const MAX_WORDS: usize = 8192 / 64;

/// The words of a mask as they are at one moment.
#[derive(Clone)]
pub(crate) struct Words {
    words: [u64; MAX_WORDS],
    bits: u32,
}

impl Words {
    /// The words, bits past the end of the mask included.
    fn raw(&self) -> &[u64] {
        &self.words[..self.bits.div_ceil(64) as usize]
    }

    /// The bits of a word that belong to the mask.
    fn mask(&self, word: usize) -> u64 {
        match self.bits as usize - word * 64 {
            left if left < 64 => (1 << left) - 1,
            _ => u64::MAX,
        }
    }

    /// The words, without bits past the end.
    fn cut(&self) -> impl Iterator<Item = u64> {
        self.raw().iter().enumerate().map(|(at, word)| word & self.mask(at))
    }

    /// The first bit that is set from `from` on; the number of bits where there is none (`find_next_bit`).
    pub(crate) fn next(&self, from: u32) -> u32 {
        let first = (from / 64) as usize;
        for at in first..self.raw().len() {
            let after = if at == first { u64::MAX << (from % 64) } else { u64::MAX };
            let word = self.words[at] & self.mask(at) & after;
            if word != 0 {
                return at as u32 * 64 + word.trailing_zeros();
            }
        }
        self.bits
    }

    /// Whether a CPU is in it.
    pub(crate) fn contains(&self, cpu: Cpu) -> bool {
        cpu.0 < self.bits && self.words[cpu.0 as usize / 64] >> (cpu.0 % 64) & 1 != 0
    }

    /// Whether it has no CPU.
    pub(crate) fn is_empty(&self) -> bool {
        self.next(0) >= self.bits
    }

    /// The CPUs, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cpu> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let cpu = self.next(at);
            at = cpu + 1;
            (cpu < self.bits).then_some(Cpu(cpu))
        })
    }

    /// Combines two masks word by word.
    pub(crate) fn with(mut self, other: &Self, op: impl Fn(u64, u64) -> u64) -> Self {
        for (word, other) in self.words.iter_mut().zip(other.raw()) {
            *word = op(*word, *other);
        }
        self
    }
}

impl Cpumasks {
    /// The first `bits` bits of a mask, and the rest of their last word.
    pub(super) fn words(&self, at: Addr, bits: u32) -> Result<Words, Fault> {
        let mut bytes = [0; MAX_WORDS * 8];
        let bytes = &mut bytes[..MaskBits::bytes(bits) as usize];
        self.memory.read(at, bytes)?;
        let mut words = [0; MAX_WORDS];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Ok(Words { words, bits })
    }

    /// A set of CPUs as words of a mask.
    pub(crate) fn words_of(&self, cpus: &CpuMask) -> Words {
        let mut words = [0; MAX_WORDS];
        for (into, word) in words.iter_mut().zip(cpus.words()) {
            *into = *word;
        }
        Words { words, bits: self.bits.small }
    }

    /// Makes a mask these words.
    pub(crate) fn put_words(&self, at: Addr, words: &Words) -> Result<(), Fault> {
        self.put(at, words.raw().iter().copied())
    }

    pub(crate) fn searched(&self, at: Addr) -> Result<Words, Fault> {
        self.words(at, self.bits.small)
    }

    fn put(&self, at: Addr, words: impl Iterator<Item = u64>) -> Result<(), Fault> {
        let (mut bytes, mut len) = ([0; MAX_WORDS * 8], 0);
        for (into, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
            *into = word.to_le_bytes();
            len += 8;
        }
        self.check_write(at, len as u64)?;
        self.memory.kernel_write(at, &bytes[..len])
    }

    /// The first CPU of a mask; `nr_cpu_ids` or more where it has none (`cpumask_first`).
    ///
    /// # Errors
    /// As for all functions of masks: a [`Fault`] where no live memory is, or none that may be written where the
    /// function writes.
    pub fn first(&self, mask: Addr) -> Result<u32, Fault> {
        Ok(self.searched(mask)?.next(0))
    }

    /// The first CPU that is not in a mask; `nr_cpu_ids` or more where all are (`cpumask_first_zero`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn first_zero(&self, mask: Addr) -> Result<u32, Fault> {
        let words = self.searched(mask)?;
        let none = Words { words: [0; MAX_WORDS], bits: words.bits };
        Ok(none.with(&words, |_, word| !word).next(0))
    }

    /// The first CPU that is in both masks (`cpumask_first_and`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn first_and(&self, src1: Addr, src2: Addr) -> Result<u32, Fault> {
        Ok(self.both(src1, src2)?.next(0))
    }

    /// What is in both masks.
    pub(super) fn both(&self, src1: Addr, src2: Addr) -> Result<Words, Fault> {
        Ok(self.searched(src1)?.with(&self.searched(src2)?, |a, b| a & b))
    }

    /// Whether a CPU is in a mask; never for a number that no CPU can have (`cpumask_test_cpu`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn test_cpu(&self, cpu: u32, mask: Addr) -> Result<bool, Fault> {
        if cpu >= self.bits.nr_cpu_ids {
            return Ok(false);
        }
        let word = self.memory.load(mask.offset(i64::from(cpu / 64) * 8), Width::Dw)?;
        Ok(word >> (cpu % 64) & 1 != 0)
    }

    /// Puts a CPU into a mask, as one step with others that do so; tells whether it was there before. Nothing for a
    /// number that no CPU can have (`cpumask_test_and_set_cpu`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn set_cpu(&self, cpu: u32, mask: Addr) -> Result<bool, Fault> {
        self.change(cpu, mask, |bit| (AtomicOp::Or, bit))
    }

    /// Takes a CPU out of a mask; tells whether it was there (`cpumask_test_and_clear_cpu`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn clear_cpu(&self, cpu: u32, mask: Addr) -> Result<bool, Fault> {
        self.change(cpu, mask, |bit| (AtomicOp::And, !bit))
    }

    fn change(
        &self,
        cpu: u32,
        mask: Addr,
        how: impl FnOnce(u64) -> (AtomicOp, u64),
    ) -> Result<bool, Fault> {
        if cpu >= self.bits.nr_cpu_ids {
            return Ok(false);
        }
        // By bytes, so that masks need not be aligned; the kernel's instruction does not ask for it either.
        let (byte, bit) = (mask.offset(i64::from(cpu / 8)), 1 << (cpu % 8));
        self.check_write(mask.offset(i64::from(cpu / 64) * 8), 8)?;
        let (op, operand) = how(bit);
        Ok(self.memory.kernel_atomic(byte, Width::B, op, operand)? & bit != 0)
    }

    /// Sets all bits of all words (`cpumask_setall`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn setall(&self, mask: Addr) -> Result<(), Fault> {
        let words = self.bits.nr_cpu_ids.div_ceil(64) as usize;
        self.put(mask, std::iter::repeat_n(u64::MAX, words))
    }

    /// Clears all bits (`cpumask_clear`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn clear(&self, mask: Addr) -> Result<(), Fault> {
        let words = self.bits.large.div_ceil(64) as usize;
        self.put(mask, std::iter::repeat_n(0, words))
    }

    /// Makes `dst` what is in both masks, without bits past the last CPU; tells whether that is anything
    /// (`cpumask_and`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn and(&self, dst: Addr, src1: Addr, src2: Addr) -> Result<bool, Fault> {
        let both = self.both(src1, src2)?;
        self.put(dst, both.cut())?;
        Ok(both.next(0) < both.bits)
    }

    /// Makes `dst` what is in either mask, by whole words (`cpumask_or`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn or(&self, dst: Addr, src1: Addr, src2: Addr) -> Result<(), Fault> {
        let either = self.searched(src1)?.with(&self.searched(src2)?, |a, b| a | b);
        self.put(dst, either.raw().iter().copied())
    }

    /// Makes `dst` what is in one of the masks alone, by whole words (`cpumask_xor`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn xor(&self, dst: Addr, src1: Addr, src2: Addr) -> Result<(), Fault> {
        let one = self.searched(src1)?.with(&self.searched(src2)?, |a, b| a ^ b);
        self.put(dst, one.raw().iter().copied())
    }

    /// Whether both masks have the same CPUs (`cpumask_equal`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn equal(&self, src1: Addr, src2: Addr) -> Result<bool, Fault> {
        Ok(self.searched(src1)?.cut().eq(self.searched(src2)?.cut()))
    }

    /// Whether some CPU is in both masks (`cpumask_intersects`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn intersects(&self, src1: Addr, src2: Addr) -> Result<bool, Fault> {
        Ok(self.both(src1, src2)?.cut().any(|word| word != 0))
    }

    /// Whether all CPUs of `src1` are in `src2` (`cpumask_subset`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn subset(&self, src1: Addr, src2: Addr) -> Result<bool, Fault> {
        let outside = self.searched(src1)?.with(&self.searched(src2)?, |a, b| a & !b);
        Ok(outside.cut().all(|word| word == 0))
    }

    /// Whether a mask has no CPU (`cpumask_empty`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn empty(&self, mask: Addr) -> Result<bool, Fault> {
        Ok(self.searched(mask)?.cut().all(|word| word == 0))
    }

    /// Whether a mask has all CPUs (`cpumask_full`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn full(&self, mask: Addr) -> Result<bool, Fault> {
        let words = self.words(mask, self.bits.nr_cpu_ids)?;
        Ok(words.cut().enumerate().all(|(at, word)| word == words.mask(at)))
    }

    /// Copies a mask by whole words (`cpumask_copy`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn copy(&self, dst: Addr, src: Addr) -> Result<(), Fault> {
        let words = self.words(src, self.bits.large)?;
        self.put(dst, words.raw().iter().copied())
    }

    /// Number of CPUs in a mask (`cpumask_weight`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn weight(&self, mask: Addr) -> Result<u32, Fault> {
        Ok(self.searched(mask)?.cut().map(u64::count_ones).sum())
    }

    /// Copies `len` bytes of memory into a mask: the words that hold CPUs, as they are, the rest not at all.
    ///
    /// *Kernel*: `bpf_cpumask_populate` since 6.15.
    ///
    /// # Errors
    /// The inner one: `EACCES` for fewer bytes than the mask's words have; then `EINVAL` for memory that is not
    /// aligned, on a machine where `must_align`. The outer one: as [`Self::first`].
    pub fn populate(
        &self,
        mask: Addr,
        (src, len): (Addr, u64),
        must_align: bool,
    ) -> Result<Result<(), Errno>, Fault> {
        if len < MaskBits::bytes(self.bits.nr_cpu_ids) {
            return Ok(Err(Errno::EACCES));
        }
        if must_align && !src.0.is_multiple_of(8) {
            return Ok(Err(Errno::EINVAL));
        }
        let words = self.words(src, self.bits.nr_cpu_ids)?;
        self.put(mask, words.raw().iter().copied()).map(Ok)
    }
}
