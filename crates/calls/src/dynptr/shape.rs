//! `kernel/bpf/helpers.c`: what a dynptr is, and others that are made of it.

use skep_abi::Errno;
use skep_machine::{Fault, Kernel};
use skep_macros::calls;

use super::{MAX, Value};
use crate::arg::{Dynptr, NewDynptr};
use crate::ret::{Answer, Success};

/// Sizes, bounds, copies of dynptrs.
pub(crate) struct DynptrShape;

#[calls(since = "6.5", avail { COMMON }, gpl, flags { "6.5": NONE })]
impl DynptrShape {
    /// Moves the bounds of a dynptr to `start`, and to before `end`, both counted from its first byte. Returns 0.
    ///
    /// *Errors*: `EINVAL` where there is nothing behind it and when `start` is above `end`, `ERANGE` beyond its end.
    #[kfunc(proto { "6.19": adjust_u32 })]
    fn bpf_dynptr_adjust(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        start: u64,
        end: u64,
    ) -> Answer<Success> {
        let value = Value::load(k, p.0)?;
        if value.is_null() || start > end {
            return Err(Errno::EINVAL.into());
        }
        if end > value.len() {
            return Err(Errno::ERANGE.into());
        }
        // Both are no larger than a size, which has 24 bits.
        let size = value.size & !MAX | (end - start) as u32;
        let offset = value.offset.wrapping_add(start as u32);
        Value { size, offset, ..value }.store(k, p.0)?;
        Ok(Success)
    }

    fn adjust_u32(k: &mut Kernel<'_, '_>, p: Dynptr, start: u32, end: u32) -> Answer<Success> {
        Self::bpf_dynptr_adjust(k, p, start.into(), end.into())
    }

    /// Tells whether there is nothing behind a dynptr.
    #[kfunc]
    fn bpf_dynptr_is_null(k: &mut Kernel<'_, '_>, p: Dynptr) -> Result<bool, Fault> {
        Ok(Value::load(k, p.0)?.is_null())
    }

    /// Tells whether what is behind a dynptr may only be read.
    #[kfunc]
    fn bpf_dynptr_is_rdonly(k: &mut Kernel<'_, '_>, p: Dynptr) -> Result<bool, Fault> {
        let value = Value::load(k, p.0)?;
        Ok(!value.is_null() && value.is_read_only())
    }

    /// Returns how many bytes are behind a dynptr.
    ///
    /// *Errors*: `EINVAL` where there is nothing behind it; before 6.19 as a number of 32 bits.
    #[kfunc(proto { "6.19": size_u32 })]
    fn bpf_dynptr_size(k: &mut Kernel<'_, '_>, p: Dynptr) -> Result<u64, Fault> {
        let value = Value::load(k, p.0)?;
        Ok(if value.is_null() { Errno::EINVAL.to_reg() } else { value.len() })
    }

    fn size_u32(k: &mut Kernel<'_, '_>, p: Dynptr) -> Result<u32, Fault> {
        Self::bpf_dynptr_size(k, p).map(|size| size as u32)
    }

    /// Makes another dynptr of what is behind one. Returns 0.
    ///
    /// *Errors*: `EINVAL` where there is nothing behind it; nor is there behind the new one then.
    #[kfunc(effect = DynptrClone)]
    fn bpf_dynptr_clone(
        k: &mut Kernel<'_, '_>,
        p: Dynptr,
        clone_uninit: NewDynptr,
    ) -> Answer<Success> {
        let value = Value::load(k, p.0)?;
        if value.is_null() {
            Value::NULL.store(k, clone_uninit.0)?;
            return Err(Errno::EINVAL.into());
        }
        value.store(k, clone_uninit.0)?;
        Ok(Success)
    }
}
