//! What remains once R0 is set: packets that moved, and the way back of tail calls.

use skep_abi::Effect;
use skep_isa::Reg;

use crate::call::{Meta, clobber, exit_subprog};
use crate::diag::Step;
use crate::env::Env;
use crate::explore;
use crate::state::RegState;

/// Finishes the call.
pub(super) fn finish(env: &mut Env<'_>, meta: &Meta, changes_packet: bool) -> Step {
    let is_tail_call = meta.proto.effect == Some(Effect::TailCall);
    if is_tail_call && env.state.curframe() == 0 {
        // The program that is jumped to returns to whoever ran this one.
        return Ok(());
    }
    if is_tail_call {
        env.aux_mut().tail_call = true;
        return leave(env);
    }
    if changes_packet {
        clobber::packet_pointers(&mut env.state);
    }
    Ok(())
}

/// A tail call of a subprogram that works returns to the caller, with whatever the other program returned.
fn leave(env: &mut Env<'_>) -> Step {
    let at = env.insn_idx;
    explore::push_branch(env, at + 1, at)?;
    clobber::packet_pointers(&mut env.state);
    *env.reg_mut(Reg::R0) = RegState::unknown();
    env.insn_idx = exit_subprog(env)?;
    Ok(())
}
