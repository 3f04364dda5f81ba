//! CPU masks: the objects of `kernel/bpf/cpumask.c`, and what can be done with any mask.
//!
//! A mask is as many whole words as [`MaskBits`] says, wherever they lie: in an object made here, in a task, in a
//! map's value, on a program's stack.

mod bits;
mod distribute;
mod global;
mod object;
#[cfg(test)]
mod tests;

pub(crate) use bits::Words;
pub(crate) use global::GlobalMasks;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use skep_abi::Addr;
use skep_btf::{Btf, Kind};

use crate::cpu::Rcu;
use crate::failslab::Failslab;
use crate::memory::Window;
use crate::object::{Layout, ObjectPool, Unmodelled};
use crate::{Access, Fault, Memory};

/// How many bits the functions of masks work on (`include/linux/cpumask.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskBits {
    /// CPUs that there can ever be.
    pub nr_cpu_ids: u32,
    /// `small_cpumask_bits`: what is searched, counted and combined.
    pub small: u32,
    /// `large_cpumask_bits`: what is cleared and copied, which is the whole mask where that is short.
    pub large: u32,
}

impl MaskBits {
    /// The sizes in a kernel with room for `nr_cpus` CPUs in a mask (`NR_CPUS`).
    ///
    /// *Kernel*: since 6.3. Sizes that the compiler knows are preferred where they are short: up to one word for all
    /// functions, up to four for those that walk every word anyway.
    #[must_use]
    pub const fn new(nr_cpu_ids: u32, nr_cpus: u32) -> Self {
        let small = if nr_cpus <= 64 { nr_cpus } else { nr_cpu_ids };
        let large = if nr_cpus <= 256 { nr_cpus } else { nr_cpu_ids };
        Self { nr_cpu_ids, small, large }
    }

    /// Bytes of as many bits (`bitmap_size`): whole words.
    #[must_use]
    pub const fn bytes(bits: u32) -> u64 {
        bits.div_ceil(64) as u64 * 8
    }
}

/// The masks of a machine.
#[derive(Debug)]
pub struct Cpumasks {
    memory: Arc<Memory>,
    rcu: Arc<Rcu>,
    failslab: Arc<Failslab>,
    bits: MaskBits,
    /// `struct bpf_cpumask`; `None` without one in the BTF.
    pool: Option<ObjectPool>,
    /// Masks that were ever made, to tell them apart in messages.
    made: AtomicU32,
    /// `distribute_cpu_mask_prev` of each CPU.
    cursors: Box<[AtomicU32]>,
}

impl Cpumasks {
    pub(crate) fn new(
        memory: &Arc<Memory>,
        rcu: &Arc<Rcu>,
        failslab: &Arc<Failslab>,
        types: Option<(&Btf, &Arc<Unmodelled>)>,
        nr_cpu_ids: u32,
    ) -> Self {
        let size = types.and_then(|(btf, _)| btf.size_of(btf.find("cpumask", Kind::Struct)?));
        // Without types, or with those of a kernel that could not have so many CPUs, masks are as long as they must.
        let nr_cpus = size.map_or(0, |bytes| (bytes * 8) as u32).max(nr_cpu_ids);
        let layout = types.and_then(|(btf, unmodelled)| {
            let layout = Layout::new(btf, "bpf_cpumask", unmodelled)?;
            layout.fill_all();
            Some(layout)
        });
        Self {
            memory: Arc::clone(memory),
            rcu: Arc::clone(rcu),
            failslab: Arc::clone(failslab),
            bits: MaskBits::new(nr_cpu_ids, nr_cpus),
            pool: layout.map(ObjectPool::new),
            made: AtomicU32::new(0),
            cursors: (0..nr_cpu_ids).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// How many bits the functions work on.
    #[must_use]
    pub fn bits(&self) -> MaskBits {
        self.bits
    }

    /// Whether bytes may be written through a mask argument: those of kernel objects, which programs themselves may
    /// not write, and whatever programs may.
    fn check_write(&self, at: Addr, size: u64) -> Result<(), Fault> {
        let is_object = Window::Objects.range().contains(&at.0);
        self.memory.check(at, size, if is_object { Access::Read } else { Access::Write })
    }
}
