//! Calls of the program's own functions (`check_func_call`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Enters the subprogram, or judges the call where it is global. The insn to go on at is left in `env.insn_idx`.
pub(crate) fn call(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("calls of subprograms")
}
