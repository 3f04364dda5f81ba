//! Walks all paths (`do_check`), with the branches that wait, and the states that were kept.

use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::state::State;

/// States that were kept, by insn, and branches that wait.
#[derive(Debug, Default)]
pub(crate) struct Explored {}

impl Explored {
    /// For a program of so many insns.
    pub(crate) fn new(_insns: usize) -> Self {
        Self {}
    }
}

/// Walks the main program (`do_check_main`).
pub(crate) fn main_program(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("exploration")
}

/// Walks each global subprogram that is called, on its own (`do_check_subprogs`).
pub(crate) fn global_subprogs(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("exploration")
}

/// Has another path walked later, from `insn`, with a copy of the state, which may be changed (`push_stack`).
pub(crate) fn push_branch<'e>(
    _env: &'e mut Env<'_>,
    _insn: u32,
    _prev: u32,
) -> Step<&'e mut State> {
    Stop::unsupported("exploration")
}

/// Has an asynchronous callback walked later: a state of one fresh frame (`push_async_cb`).
pub(crate) fn push_async<'e>(
    _env: &'e mut Env<'_>,
    _insn: u32,
    _prev: u32,
    _subprog: u32,
    _is_sleepable: bool,
) -> Step<&'e mut State> {
    Stop::unsupported("exploration")
}

/// The current state, and the branch that was pushed last: for what a conditional jump teaches on either way.
pub(crate) fn both<'e>(_env: &'e mut Env<'_>) -> Step<(&'e mut State, &'e mut State)> {
    Stop::unsupported("exploration")
}

/// Counts a jump for the rhythm in which states are kept (`jmps_processed`).
pub(crate) fn count_jump(_env: &mut Env<'_>) {}

/// `may_goto`: has the fallthrough walked later, numbers that a loop changes made unknown; the caller takes the jump.
pub(crate) fn may_goto(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("may_goto")
}
