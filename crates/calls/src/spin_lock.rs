//! `kernel/bpf/helpers.c`: spin locks of programs.

use skep_machine::{Fault, Kernel, spin_lock};
use skep_macros::calls;

use crate::arg::SpinLock;
use crate::ret::Answer;

/// Spin locks.
pub(crate) struct SpinLocks;

#[calls(since = "5.1", avail { BASE })]
impl SpinLocks {
    /// Takes a lock, and waits where another CPU has it.
    #[helper(93, effect = SpinLock)]
    fn bpf_spin_lock(k: &mut Kernel<'_, '_>, lock: SpinLock) -> Answer<()> {
        Ok(spin_lock::lock(k.run.memory(), lock.0)?)
    }

    /// Gives up a lock that the program holds.
    #[helper(94, effect = SpinUnlock)]
    fn bpf_spin_unlock(k: &mut Kernel<'_, '_>, lock: SpinLock) -> Answer<()> {
        if !spin_lock::unlock(k.run.memory(), lock.0)? {
            let why = "the lock is not held".to_owned();
            return Err(Fault::Call { call: "bpf_spin_unlock", why }.into());
        }
        Ok(())
    }
}
