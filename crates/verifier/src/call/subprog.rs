//! Calls of the program's own functions (`check_func_call`): static ones are walked as part of the path, global ones
//! are verified on their own and only their arguments matter here.

use skep_abi::{ArgBase, Errno, TypeFlags};
use skep_isa::Reg;

use super::arg::reg_type::{self, Expected, Wanted};
use super::{arg, clobber, dynptr, frame};
use crate::access;
use crate::diag::{Kind, Reject, Step, Stop, rejections};
use crate::env::{Env, SubprogArg};
use crate::state::Base;
use crate::{scalar, subprog};

rejections! {
    /// A global subprogram is called while a lock is held.
    GlobalWithLock("global-subprog-with-lock", EINVAL, help: "make the function static") {
    } => "global function calls are not allowed while holding a lock,\nuse static function instead";

    /// A global subprogram is called while preemption is disabled. Later kernels only refuse those that may sleep.
    GlobalNonPreemptible("global-subprog-non-preemptible", EINVAL, help: "make the function static") {
    } => "global function calls are not allowed with preemption disabled,\nuse static function instead";

    /// A global subprogram that may sleep is called where sleeping is forbidden.
    GlobalMaySleep("global-subprog-may-sleep", EINVAL, help: "make the function static, or call it outside of the section") {
    } => "global functions that may sleep are not allowed in non-sleepable context,\ni.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context";

    /// A global subprogram is called with arguments that its prototype does not promise to take.
    ///
    /// Global subprograms are verified on their own, by their prototypes in BTF: a pointer to a struct stands for
    /// memory of the struct's size that may be read and written, and may be null unless it is tagged `__arg_nonnull`.
    InvalidArgs("global-subprog-args", EINVAL, help: "pass what the prototype says, or make the function static") {
        before: String, subprog: u32, name: String,
    } => "{before}Caller passes invalid args into func#{subprog} ('{name}')";

    /// A number is expected.
    ArgNotScalar("subprog-arg-not-scalar", EINVAL, help: "pass a number") {
        regno: u8,
    } => "R{regno} is not a scalar";

    /// The context is expected.
    ArgNotCtx("subprog-arg-not-ctx", EINVAL, help: "pass the program's context") {
        arg: u8,
    } => "arg#{arg} expects pointer to ctx";

    /// The argument is tagged as never null.
    ArgMaybeNull("subprog-arg-may-be-null", EINVAL, help: "compare the pointer with null first") {
        arg: u8,
    } => "arg#{arg} is expected to be non-NULL";

    /// An arena pointer is expected.
    ArgNotArena("subprog-arg-not-arena", EINVAL, help: "pass a pointer into the arena") {
        regno: u8,
    } => "R{regno} is not a pointer to arena or scalar.";
}

/// Enters the subprogram, or judges the call where it is global. The insn to go on at is left in `env.insn_idx`.
pub(crate) fn call(env: &mut Env<'_>) -> Step {
    let target = i64::from(env.insn_idx) + i64::from(env.insn().imm) + 1;
    let target = u32::try_from(target).ok().and_then(|target| env.subprog_at(target));
    let Some(callee) = target else { return Stop::bug("a call of no subprogram") };
    if env.subprogs[callee as usize].is_global {
        return call_global(env, callee);
    }
    let callsite = env.insn_idx;
    let args = [Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5].map(|reg| *env.reg(reg));
    enter(env, callee, callsite, &args)?;
    env.insn_idx = env.subprogs[callee as usize].start;
    Ok(())
}

fn enter(
    env: &mut Env<'_>,
    callee: u32,
    callsite: u32,
    args: &[crate::state::RegState; 5],
) -> Step {
    frame::enter(&mut env.state, callee, callsite)?.regs[1..=5].copy_from_slice(args);
    let caller = env.state.frames.len() - 2;
    clobber::caller_saved(&mut env.state.frames[caller]);
    Ok(())
}

/// Judges the call of a global subprogram.
fn call_global(env: &mut Env<'_>, callee: u32) -> Step {
    let wrong = match check_args(env, callee) {
        Ok(()) => None,
        Err(stop) => match *stop {
            Stop::Reject(reject) => Some(reject),
            other => return Err(Box::new(other)),
        },
    };
    check_sections(env, callee)?;
    let info = &mut env.subprogs[callee as usize];
    if let Some(reject) = wrong {
        info.unreliable_args = true;
        let name = env.features.names_wrong_callee().then_some(&*info.name);
        return Err(invalid_args(reject, callee, name));
    }
    info.called = true;
    if info.changes_pkt_data {
        clobber::packet_pointers(&mut env.state);
    }
    clobber::caller_saved(env.state.frame_mut());
    scalar::mark_unknown(env, Reg::R0);
    Ok(())
}

/// Adds whose arguments are wrong to what is wrong with them. A kind that is of such arguments alone stays.
fn invalid_args(reject: Reject, subprog: u32, name: Option<&str>) -> Box<Stop> {
    static KIND: Kind = InvalidArgs::KIND;
    let is_own = REJECTIONS.iter().any(|own| own.name == reject.kind.name);
    let kind = if is_own { reject.kind } else { &KIND };
    let mut before = reject.message;
    if !before.is_empty() {
        before.push('\n');
    }
    let name = name.map(|name| format!(" ('{name}')")).unwrap_or_default();
    let text = format!("{before}Caller passes invalid args into func#{subprog}{name}");
    Box::new(Stop::Reject(Reject { kind, errno: reject.errno, message: text }))
}

fn check_sections(env: &Env<'_>, callee: u32) -> Step {
    let refs = &env.state.refs;
    if refs.active_locks > 0 {
        return Err(GlobalWithLock {}.into());
    }
    if !env.features.tells_sleeping_subprogs() {
        return if refs.preempt > 0 { Err(GlobalNonPreemptible {}.into()) } else { Ok(()) };
    }
    let in_section = refs.rcu > 0 || refs.preempt > 0 || refs.irq_id != 0 || !env.in_sleepable();
    if env.subprogs[callee as usize].might_sleep && in_section {
        return Err(GlobalMaySleep {}.into());
    }
    Ok(())
}

/// Holds the arguments against the prototype (`btf_check_func_arg_match`).
fn check_args(env: &mut Env<'_>, callee: u32) -> Step {
    subprog::global_args(env, callee)?;
    let args = env.subprogs[callee as usize].args.clone().unwrap_or_default();
    for (at, arg) in (0..).zip(&args) {
        check_arg(env, at, arg)?;
    }
    Ok(())
}

/// The kernel forgets why memory will not do.
fn invalid(mut stop: Box<Stop>) -> Box<Stop> {
    if let Stop::Reject(reject) = &mut *stop {
        reject.errno = Errno::EINVAL;
    }
    stop
}

fn check_arg(env: &mut Env<'_>, at: u8, arg: &SubprogArg) -> Step {
    let regno = Reg(at + 1);
    let reg = *env.reg(regno);
    let takes_null = arg.flags.contains(TypeFlags::PTR_MAYBE_NULL);
    match arg.base {
        ArgBase::Anything if reg.is_scalar() => Ok(()),
        ArgBase::Anything => Err(ArgNotScalar { regno: regno.0 }.into()),
        // Reads are guarded, so anything will do.
        _ if arg.flags.contains(TypeFlags::PTR_UNTRUSTED) => Ok(()),
        ArgBase::Ctx => {
            arg::offset::check(env, regno, false)?;
            if reg.ty.is(Base::Ctx) { Ok(()) } else { Err(ArgNotCtx { arg: at }.into()) }
        }
        ArgBase::Mem => {
            arg::offset::check(env, regno, false)?;
            access::check_mem_reg(env, regno, arg.mem_size).map_err(invalid)?;
            if !takes_null && reg.ty.may_be_null() {
                return Err(ArgMaybeNull { arg: at }.into());
            }
            Ok(())
        }
        ArgBase::Arena if reg.ty.is(Base::Arena) || reg.is_scalar() => Ok(()),
        ArgBase::Arena => Err(ArgNotArena { regno: regno.0 }.into()),
        ArgBase::Dynptr => {
            arg::offset::check(env, regno, false)?;
            dynptr::check_arg(env, regno, arg.flags, 0)
        }
        ArgBase::BtfId if reg.is_null() && takes_null => Ok(()),
        ArgBase::BtfId => {
            let Some(id) = arg.btf else { return Stop::bug("an object of no type") };
            let object = Wanted::Type(id);
            let want = Expected { base: arg.base, flags: arg.flags, object, meta: None };
            reg_type::check(env, regno, want)?;
            arg::offset::check(env, regno, false)
        }
        other => Stop::bug(format!("a global subprogram takes {other:?}")),
    }
}
