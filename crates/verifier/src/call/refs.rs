//! References that a program must give back (`acquire_reference`, `release_reference`).

use skep_abi::TypeFlags;

use crate::env::Env;
use crate::state::{LockOwner, RefKind, RefState, RegState, State};

/// Takes a reference at the insn that is looked at: its id.
pub(crate) fn acquire(env: &mut Env<'_>) -> u32 {
    let id = env.new_id();
    let insn = env.insn_idx;
    let owner = LockOwner::None;
    env.state.refs.held.push(RefState { kind: RefKind::Ptr, id, insn, owner });
    id
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
