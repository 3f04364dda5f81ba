//! `struct bpf_cpumask`: a mask and how many hold it.

use std::sync::atomic::Ordering::Relaxed;

use skep_abi::Addr;

use super::{Cpumasks, MaskBits};
use crate::cpu::Reclaim;
use crate::kptr::Dtor;
use crate::{Fault, refcount};

/// Name of the call in faults that all of them may have.
const FAMILY: &str = "bpf_cpumask";

impl Cpumasks {
    /// Makes an empty mask with one reference; `None` when memory is short, or was said to be.
    ///
    /// # Errors
    /// [`Fault::Call`] on a machine without the type, or with one that has too few bits for its CPUs.
    pub fn create(&self) -> Result<Option<Addr>, Fault> {
        let fault = |why: &str| Fault::Call { call: FAMILY, why: why.to_owned() };
        let pool = self.pool.as_ref().ok_or_else(|| {
            fault("the machine's kernel types have no struct bpf_cpumask, so that none can be made")
        })?;
        let usage = self.usage_offset()?;
        if MaskBits::bytes(self.bits.large) > usage {
            return Err(fault("the machine has more CPUs than its kernel's NR_CPUS"));
        }
        if self.failslab.should_fail() {
            return Ok(None);
        }
        let name = format!("bpf_cpumask #{}", self.made.fetch_add(1, Relaxed) + 1);
        let Ok(place) = pool.make(&self.memory, &self.rcu, name) else { return Ok(None) };
        pool.put(place, "usage.refs.counter", 1);
        Ok(Some(pool.addr(place)))
    }

    /// Offset of the reference count, which is also where the mask ends at the latest.
    fn usage_offset(&self) -> Result<u64, Fault> {
        let layout = self.pool.as_ref().map(|pool| &pool.layout);
        let field = layout.and_then(|layout| layout.field("usage.refs.counter"));
        field.map(|field| field.offset).ok_or_else(|| Fault::Call {
            call: FAMILY,
            why: "the machine's kernel types have no usage.refs.counter in struct bpf_cpumask"
                .to_owned(),
        })
    }

    fn usage(&self, mask: Addr) -> Result<Addr, Fault> {
        Ok(mask.offset(self.usage_offset()?.cast_signed()))
    }

    /// Adds a reference to a mask.
    ///
    /// # Errors
    /// A [`Fault`] when no live memory is there.
    pub fn acquire(&self, mask: Addr) -> Result<(), Fault> {
        refcount::inc(&self.memory, self.usage(mask)?)
    }

    /// The masks that are alive, with the number of references to each.
    fn living(&self) -> Vec<(Addr, u64)> {
        let (Some(pool), Ok(usage)) = (&self.pool, self.usage_offset()) else { return Vec::new() };
        let count = |mask: Addr| {
            let mut bytes = [0; 4];
            let at = mask.offset(usage.cast_signed());
            self.memory.kernel_read(at, &mut bytes).ok().map(|()| u32::from_le_bytes(bytes).into())
        };
        let masks = pool.living().into_iter().map(|place| pool.addr(place));
        masks.filter_map(|mask| Some((mask, count(mask)?))).collect()
    }

    /// Takes a reference away. The mask whose last one that was is gone once each section has ended that may know it:
    /// those of programs that may not sleep end with them.
    // DEVIATION(linux): a mask is freed some time after the last RCU section that may know it; here it is gone at once.
    ///
    /// # Errors
    /// A [`Fault`] when no live memory is there, and when the last reference of memory goes that no mask was made in.
    pub fn release(&self, mask: Addr) -> Result<(), Fault> {
        if !refcount::dec_and_test(&self.memory, self.usage(mask)?)? {
            return Ok(());
        }
        let pool = self.pool.as_ref();
        let place = pool.and_then(|pool| pool.place_of(mask).map(|place| (pool, place)));
        let Some((pool, place)) = place else {
            let found = self.memory.describe(mask);
            return Err(Fault::WrongObject { addr: mask, what: "bpf_cpumask to be freed", found });
        };
        pool.retire(&self.rcu, place);
        self.rcu.call();
        Ok(())
    }
}

impl Reclaim for Cpumasks {
    fn reclaim(&self) -> bool {
        self.pool.as_ref().is_some_and(|pool| pool.reclaim(&self.memory, &self.rcu))
    }
}

/// `bpf_cpumask_release_dtor`
impl Dtor for Cpumasks {
    fn strukt(&self) -> &'static str {
        "bpf_cpumask"
    }

    fn put(&self, object: Addr) -> Result<(), Fault> {
        self.release(object)
    }

    fn alive(&self) -> Vec<(Addr, u64)> {
        self.living()
    }
}
