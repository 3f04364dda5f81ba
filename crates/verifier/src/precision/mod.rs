//! Which numbers must be known exactly: marks that walk back along the path (`kernel/bpf/backtrack.c`).

use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;

/// One insn of the path since the last kept state, where it matters (`struct bpf_jmp_history_entry`).
#[derive(Clone, Debug)]
pub(crate) struct HistoryEntry {
    /// The insn.
    pub(crate) insn: u32,
    /// The one before.
    pub(crate) prev: u32,
}

/// Scratch of the walk back.
#[derive(Debug, Default)]
pub(crate) struct Backtrack {}

/// What an entry of the history says beside the jump (`INSN_F_*`).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HistoryFlags {
    /// The insn read or wrote this slot of this frame's stack.
    pub(crate) stack_access: Option<(u32, u32)>,
    /// For a conditional jump: whether the first operand is a stack pointer (`INSN_F_DST_REG_STACK`).
    pub(crate) dst_is_stack: bool,
    /// Whether the second one is.
    pub(crate) src_is_stack: bool,
}

/// Adds an entry to the history (`push_jmp_history`).
pub(crate) fn push_history(
    _env: &mut Env<'_>,
    _flags: HistoryFlags,
    _linked: &[LinkedReg],
) -> Step {
    Stop::unsupported("jump history")
}

/// A register or slot that is linked to others by a common id, at a conditional jump (`struct linked_reg`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkedReg {
    /// The frame.
    pub(crate) frame: u32,
    /// Register, or spilled slot.
    pub(crate) at: LinkedAt,
}

/// Where a linked number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkedAt {
    /// A register.
    Reg(Reg),
    /// A slot.
    Slot(u32),
}

/// Marks a register of the running frame precise, and whatever it was computed from (`mark_chain_precision`).
pub(crate) fn mark_chain(_env: &mut Env<'_>, _reg: Reg) -> Step {
    Stop::unsupported("precision")
}

/// The insns of the path that is walked, from the first.
pub(crate) fn path(_env: &Env<'_>) -> Vec<Option<u32>> {
    Vec::new()
}
