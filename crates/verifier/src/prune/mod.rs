//! When a path need not be walked further, because a kept state covers it (`kernel/bpf/states.c`).

use crate::diag::Step;
use crate::env::Env;
use crate::state::{IdMap, RegState, StateId};

/// Whether a kept state covers the walked path; otherwise it may be kept itself (`is_state_visited`).
pub(crate) fn is_visited(_env: &mut Env<'_>) -> Step<bool> {
    Ok(false)
}

/// No branch is left below a kept state: if it entered a loop, the loop is done (`maybe_exit_scc`).
pub(crate) fn leave_scc(_env: &mut Env<'_>, _id: StateId) -> Step {
    Ok(())
}

/// Gives up a retired state that nothing needs any more (`maybe_free_verifier_state`).
pub(crate) fn release_if_done(_env: &mut Env<'_>, _id: StateId) {}

/// Whether two registers hold the same but for the ids (`regs_exact`).
pub(crate) fn regs_exact(old: &RegState, cur: &RegState, ids: &mut IdMap) -> bool {
    old.ty == cur.ty
        && old.off == cur.off
        && old.payload == cur.payload
        && old.num == cur.num
        && ids.check(old.id, cur.id)
        && ids.check(old.ref_id, cur.ref_id)
}
