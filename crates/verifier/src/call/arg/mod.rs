//! Arguments of helpers (`check_func_arg`).

use super::Meta;
use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks the argument of this number, from 0.
pub(crate) fn check(_env: &mut Env<'_>, _arg: u8, _meta: &mut Meta) -> Step {
    Stop::unsupported("arguments of helpers")
}
