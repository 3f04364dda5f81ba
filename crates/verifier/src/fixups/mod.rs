//! What the kernel rewrites before and after the analysis, as far as it decides verdicts (`kernel/bpf/fixups.c`).

mod fastcall;

use crate::diag::Step;
use crate::env::Env;

/// Finds spills and fills around calls that clobber nothing (`mark_fastcall_patterns`).
pub(crate) fn mark_fastcall(env: &mut Env<'_>) -> Step {
    fastcall::mark(env);
    Ok(())
}

/// Takes them out where nothing else uses their slots, so that they take no stack.
pub(crate) fn remove_fastcall(env: &mut Env<'_>) -> Step {
    fastcall::remove(env)
}

/// Refusals that the kernel finds while it rewrites the program.
pub(crate) fn finish(_env: &mut Env<'_>) -> Step {
    Ok(())
}
