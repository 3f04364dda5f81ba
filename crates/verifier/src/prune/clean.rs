//! Takes out of kept states what nothing reads later, so that they cover more (`clean_live_states`).

use crate::env::Env;
use crate::liveness;
use crate::state::{RegState, StackSlot, StateId};

use super::scc;

/// Cleans the states of a bucket that are of the walked path's insn and callers, and have no branches left.
pub(super) fn clean_bucket(env: &mut Env<'_>, bucket: usize) {
    for at in 0..env.explored.bucket(bucket).len() {
        let id = env.explored.bucket(bucket)[at];
        let state = &env.explored.get(id).state;
        if state.cleaned
            || state.branches > 0
            || state.insn_idx != env.insn_idx
            || !state.same_callsites(&env.state)
            || scc::is_incomplete(env, state)
        {
            continue;
        }
        clean(env, id);
    }
}

fn clean(env: &mut Env<'_>, id: StateId) {
    let slots = liveness::live_slots(env, id);
    let Env { explored, aux, .. } = env;
    let state = &mut explored.get_mut(id).state;
    state.cleaned = true;
    for (at, slots) in slots.into_iter().enumerate().take(state.frames.len()) {
        let regs = aux[state.frame_insn(at) as usize].live_regs;
        let frame = &mut state.frames[at];
        for (reg, state) in frame.regs[..10].iter_mut().enumerate() {
            if regs >> reg & 1 == 0 {
                *state = RegState::not_init();
            }
        }
        for (spi, slot) in frame.stack.iter_mut().enumerate() {
            if slots >> spi & 1 == 0 {
                *slot = StackSlot::invalid();
            }
        }
    }
}
