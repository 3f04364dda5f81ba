//! The functions of a program (`add_subprog_and_kfunc`, `check_subprogs`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Finds every function: called, or taken the address of; and every kfunc that is called.
pub(crate) fn find(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("subprograms")
}

/// Checks that jumps stay within their function, and that no function falls through its end.
pub(crate) fn check(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("subprograms")
}

/// Reads what a global subprogram takes, out of the types of the program, into `Subprog::args`
/// (`btf_prepare_func_args`).
pub(crate) fn global_args(_env: &mut Env<'_>, _subprog: u32) -> Step {
    Stop::unsupported("arguments of global subprograms")
}
