//! Which registers and stack slots may still be read (`kernel/bpf/liveness.c`, 6.18).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Marks of stack slots, for each function and chain of calls.
#[derive(Debug, Default)]
pub(crate) struct Liveness {}

/// Prepares.
pub(crate) fn init(_env: &mut Env<'_>) -> Step {
    Ok(())
}

/// Computes `InsnAux::live_regs` for all insns.
pub(crate) fn compute_registers(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("live registers")
}

/// Notes that the insn that is looked at may read these slots (a bit each) of a frame.
pub(crate) fn mark_stack_read(_env: &mut Env<'_>, _frame: u32, _slots: u64) {}

/// Notes that the insn that is looked at overwrites these slots (a bit each) of a frame, wholly.
pub(crate) fn mark_stack_write(_env: &mut Env<'_>, _frame: u32, _slots: u64) {}
