//! What the kernel rewrites before and after the analysis, as far as it decides verdicts (`kernel/bpf/fixups.c`).

mod fastcall;

use skep_isa::Insn;

use crate::diag::{Step, rejections};
use crate::env::{Env, InsnAux};
use crate::insn::Shape;

rejections! {
    /// A path leads to the call of a kfunc that the kernel lacks.
    ///
    /// Loaders let weak kfuncs that the kernel lacks be called by number 0, which is fine as long as no path comes
    /// there.
    KfuncNotEliminated("kfunc-absent-reached", EINVAL, help: "call the kfunc only where `bpf_ksym_exists` says that the kernel has it") {
    } => "invalid kernel function call not eliminated in verifier pass";
}

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
pub(crate) fn finish(env: &mut Env<'_>) -> Step {
    let insns = env.insns.iter().zip(&env.aux);
    let calls_nothing =
        |(insn, aux): (&Insn, &InsnAux)| aux.seen && insn.is_kfunc_call() && insn.imm == 0;
    match insns.into_iter().any(calls_nothing) {
        true => Err(KfuncNotEliminated {}.into()),
        false => Ok(()),
    }
}
