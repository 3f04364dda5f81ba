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
