//! Which registers and stack slots may still be read (`kernel/bpf/liveness.c`, 6.18).

mod flow;
mod instance;
mod registers;
mod stack;

use crate::diag::Step;
use crate::env::Env;

pub(crate) use stack::{
    Liveness, begin_insn, end_insn, live_slots, mark_stack_read, mark_stack_write, update,
};

/// Prepares.
pub(crate) fn init(_env: &mut Env<'_>) -> Step {
    Ok(())
}

/// Computes `InsnAux::live_regs` for all insns.
pub(crate) fn compute_registers(env: &mut Env<'_>) -> Step {
    registers::compute(env);
    Ok(())
}
