//! Accesses by programs and by calls on their behalf: each is granted or faults.

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

use skep_abi::{Addr, Errno};

use super::guard::GuardedKptr;
use super::region::{Hit, Region};
use super::words::{AtomicOp, Width};
use super::{Label, Memory, Owner};
use crate::{Access, Fault};

impl Memory {
    /// The region and the offset of bytes that may be accessed so.
    #[inline]
    fn grant(&self, addr: Addr, size: u64, access: Access) -> Result<(&Region, Hit), Fault> {
        if let Some(region) = self.region_at(addr)
            && let Some(hit) = region.hit(addr.0, size)
            && region.allows(access)
            && region.is_unguarded(hit.within, size, access)
        {
            if let Some(watch) = &region.watch
                && access != Access::Write
            {
                watch.loaded(hit.within, size);
            }
            return Ok((region, hit));
        }
        Err(self.refusal(addr, size, access))
    }

    /// Tells whether `size` bytes at `addr` may be accessed so.
    ///
    /// # Errors
    /// The [`Fault`] that the access would be. No bytes are always fine.
    pub fn check(&self, addr: Addr, size: u64, access: Access) -> Result<(), Fault> {
        if size == 0 {
            return Ok(());
        }
        if let Some(region) = self.region_at(addr)
            && let Some(hit) = region.hit(addr.0, size)
            && region.allows(access)
            && region.is_unguarded(hit.within, size, access)
        {
            return Ok(());
        }
        Err(self.refusal(addr, size, access))
    }

    /// Loads a value, zero-extended.
    ///
    /// # Errors
    /// A [`Fault`] when its bytes do not lie in one live element that programs may read.
    #[inline]
    pub fn load(&self, addr: Addr, width: Width) -> Result<u64, Fault> {
        self.load_ordered(addr, width, Relaxed)
    }

    #[inline]
    fn load_ordered(&self, addr: Addr, width: Width, order: Ordering) -> Result<u64, Fault> {
        let (region, hit) = self.grant(addr, width.bytes(), Access::Read)?;
        Ok(region.area.load(hit.offset, width, order))
    }

    /// Stores the low bits of a value.
    ///
    /// # Errors
    /// A [`Fault`] when its bytes do not lie in one live element that programs may write.
    #[inline]
    pub fn store(&self, addr: Addr, width: Width, value: u64) -> Result<(), Fault> {
        let (region, hit) = self.grant(addr, width.bytes(), Access::Write)?;
        region.area.store(hit.offset, width, value, Relaxed);
        Ok(())
    }

    fn aligned(addr: Addr, width: Width) -> Result<(), Fault> {
        if addr.0.is_multiple_of(width.bytes()) {
            return Ok(());
        }
        Err(Fault::Misaligned { addr, size: width.bytes() })
    }

    /// Loads a value before all later accesses (`BPF_LOAD_ACQ`).
    ///
    /// # Errors
    /// As [`Memory::load`], and when it is not aligned.
    pub fn load_acquire(&self, addr: Addr, width: Width) -> Result<u64, Fault> {
        Self::aligned(addr, width)?;
        self.load_ordered(addr, width, Acquire)
    }

    /// Stores a value after all earlier accesses (`BPF_STORE_REL`).
    ///
    /// # Errors
    /// As [`Memory::store`], and when it is not aligned.
    pub fn store_release(&self, addr: Addr, width: Width, value: u64) -> Result<(), Fault> {
        Self::aligned(addr, width)?;
        let (region, hit) = self.grant(addr, width.bytes(), Access::Write)?;
        region.area.store(hit.offset, width, value, Release);
        Ok(())
    }

    /// Reads, changes and writes a value as one step; returns what was there.
    ///
    /// # Errors
    /// A [`Fault`] when it may not be read and written, or is not aligned.
    pub fn atomic(
        &self,
        addr: Addr,
        width: Width,
        op: AtomicOp,
        operand: u64,
    ) -> Result<u64, Fault> {
        Self::aligned(addr, width)?;
        let (region, hit) = self.grant(addr, width.bytes(), Access::Atomic)?;
        Ok(region.area.rmw(hit.offset, width, op, operand))
    }

    /// Writes `new` where the value equals `expected`; returns what was there.
    ///
    /// # Errors
    /// As [`Memory::atomic`].
    pub fn cmpxchg(&self, addr: Addr, width: Width, expected: u64, new: u64) -> Result<u64, Fault> {
        Self::aligned(addr, width)?;
        let (region, hit) = self.grant(addr, width.bytes(), Access::Atomic)?;
        Ok(region.area.cmpxchg(hit.offset, width, expected, new))
    }

    /// Copies bytes out, as a call does with an argument.
    ///
    /// # Errors
    /// As [`Memory::load`]; no bytes never fault.
    pub fn read(&self, addr: Addr, into: &mut [u8]) -> Result<(), Fault> {
        if into.is_empty() {
            return Ok(());
        }
        let (region, hit) = self.grant(addr, into.len() as u64, Access::Read)?;
        region.area.read(hit.offset, into);
        Ok(())
    }

    /// Copies `len` bytes out. They are checked before anything of that size is made.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn read_vec(&self, addr: Addr, len: u64) -> Result<Vec<u8>, Fault> {
        self.check(addr, len, Access::Read)?;
        let mut bytes = vec![0; len as usize];
        self.read(addr, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies bytes in, as a call does with a result.
    ///
    /// # Errors
    /// As [`Memory::store`]; no bytes never fault.
    pub fn write(&self, addr: Addr, from: &[u8]) -> Result<(), Fault> {
        if from.is_empty() {
            return Ok(());
        }
        let (region, hit) = self.grant(addr, from.len() as u64, Access::Write)?;
        region.area.write(hit.offset, from);
        Ok(())
    }

    /// Sets `len` bytes.
    ///
    /// # Errors
    /// As [`Memory::write`].
    pub fn fill(&self, addr: Addr, len: u64, byte: u8) -> Result<(), Fault> {
        if len == 0 {
            return Ok(());
        }
        let (region, hit) = self.grant(addr, len, Access::Write)?;
        region.area.fill(hit.offset, len as usize, byte);
        Ok(())
    }

    /// Reads a NUL-terminated string of up to `max` bytes, NUL not included; a string without one ends
    /// there.
    ///
    /// # Errors
    /// As [`Memory::load`], for the first byte that may not be read before the NUL.
    pub fn read_cstr(&self, addr: Addr, max: u64) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::new();
        for offset in 0..max {
            match self.load(Addr(addr.0.wrapping_add(offset)), Width::B)? {
                0 => break,
                byte => text.push(byte as u8),
            }
        }
        Ok(text)
    }

    /// Loads through a BTF pointer that may be stale: zero where the kernel's exception table would put
    /// zero, which is everywhere outside live objects.
    #[must_use]
    pub fn load_or_zero(&self, addr: Addr, width: Width) -> u64 {
        if self.region_at(addr).is_none() {
            return 0;
        }
        self.load(addr, width).unwrap_or(0)
    }

    /// Copies kernel memory as `copy_from_kernel_nofault` does.
    ///
    /// # Errors
    /// `EFAULT` where any byte does not lie in the same live element.
    pub fn probe_read(&self, addr: Addr, into: &mut [u8]) -> Result<(), Errno> {
        self.read(addr, into).map_err(|_| Errno::EFAULT)
    }

    /// Reads a value, whatever programs may do to it; for the machine's own structures.
    ///
    /// # Errors
    /// A [`Fault`] when the bytes do not lie in one element.
    pub fn kernel_read(&self, addr: Addr, into: &mut [u8]) -> Result<(), Fault> {
        let (region, hit) = self.as_kernel(addr, into.len() as u64, Access::Read)?;
        region.area.read(hit.offset, into);
        Ok(())
    }

    /// Writes bytes, whatever programs may do to them: initial contents, contexts, kernel objects.
    ///
    /// # Errors
    /// A [`Fault`] when the bytes do not lie in one element.
    pub fn kernel_write(&self, addr: Addr, from: &[u8]) -> Result<(), Fault> {
        let (region, hit) = self.as_kernel(addr, from.len() as u64, Access::Write)?;
        region.area.write(hit.offset, from);
        Ok(())
    }

    /// Reads, changes and writes an aligned value as one step, whatever programs may do to it; returns what was there.
    ///
    /// # Errors
    /// As [`Memory::kernel_write`], and when it is not aligned.
    pub fn kernel_atomic(
        &self,
        addr: Addr,
        width: Width,
        op: AtomicOp,
        operand: u64,
    ) -> Result<u64, Fault> {
        Self::aligned(addr, width)?;
        let (region, hit) = self.as_kernel(addr, width.bytes(), Access::Atomic)?;
        Ok(region.area.rmw(hit.offset, width, op, operand))
    }

    /// Writes `new` where an aligned value equals `expected`, whatever programs may do to it; returns what was there.
    ///
    /// # Errors
    /// As [`Memory::kernel_atomic`].
    pub(crate) fn kernel_cmpxchg(
        &self,
        addr: Addr,
        width: Width,
        expected: u64,
        new: u64,
    ) -> Result<u64, Fault> {
        Self::aligned(addr, width)?;
        let (region, hit) = self.as_kernel(addr, width.bytes(), Access::Atomic)?;
        Ok(region.area.cmpxchg(hit.offset, width, expected, new))
    }

    /// Loads a value, whatever programs may do to it.
    ///
    /// # Errors
    /// As [`Memory::kernel_read`].
    pub(crate) fn kernel_load(&self, addr: Addr, width: Width) -> Result<u64, Fault> {
        let (region, hit) = self.as_kernel(addr, width.bytes(), Access::Read)?;
        Ok(region.area.load(hit.offset, width, Relaxed))
    }

    /// Stores a value, whatever programs may do to it.
    ///
    /// # Errors
    /// As [`Memory::kernel_write`].
    pub(crate) fn kernel_store(&self, addr: Addr, width: Width, value: u64) -> Result<(), Fault> {
        let (region, hit) = self.as_kernel(addr, width.bytes(), Access::Write)?;
        region.area.store(hit.offset, width, value, Relaxed);
        Ok(())
    }

    fn as_kernel(&self, addr: Addr, size: u64, access: Access) -> Result<(&Region, Hit), Fault> {
        self.region_at(addr)
            .and_then(|region| Some((region, region.bounds(addr.0, size)?)))
            .ok_or_else(|| self.refusal(addr, size, access))
    }

    /// The pointer field that begins at an address of a live element.
    pub(crate) fn kptr_at(&self, addr: Addr) -> Option<GuardedKptr> {
        let region = self.region_at(addr)?;
        let guard = region.guard.as_ref()?;
        guard.kptr_at(region.hit(addr.0, 8)?.within)
    }

    /// Whether a pointer field begins at an address of a live element, and then whether it owns nothing
    /// (`__kptr_untrusted`).
    #[must_use]
    pub fn kptr_is_untrusted(&self, addr: Addr) -> Option<bool> {
        self.kptr_at(addr).map(|kptr| kptr == GuardedKptr::Untrusted)
    }

    /// Whose memory this is, when a live element is there.
    #[must_use]
    pub fn owner(&self, addr: Addr) -> Option<Owner> {
        let region = self.region_at(addr)?;
        region.hit(addr.0, 1).map(|_| region.owner)
    }

    /// Bytes from one CPU's variable to the next one's, when a per-CPU variable of the kernel lies here.
    pub(crate) fn percpu_unit(&self, addr: Addr) -> Option<u64> {
        let region = self.region_at(addr).filter(|region| region.owner == Owner::Percpu)?;
        region.hit(addr.0, 1).map(|_| region.stride)
    }

    /// The words that messages about this address use.
    #[must_use]
    pub fn label(&self, addr: Addr) -> Option<&Label> {
        self.region_at(addr).map(|region| &region.label)
    }
}
