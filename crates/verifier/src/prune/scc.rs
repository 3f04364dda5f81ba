//! Loops and the states that entered them (6.17).
//!
//! A loop is a strongly connected component of the control flow, as a certain chain of calls runs it. The first state
//! that is kept within it entered it; when no branch is left below that state, all of the loop was walked. Until then
//! a path that a state within covers is remembered (a *backedge*), because that state may not yet know all that must be
//! precise; afterwards marks are handed over the backedges until nothing changes. Marks only grow.

use crate::diag::Step;
use crate::env::{Env, InsnAux};
use crate::precision;
use crate::state::{State, StateId};

/// Rounds after which all numbers are made precise instead (`MAX_BACKEDGE_ITERS`).
const ROUNDS_MAX: u32 = 64;

/// A loop, as a chain of calls runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Chain {
    /// The calls that lead to it, outermost first.
    callsites: [u32; 7],
    /// Its number.
    scc: u32,
}

/// A visit of a loop.
#[derive(Debug)]
struct Visit {
    chain: Chain,
    /// The state that entered it; none once it was left.
    entry: Option<StateId>,
    /// Ends of paths that a state within covers.
    backedges: Vec<State>,
}

/// All visits of loops.
#[derive(Debug, Default)]
pub(crate) struct SccVisits {
    visits: Vec<Visit>,
    /// Backedges of all visits.
    backedges: u32,
}

impl SccVisits {
    /// Forgets all visits: another function is explored on its own.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn find(&mut self, chain: Chain) -> Option<&mut Visit> {
        self.visits.iter_mut().find(|visit| visit.chain == chain)
    }
}

/// The outermost loop that a state is in.
fn chain_of(aux: &[InsnAux], state: &State) -> Option<Chain> {
    let mut chain = Chain::default();
    for frame in 0..state.frames.len() {
        let insn = state.frame_insn(frame);
        let scc = aux[insn as usize].scc;
        if scc != 0 {
            chain.scc = scc;
            return Some(chain);
        }
        if let Some(callsite) = chain.callsites.get_mut(frame) {
            *callsite = insn;
        }
    }
    None
}

/// A state was kept: it may be the first within a loop (`maybe_enter_scc`).
pub(super) fn enter(env: &mut Env<'_>, id: StateId) {
    let Some(chain) = chain_of(&env.aux, &env.explored.get(id).state) else {
        return;
    };
    match env.scc_visits.find(chain) {
        Some(visit) => visit.entry = visit.entry.or(Some(id)),
        None => {
            let visit = Visit { chain, entry: Some(id), backedges: Vec::new() };
            env.scc_visits.visits.push(visit);
        }
    }
}

/// No branch is left below a kept state: if it entered a loop, the loop is done (`maybe_exit_scc`).
pub(crate) fn leave_scc(env: &mut Env<'_>, id: StateId) -> Step {
    let Some(chain) = chain_of(&env.aux, &env.explored.get(id).state) else {
        return Ok(());
    };
    let Some(visit) = env.scc_visits.find(chain).filter(|visit| visit.entry == Some(id)) else {
        return Ok(());
    };
    visit.entry = None;
    // They stay counted as incomplete until the marks went around.
    let backedges = core::mem::take(&mut visit.backedges);
    hand_around(env, &backedges)?;
    env.scc_visits.backedges -= backedges.len() as u32;
    backedges.into_iter().for_each(|state| env.explored.recycle(state));
    Ok(())
}

/// Hands marks over the backedges until nothing changes (`propagate_backedges`).
fn hand_around(env: &mut Env<'_>, backedges: &[State]) -> Step {
    for _ in 0..ROUNDS_MAX {
        let mut changed = false;
        // Last remembered, first handed over.
        for end in backedges.iter().rev() {
            if let Some(old) = end.equal_to {
                changed |= precision::propagate_backedge(env, old, end)?;
            }
        }
        if !changed {
            return Ok(());
        }
    }
    backedges.iter().for_each(|end| precision::give_up(env, end));
    Ok(())
}

/// The walked path ends within a loop, covered by `old` (`add_scc_backedge`).
pub(super) fn add_backedge(env: &mut Env<'_>, old: StateId) {
    let mut end = env.explored.copy(&env.state);
    end.equal_to = Some(old);
    let Some(chain) = chain_of(&env.aux, &env.explored.get(old).state) else {
        return;
    };
    if let Some(visit) = env.scc_visits.find(chain) {
        visit.backedges.push(end);
        env.scc_visits.backedges += 1;
        update_peak(env);
    }
}

/// Whether a state does not know all yet that must be precise (`incomplete_read_marks`).
pub(super) fn is_incomplete(env: &Env<'_>, state: &State) -> bool {
    if env.scc_visits.backedges == 0 {
        return false;
    }
    let Some(chain) = chain_of(&env.aux, state) else {
        return false;
    };
    let visit = env.scc_visits.visits.iter().find(|visit| visit.chain == chain);
    visit.is_some_and(|visit| !visit.backedges.is_empty())
}

/// Counts the states that are there at once.
pub(super) fn update_peak(env: &mut Env<'_>) {
    let states = env.explored.active + env.explored.retired + env.scc_visits.backedges;
    env.cost.peak_states = env.cost.peak_states.max(states);
}

/// Gives up a retired state that nothing needs any more (`maybe_free_verifier_state`).
pub(crate) fn release_if_done(env: &mut Env<'_>, id: StateId) {
    let kept = env.explored.get(id);
    if kept.retired && kept.state.branches == 0 && !is_incomplete(env, &kept.state) {
        env.explored.release(id);
    }
}
