//! Which stack slots may still be read.

use crate::diag::Step;
use crate::env::Env;

/// Marks of stack slots, for each function and chain of calls.
#[derive(Debug, Default)]
pub(crate) struct Liveness {}

/// An insn is looked at: it wrote nothing yet.
pub(crate) fn begin_insn(_env: &mut Env<'_>) {}

/// The insn was applied, from a state that was `depth` frames deep: its marks count.
pub(crate) fn end_insn(_env: &mut Env<'_>, _depth: usize) {}

/// Brings what is live up to date with the marks, for the chain of calls of the walked path.
pub(crate) fn update(_env: &mut Env<'_>) -> Step {
    Ok(())
}

/// Notes that the insn that is looked at may read these slots (a bit each) of a frame.
pub(crate) fn mark_stack_read(_env: &mut Env<'_>, _frame: u32, _slots: u64) {}

/// Notes that the insn that is looked at overwrites these slots (a bit each) of a frame, wholly.
pub(crate) fn mark_stack_write(_env: &mut Env<'_>, _frame: u32, _slots: u64) {}
