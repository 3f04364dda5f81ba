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

/// Addresses of functions that are taken need a function (`jit_subprogs`). One that no path runs is removed, and its
/// address then is that of the next one; behind the last there is none.
fn functions_stay(env: &Env<'_>) -> Step {
    let is_run = |start: u32| env.aux.get(start as usize).is_some_and(|aux| aux.seen);
    let starts = || env.subprogs.iter().map(|subprog| subprog.start).filter(|&start| is_run(start));
    // A program of which one function is left is compiled without looking for others.
    let (Some(last), true) = (starts().next_back(), starts().count() > 1) else { return Ok(()) };
    let taken = (0_u32..).zip(env.insns).filter(|(at, insn)| is_run(*at) && insn.is_pseudo_func());
    for (at, insn) in taken {
        let target = u32::try_from(i64::from(at) + 1 + i64::from(insn.imm)).unwrap_or(0);
        if target > last && !is_run(target) {
            return Err(FunctionRemoved { insn: target }.into());
        }
    }
    Ok(())
}
