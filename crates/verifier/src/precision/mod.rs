//! Which numbers must be known exactly: marks that walk back along the path (`kernel/bpf/backtrack.c`).

mod history;

use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;

pub(crate) use history::{
    HistoryEntry, HistoryFlags, LINKED_MAX, LinkedAt, LinkedReg, begin_insn, push_history,
};

/// Scratch of the walk back.
#[derive(Debug, Default)]
pub(crate) struct Backtrack {
    /// Whether the last entry of the history is of the insn that is looked at.
    has_entry: bool,
}

/// Marks a register of the running frame precise, and whatever it was computed from (`mark_chain_precision`).
pub(crate) fn mark_chain(_env: &mut Env<'_>, _reg: Reg) -> Step {
    Ok(())
}

/// The insns of the path that is walked, from the first.
pub(crate) fn path(_env: &Env<'_>) -> Vec<Option<u32>> {
    Vec::new()
}
