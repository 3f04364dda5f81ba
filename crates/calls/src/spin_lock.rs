//! `kernel/bpf/helpers.c`: spin locks of programs.

use skep_machine::{AtomicOp, Fault, Kernel, Width};
use skep_macros::calls;

use crate::arg::SpinLock;
use crate::ret::Answer;

/// Spin locks.
pub(crate) struct SpinLocks;

/// What a lock holds while somebody has it.
const HELD: u64 = 1;

/// How often a lock is asked for, a second or more: nobody holds one that long but a run that ended with it, after a
/// trap or its budget.
const ROUNDS: u32 = 1 << 22;

#[calls(since = "5.1", avail { BASE })]
impl SpinLocks {
    /// Takes a lock, and waits where another CPU has it.
    #[helper(93, effect = SpinLock)]
    fn bpf_spin_lock(k: &mut Kernel<'_, '_>, lock: SpinLock) -> Answer<()> {
        // Holders do nothing but run to their end, so that waiting for one is short.
        for _ in 0..ROUNDS {
            if k.run.memory().kernel_atomic(lock.0, Width::W, AtomicOp::Xchg, HELD)? != HELD {
                return Ok(());
            }
            std::thread::yield_now();
        }
        let why = "the lock is held by a run that ended without giving it up".to_owned();
        Err(Fault::Call { call: "bpf_spin_lock", why }.into())
    }

    /// Gives up a lock that the program holds.
    #[helper(94, effect = SpinUnlock)]
    fn bpf_spin_unlock(k: &mut Kernel<'_, '_>, lock: SpinLock) -> Answer<()> {
        if k.run.memory().kernel_atomic(lock.0, Width::W, AtomicOp::Xchg, 0)? != HELD {
            let why = "the lock is not held".to_owned();
            return Err(Fault::Call { call: "bpf_spin_unlock", why }.into());
        }
        Ok(())
    }
}
