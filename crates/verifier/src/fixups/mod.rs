//! What the kernel rewrites before and after the analysis, as far as it decides verdicts (`kernel/bpf/fixups.c`).

mod fastcall;
mod removal;

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

    /// The program takes the address of a function that no path runs.
    ///
    /// The kernel removes code that no path reaches, whole functions among it, and then misses the function whose
    /// address is still taken. The address has to be used, or not to be taken.
    FunctionRemoved("function-removed", EFAULT, help: "pass the callback to a call, or do not take its address") {
        insn: u32,
    } => "verifier bug: No program to jit at insn {insn} (subprog < 0)";
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
        false => functions_stay(env),
    }
}

/// Addresses of functions that are taken need a function (`jit_subprogs`).
fn functions_stay(env: &Env<'_>) -> Step {
    let takes_address = env.insns.iter().any(|insn| insn.is_pseudo_func());
    match takes_address.then(|| removal::stray_function(env)).flatten() {
        Some(insn) => Err(FunctionRemoved { insn }.into()),
        None => Ok(()),
    }
}
