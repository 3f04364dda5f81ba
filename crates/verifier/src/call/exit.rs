//! Leaving a subprogram or callback (`prepare_func_exit`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Leaves: the insn to go on at.
pub(crate) fn exit_subprog(_env: &mut Env<'_>) -> Step<u32> {
    Stop::unsupported("calls of subprograms")
}
