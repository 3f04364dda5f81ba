//! Branches that wait (`push_stack`, `push_async_cb`, `pop_stack`), and how many are left below each kept state.

use skep_abi::Errno;

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::features::Features;
use crate::liveness;
use crate::prune;
use crate::state::State;

/// Branches that may wait at once (`BPF_COMPLEXITY_LIMIT_JMP_SEQ`).
const PENDING_MAX: usize = 8192;

/// A branch that waits.
#[derive(Debug)]
pub(super) struct Pending {
    /// What is known there.
    pub(super) state: State,
    /// Where it goes on.
    pub(super) insn: u32,
    /// Where it comes from.
    pub(super) prev: u32,
    /// Length of the log when it was left.
    pub(super) log_at: usize,
}

rejections! {
    /// Too many branches wait to be walked, as in a loop whose end the verifier cannot see.
    ///
    /// Each conditional jump leaves one branch for later: each round of a loop leaves the one that goes out of it. The
    /// kernel gives up when more than 8,192 wait at once, which happens with loops that no counter bounds, and with very
    /// long chains of jumps, such as fully unrolled loops.
    JumpSequenceTooComplex(
        "jump-sequence-too-complex", E2BIG,
        help: "bound the loop by a counter (`for (i = 0; i < 100 && …; i++)`), or write it with bpf_loop(), bpf_for() \
               or can_loop, which the verifier need not unroll; break very long functions up into global ones",
    ) { pending: usize } => "The sequence of {pending} jumps is too complex.";

    /// Too many asynchronous callbacks wait to be walked.
    ///
    /// Each call that sets a callback leaves the callback for later. The kernel gives up when more than 8,192
    /// branches wait at once.
    AsyncSequenceTooComplex(
        "async-callbacks-too-complex", E2BIG,
        help: "set the callback in one place, not once for each path",
    ) { pending: usize } => "The sequence of {pending} jumps is too complex for async cb.";
}

/// Has another path walked later, from `insn`, with a copy of the state, which may be changed (`push_stack`).
pub(crate) fn push_branch<'e>(env: &'e mut Env<'_>, insn: u32, prev: u32) -> Step<&'e mut State> {
    let state = env.explored.copy(&env.state);
    if let Some(parent) = state.parent {
        env.explored.get_mut(parent).state.branches += 1;
    }
    let log_at = env.log.len();
    let pending = &mut env.explored.pending;
    pending.push(Pending { state, insn, prev, log_at });
    if pending.len() > PENDING_MAX {
        let stop = JumpSequenceTooComplex { pending: pending.len() }.into();
        return Err(told(env.features, stop));
    }
    let last = pending.len() - 1;
    Ok(&mut pending[last].state)
}

/// The error number, which some releases get wrong.
fn told(features: Features, stop: Box<Stop>) -> Box<Stop> {
    if features.has_callback_fixes() { stop } else { stop.with_errno(Errno::EFAULT) }
}

/// The current state, and the branch that was pushed last: for what a conditional jump teaches on either way.
pub(crate) fn both<'e>(env: &'e mut Env<'_>) -> Step<(&'e mut State, &'e mut State)> {
    match env.explored.pending.last_mut() {
        Some(pending) => Ok((&mut env.state, &mut pending.state)),
        None => Stop::bug("no branch was pushed"),
    }
}

/// Has an asynchronous callback walked later: a state of one fresh frame (`push_async_cb`).
pub(crate) fn push_async<'e>(
    env: &'e mut Env<'_>,
    insn: u32,
    prev: u32,
    subprog: u32,
    is_sleepable: bool,
) -> Step<&'e mut State> {
    let state = State::start(subprog, is_sleepable);
    let log_at = env.log.len();
    let pending = &mut env.explored.pending;
    pending.push(Pending { state, insn, prev, log_at });
    if pending.len() > PENDING_MAX {
        let stop = AsyncSequenceTooComplex { pending: pending.len() }.into();
        return Err(told(env.features, stop));
    }
    let last = pending.len() - 1;
    Ok(&mut pending[last].state)
}

/// The path ended: goes on with the branch that was left last; false when none waits.
pub(super) fn pop(env: &mut Env<'_>) -> Step<bool> {
    finish_path(env)?;
    liveness::update(env);
    let Some(pending) = env.explored.pending.pop() else {
        return Ok(false);
    };
    let old = core::mem::replace(&mut env.state, pending.state);
    env.explored.recycle(old);
    env.insn_idx = pending.insn;
    env.prev_insn_idx = pending.prev;
    env.log.back_to(pending.log_at);
    env.log.path_changes();
    Ok(true)
}

/// The walked path ended: one branch fewer below each state that it came from, up to the first that has others left
/// (`update_branch_counts`).
fn finish_path(env: &mut Env<'_>) -> Step {
    let mut next = env.state.parent;
    while let Some(id) = next {
        let state = &mut env.explored.get_mut(id).state;
        state.branches = state.branches.saturating_sub(1);
        if state.branches > 0 {
            return Ok(());
        }
        next = state.parent;
        prune::leave_scc(env, id)?;
        prune::release_if_done(env, id);
    }
    Ok(())
}
