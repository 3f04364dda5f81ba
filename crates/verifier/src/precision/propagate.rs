//! A kept state covers a path: what it needs precisely, the path needs too (`propagate_precision`).

use crate::diag::{Step, log};
use crate::env::Env;
use crate::state::{State, StateId};

use super::mark::{mark_all_precise, mark_backedge, mark_current};

/// Looks for every precise number of a state.
fn look_for(env: &mut Env<'_>, old: StateId, frame: usize) {
    let Env { explored, backtrack, log, .. } = env;
    backtrack.frame = frame;
    for (at, func) in explored.get(old).state.frames.iter().enumerate() {
        for (reg, state) in func.regs[..10].iter().enumerate() {
            if state.is_scalar() && state.precise {
                backtrack.regs[at] |= 1 << reg;
            }
        }
        for (spi, slot) in func.stack.iter().enumerate() {
            if slot.is_scalar_spill() && slot.spilled.precise {
                backtrack.slots[at] |= 1 << spi;
            }
        }
    }
    log::propagating(log, &backtrack.regs, &backtrack.slots);
}

/// The walked path is covered by `old`.
pub(crate) fn propagate(env: &mut Env<'_>, old: StateId) -> Step {
    look_for(env, old, env.state.frames.len() - 1);
    mark_current(env)?;
    Ok(())
}

/// A path that ended at `end`, within a loop, is covered by `old`; tells whether that changed a kept state.
pub(crate) fn propagate_backedge(env: &mut Env<'_>, old: StateId, end: &State) -> Step<bool> {
    look_for(env, old, end.frames.len() - 1);
    mark_backedge(env, end)
}

/// Makes all numbers along the path to `end` precise.
pub(crate) fn give_up(env: &mut Env<'_>, end: &State) {
    mark_all_precise(&mut env.explored, end.parent);
}
