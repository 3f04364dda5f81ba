//! Walks all paths of a program depth-first (`do_check`), with the branches that wait, and the states that were kept.
//!
//! The order is the kernel's: a conditional jump goes on with one side and leaves the other on a stack, last in,
//! first out. Pruning, infinite loops and what a program costs all depend on that order.

mod branch;
mod convergence;
mod entry;
mod explored;
mod walk;

pub(crate) use branch::REJECTIONS as BRANCH_REJECTIONS;
pub(crate) use branch::{both, push_async, push_branch};
pub(crate) use convergence::{iter_next, may_goto, widen_at_return};
pub(crate) use entry::REJECTIONS as ENTRY_REJECTIONS;
pub(crate) use entry::{global_subprogs, main_program};
pub(crate) use explored::Explored;
pub(crate) use walk::REJECTIONS as WALK_REJECTIONS;

use crate::env::Env;

/// No insn: what precedes the first one.
pub(crate) const NO_INSN: u32 = u32::MAX;

/// Counts a jump for the rhythm in which states are kept (`jmps_processed`).
pub(crate) fn count_jump(env: &mut Env<'_>) {
    env.explored.jmps_processed += 1;
}
