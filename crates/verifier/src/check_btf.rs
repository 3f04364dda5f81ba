//! `func_info`, `line_info` and the types of the program (`kernel/bpf/check_btf.c`).

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks them, and names the subprograms.
pub(crate) fn check(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("check of BTF info")
}
