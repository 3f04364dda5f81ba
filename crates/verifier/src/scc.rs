//! Loops of the control flow: strongly connected components (6.17).

use crate::env::Env;

/// Loops, and the states that entered them.
#[derive(Debug, Default)]
pub(crate) struct SccInfo {}

/// Numbers the components; insns in none have 0.
pub(crate) fn compute(_env: &mut Env<'_>) {}
