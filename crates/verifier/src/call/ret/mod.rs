//! What programs and callbacks may return (`check_return_code`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks what the program or callback returns.
pub(crate) fn check_return(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("return values")
}
