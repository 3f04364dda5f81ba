//! Locks that programs take: `bpf_spin_lock`.

use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Takes or releases the lock that `reg` points to (`process_spin_lock`).
pub(crate) fn check(_env: &mut Env<'_>, _reg: Reg, _lock: bool) -> Step {
    Stop::unsupported("locks")
}

/// Refuses calls that may not be made while a lock is held (the check that `do_check` makes before any call).
pub(crate) fn check_held(_env: &Env<'_>, _insn: skep_isa::Insn) -> Step {
    Ok(())
}
