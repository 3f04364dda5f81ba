//! What the program attaches to (`check_attach_btf_id`, `check_struct_ops_btf_id`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks it.
pub(crate) fn check(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("check of the attach target")
}
