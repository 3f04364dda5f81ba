//! The control flow (`kernel/bpf/cfg.c`): every insn is reached, jumps land on insns, where states are kept.

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Walks the control flow depth-first and marks where states are to be kept.
pub(crate) fn check(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("check of the control flow")
}

/// Orders the insns of each function so that successors come first.
pub(crate) fn postorder(_env: &mut Env<'_>) {}
