//! Reference counts in objects: `lib/refcount.c`.
//!
//! A count that was misused saturates: it stays far from zero, and its object is never freed.

use skep_abi::Addr;

use crate::memory::{AtomicOp, Memory, Width};
use crate::{Access, Fault};

/// `REFCOUNT_SATURATED`: half way between the largest count and the smallest negative one.
const SATURATED: i32 = i32::MIN / 2;

/// Adds a reference (`refcount_inc`).
///
/// # Errors
/// A [`Fault`] when no live object is there.
pub(crate) fn inc(memory: &Memory, count: Addr) -> Result<(), Fault> {
    memory.check(count, 4, Access::Read)?;
    let old = memory.kernel_atomic(count, Width::W, AtomicOp::Add, 1)? as i32;
    // From zero the object may be on its way to be freed; below, the count has saturated before.
    if old <= 0 || old == i32::MAX {
        saturate(memory, count)?;
    }
    Ok(())
}

/// Adds a reference where there is one (`refcount_inc_not_zero`); `false` where there is none. The caller knows that the
/// object is alive.
///
/// # Errors
/// A [`Fault`] when no object is there.
pub(crate) fn inc_not_zero(memory: &Memory, count: Addr) -> Result<bool, Fault> {
    let mut old = memory.kernel_load(count, Width::W)? as i32;
    loop {
        if old == 0 {
            return Ok(false);
        }
        let new = if old < 0 || old == i32::MAX { SATURATED } else { old + 1 };
        let word = |number: i32| u64::from(number.cast_unsigned());
        let found = memory.kernel_cmpxchg(count, Width::W, word(old), word(new))? as i32;
        if found == old {
            return Ok(true);
        }
        old = found;
    }
}

/// Takes a reference away; `true` when it was the last one (`refcount_dec_and_test`).
///
/// # Errors
/// A [`Fault`] when no live object is there.
pub(crate) fn dec_and_test(memory: &Memory, count: Addr) -> Result<bool, Fault> {
    memory.check(count, 4, Access::Read)?;
    dec_live_and_test(memory, count)
}

/// The same for an object that the caller knows to be alive.
///
/// # Errors
/// A [`Fault`] when no object is there.
pub(crate) fn dec_live_and_test(memory: &Memory, count: Addr) -> Result<bool, Fault> {
    let less = u64::from((-1_i32).cast_unsigned());
    let old = memory.kernel_atomic(count, Width::W, AtomicOp::Add, less)? as i32;
    if old <= 0 {
        saturate(memory, count)?;
    }
    Ok(old == 1)
}

fn saturate(memory: &Memory, count: Addr) -> Result<(), Fault> {
    memory.kernel_write(count, &SATURATED.to_le_bytes())
}
