//! Sets of CPUs as the kernel keeps them: a bit each, in words of 64 (`include/linux/cpumask.h`).

use std::fmt;

use skep_abi::Cpu;

use crate::MAX_CPUS;
use crate::list::format_list;

/// A set of CPUs. Words at the end that are zero do not count when sets are compared.
#[derive(Clone, Default)]
pub struct CpuMask {
    words: Vec<u64>,
}

impl CpuMask {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Vec::new() }
    }

    /// A set out of words, lowest CPU first.
    #[must_use]
    pub fn from_words(words: &[u64]) -> Self {
        let len = words.len().min(MAX_CPUS as usize / 64);
        Self { words: words[..len].to_vec() }
    }

    /// Words of 64 CPUs, lowest first; there may be fewer than the machine has.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// A word; zero for those past the end.
    #[must_use]
    pub fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    /// Adds a CPU. Numbers from [`MAX_CPUS`] on are left out.
    pub fn insert(&mut self, cpu: Cpu) {
        if cpu.0 < MAX_CPUS {
            let index = cpu.0 as usize / 64;
            if index >= self.words.len() {
                self.words.resize(index + 1, 0);
            }
            self.words[index] |= 1 << (cpu.0 % 64);
        }
    }

    /// Takes a CPU out.
    pub fn remove(&mut self, cpu: Cpu) {
        if let Some(word) = self.words.get_mut(cpu.0 as usize / 64) {
            *word &= !(1 << (cpu.0 % 64));
        }
    }

    /// Whether a CPU is in it.
    #[must_use]
    pub fn contains(&self, cpu: Cpu) -> bool {
        self.word(cpu.0 as usize / 64) & (1 << (cpu.0 % 64)) != 0
    }

    /// Number of CPUs (`cpumask_weight`).
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The lowest CPU.
    #[must_use]
    pub fn first(&self) -> Option<Cpu> {
        self.iter().next()
    }

    /// The highest CPU.
    #[must_use]
    pub fn last(&self) -> Option<Cpu> {
        let index = self.words.iter().rposition(|word| *word != 0)?;
        Some(Cpu(index as u32 * 64 + 63 - self.words[index].leading_zeros()))
    }

    /// CPUs in both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        Self { words }
    }

    /// CPUs of this set that are not in the other.
    #[must_use]
    pub fn and_not(&self, other: &Self) -> Self {
        let words = self.words.iter().enumerate().map(|(i, word)| word & !other.word(i)).collect();
        Self { words }
    }

    /// The CPUs, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Cpu> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then(|| Cpu(index as u32 * 64 + bit))
            })
        })
    }
}

impl PartialEq for CpuMask {
    fn eq(&self, other: &Self) -> bool {
        let words = self.words.len().max(other.words.len());
        (0..words).all(|index| self.word(index) == other.word(index))
    }
}

impl Eq for CpuMask {}

impl FromIterator<Cpu> for CpuMask {
    fn from_iter<I: IntoIterator<Item = Cpu>>(cpus: I) -> Self {
        let mut mask = Self::new();
        cpus.into_iter().for_each(|cpu| mask.insert(cpu));
        mask
    }
}

impl fmt::Display for CpuMask {
    /// As sysfs prints it: `0-3,8`; nothing for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_list(self.iter().map(|cpu| cpu.0)))
    }
}

impl fmt::Debug for CpuMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CpuMask({self})")
    }
}
