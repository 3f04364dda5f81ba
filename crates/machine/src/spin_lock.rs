//! `struct bpf_spin_lock`: 4 bytes in a map's value.
//!
//! Whoever has a lock does nothing but run to its end, and what runs programs gives up the locks of those that trap: so
//! waiting for one is short. Who asks for a lock that it has waits for ever.

use skep_abi::Addr;

use crate::Fault;
use crate::memory::{AtomicOp, Memory, Width};

/// What a lock holds while somebody has it.
const HELD: u64 = 1;

/// Takes a lock, and waits where somebody else has it.
///
/// # Errors
/// A [`Fault`] when no live object is there.
pub fn lock(memory: &Memory, lock: Addr) -> Result<(), Fault> {
    while memory.kernel_atomic(lock, Width::W, AtomicOp::Xchg, HELD)? == HELD {
        std::thread::yield_now();
    }
    Ok(())
}

/// Gives a lock up; `false` when nobody had it.
///
/// # Errors
/// As [`lock`].
pub fn unlock(memory: &Memory, lock: Addr) -> Result<bool, Fault> {
    Ok(memory.kernel_atomic(lock, Width::W, AtomicOp::Xchg, 0)? == HELD)
}
