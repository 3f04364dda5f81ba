//! References that a program must give back (`acquire_reference`, `release_reference`).

use skep_abi::TypeFlags;

use crate::env::Env;
use crate::state::{LockOwner, RefKind, RefState, RegState, State};

/// Takes a reference at the insn that is looked at: its id.
pub(crate) fn acquire(env: &mut Env<'_>) -> u32 {
    let id = env.new_id();
    let insn = env.insn_idx;
    let owner = LockOwner::None;
    let callback = own_callback(env).unwrap_or(0);
    env.state.refs.held.push(RefState { kind: RefKind::Ptr, id, insn, owner, callback });
    id
}

/// The frame, where it is one of a callback that may release its own references alone.
pub(super) fn own_callback(env: &Env<'_>) -> Option<u32> {
    let is_own = env.features.callbacks_own_references() && env.state.frame().is_sync_callback();
    is_own.then(|| env.state.frame().frameno)
}

/// Whether a reference, if it is held, is one that the path may give back here.
pub(super) fn may_release(env: &Env<'_>, id: u32) -> bool {
    let Some(frame) = own_callback(env) else { return true };
    let held = env.state.refs.held.iter();
    held.filter(|r| r.kind == RefKind::Ptr && r.id == id).all(|r| r.callback == frame)
}

/// Gives a reference back, and invalidates every copy of the pointer; tells whether it was held.
pub(crate) fn release(state: &mut State, id: u32) -> bool {
    if !state.refs.remove(id) {
        return false;
    }
    state.for_each_reg(|reg| {
        if reg.ref_id == id {
            invalidate(reg);
        }
    });
    true
}

/// Invalidates non-owning references, as the end of a critical section does.
pub(crate) fn invalidate_non_owning(state: &mut State) {
    let flags = TypeFlags::MEM_ALLOC | TypeFlags::NON_OWN_REF;
    state.for_each_reg(|reg| {
        if reg.is_pointer() && reg.ty.has(flags) {
            invalidate(reg);
        }
    });
}

/// What once was a pointer is a mere number (`mark_reg_invalid`): privileged programs may keep it.
pub(crate) fn invalidate(reg: &mut RegState) {
    *reg = RegState::unknown();
}
