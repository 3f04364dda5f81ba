//! How loops of unknown length come to an end: open-coded iterators, `may_goto` and callbacks.
//!
//! Each round forks: one path leaves the loop, one goes on. Before it goes on, numbers that differ from the round
//! before and that nothing needed precisely are forgotten (widened), so that a later round meets a state of an
//! earlier one and ends. What only grows: the set of numbers that are forgotten or precise.

use skep_abi::TypeFlags;
use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::prune::regs_exact;
use crate::state::{IdMap, IterState, Payload, RegState, State, StateId};

use super::{both, push_branch};

/// The round before: the nearest kept state that the path came through at `insn`, with the same callers
/// (`find_prev_entry`).
pub(crate) fn prev_entry(env: &Env<'_>, of: &State, insn: u32) -> Option<StateId> {
    let bucket = env.explored.bucket_of(insn, of.frame().callsite);
    let states = env.explored.bucket(bucket).iter().rev();
    states.copied().find(|&id| {
        let kept = &env.explored.get(id).state;
        kept.insn_idx == insn
            && kept.branches > 0
            && kept.same_callsites(of)
            && kept.dfs_depth < of.dfs_depth
    })
}

/// Forgets numbers of `state` that are not those of the round before, unless they were needed precisely
/// (`widen_imprecise_scalars`).
fn widen_imprecise(old: &State, state: &mut State, ids: &mut IdMap, first_free: u32) {
    ids.reset(first_free);
    for (old, cur) in old.frames.iter().zip(&mut state.frames).rev() {
        for (old, cur) in old.regs.iter().zip(&mut cur.regs) {
            widen_reg(old, cur, ids);
        }
        for (old, cur) in old.stack.iter().zip(&mut cur.stack) {
            if old.is_spill() && cur.is_spill() {
                widen_reg(&old.spilled, &mut cur.spilled, ids);
            }
        }
    }
}

fn widen_reg(old: &RegState, cur: &mut RegState, ids: &mut IdMap) {
    if !old.is_scalar() || !cur.is_scalar() || old.precise || cur.precise {
        return;
    }
    if !regs_exact(old, cur, ids) {
        *cur = RegState::unknown();
    }
}

/// The iterator in a slot: where it stands, and how often it was advanced.
fn iter_of(state: &mut State, frame: usize, spi: usize) -> Step<(&mut IterState, &mut u32)> {
    let slot = state.frames.get_mut(frame).and_then(|f| f.stack.get_mut(spi));
    match slot.map(|slot| &mut slot.spilled.payload) {
        Some(Payload::Iter { state, depth, .. }) => Ok((state, depth)),
        _ => Stop::bug("an iterator's next call without an iterator"),
    }
}

/// A call that advances the iterator in slot `spi` of `frame`, after its result was put into R0: leaves the path on
/// which there is another element for later, and goes on with the one on which there is none
/// (`process_iter_next_call`).
pub(crate) fn iter_next(env: &mut Env<'_>, frame: usize, spi: usize) -> Step {
    let at = env.insn_idx;
    let (state, _) = iter_of(&mut env.state, frame, spi)?;
    if *state == IterState::Active {
        let parent = env.state.parent.map(|id| &env.explored.get(id).state);
        let Some(parent) = parent.filter(|p| p.insn_idx == at && p.same_callsites(&env.state))
        else {
            return Stop::bug("no state was kept before an iterator's next call");
        };
        let round_before = prev_entry(env, parent, at);
        let queued = push_branch(env, at + 1, at)?;
        let (_, depth) = iter_of(queued, frame, spi)?;
        *depth += 1;
        widen_pushed(env, round_before);
        let (_, queued) = both(env)?;
        queued.reg_mut(Reg::R0).ty.flags.remove(TypeFlags::PTR_MAYBE_NULL);
    }
    let (state, _) = iter_of(&mut env.state, frame, spi)?;
    *state = IterState::Drained;
    *env.reg_mut(Reg::R0) = RegState::constant(0);
    Ok(())
}

/// `may_goto`: has the fallthrough walked later, numbers that a loop changes made unknown; the caller takes the jump.
pub(crate) fn may_goto(env: &mut Env<'_>) -> Step {
    let at = env.insn_idx;
    let parent = env.state.parent.map(|id| &env.explored.get(id).state);
    let round_before = parent.and_then(|parent| prev_entry(env, parent, at));
    push_branch(env, at + 1, at)?.may_goto_depth += 1;
    widen_pushed(env, round_before);
    Ok(())
}

/// Widens the branch that was pushed last.
fn widen_pushed(env: &mut Env<'_>, round_before: Option<StateId>) {
    let Some(old) = round_before else {
        return;
    };
    let (queued, old) = env.explored.pushed_and(old);
    if let Some(queued) = queued {
        widen_imprecise(old, queued, &mut env.ids, env.last_id);
    }
}

/// A callback returned to the call that runs it, at `insn`: widens the path against the round before.
pub(crate) fn widen_at_return(env: &mut Env<'_>, insn: u32) {
    if let Some(old) = prev_entry(env, &env.state, insn) {
        let old = &env.explored.get(old).state;
        widen_imprecise(old, &mut env.state, &mut env.ids, env.last_id);
    }
}
