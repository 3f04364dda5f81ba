//! How much stack the deepest chain of calls takes (`check_max_stack_depth`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks it.
pub(crate) fn check(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("check of the stack depth")
}
