//! Choosing a CPU of a mask in turn: `lib/cpumask.c`.

use std::sync::atomic::Ordering::Relaxed;

use skep_abi::{Addr, Cpu};

use super::Cpumasks;
use super::bits::Words;
use crate::Fault;

impl Cpumasks {
    /// A CPU of a mask, after the one that any caller on the CPU `on` was given last; `nr_cpu_ids` or more where
    /// there is none (`cpumask_any_distribute`). The first choice of a machine leaves CPU 0 out.
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn any_distribute(&self, on: Cpu, mask: Addr) -> Result<u32, Fault> {
        Ok(self.choose(on, &self.searched(mask)?))
    }

    /// The same out of the CPUs that are in both masks (`cpumask_any_and_distribute`).
    ///
    /// # Errors
    /// As [`Self::first`].
    pub fn any_and_distribute(&self, on: Cpu, src1: Addr, src2: Addr) -> Result<u32, Fault> {
        Ok(self.choose(on, &self.both(src1, src2)?))
    }

    pub(crate) fn choose(&self, on: Cpu, words: &Words) -> u32 {
        let Some(cursor) = self.cursors.get(on.0 as usize) else {
            return words.next(0);
        };
        let last = cursor.load(Relaxed);
        let after = words.next(last + 1);
        let next = if after < self.bits.small { after } else { words.next(0) };
        if next < self.bits.nr_cpu_ids {
            cursor.store(next, Relaxed);
        }
        next
    }
}
