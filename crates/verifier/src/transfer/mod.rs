//! What each insn does to the state; dispatch only.

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Where the path goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At this insn.
    Insn(u32),
    /// Nowhere: the path ended well.
    Done,
}

/// Applies the insn that is looked at (`do_check_insn`).
pub(crate) fn step(_env: &mut Env<'_>) -> Step<Next> {
    Stop::unsupported("transfer")
}
