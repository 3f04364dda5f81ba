//! Masks that the kernel itself keeps: `cpu_none_mask`, `cpu_possible_mask`, `cpu_online_mask`, and those of idle CPUs.
//!
//! Programs get pointers to them and read them as they are at that moment; they may not write them.

use skep_abi::Addr;
use skep_btf::{Btf, Kind};

use super::MaskBits;
use crate::memory::{Label, Memory, OutOfMemory, Rights, Slab, SlabSpec, Window};

/// The masks, each by its number in a region of their own.
#[derive(Debug)]
pub(crate) struct GlobalMasks {
    slab: Slab,
}

impl GlobalMasks {
    /// Makes empty masks with these names, as large as the kernel's type or as their bits need.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub(crate) fn new(
        memory: &Memory,
        btf: Option<&Btf>,
        bits: MaskBits,
        names: &[String],
    ) -> Result<Self, OutOfMemory> {
        let declared = btf.and_then(|btf| btf.size_of(btf.find("cpumask", Kind::Struct)?));
        let size = declared.unwrap_or(0).max(MaskBits::bytes(bits.large.max(bits.nr_cpu_ids)));
        let label = Label::new("cpumask", "");
        let mut spec = SlabSpec::new(Window::Objects, size, names.len() as u64, label);
        spec.rights = Rights::READ_ONLY;
        spec.is_each_alive = true;
        let slab = memory.alloc(&spec)?;
        for (index, name) in (0..).zip(names) {
            memory.name_element(&slab, index, name.clone());
            memory.set_live(&slab, index, true);
        }
        Ok(Self { slab })
    }

    /// Address of a mask.
    pub(crate) fn addr(&self, index: u64) -> Addr {
        self.slab.addr(index)
    }
}
