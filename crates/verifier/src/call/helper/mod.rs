//! Calls of helpers (`check_helper_call`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Calls the helper of the insn that is looked at.
pub(crate) fn call(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("calls of helpers")
}
