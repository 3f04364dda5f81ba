//! Calls of kernel functions (`check_kfunc_call`): judged by their flags, their effect and their prototype in the
//! kernel's BTF, never by a name.

pub(crate) mod arg;
mod callback;
mod ctx_type;
pub(crate) mod desc;
pub(crate) mod object;
pub(crate) mod param;
pub(crate) mod pointer;
pub(crate) mod result;
mod seen;
pub(crate) mod special;

use skep_abi::{Effect, KfuncFlags};
use skep_isa::Reg;

use super::{AfterKfunc, clobber, dynptr, graph, lock, refs, region};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::explore;

pub(super) use param::is_scalar_struct;

use desc::Kfunc;
use seen::Seen;

rejections! {
    /// The compiler found that the program can only come here by undefined behaviour, such as the use of a variable
    /// that was never set, and put a trap there.
    ReachedTrap("undefined-behaviour", EFAULT, help: "set the variable on every path; compiler warnings name it") {
    } => "unexpected __bpf_trap() due to uninitialized variable?";

    /// The kernel function may sleep, and the program, or this part of it, must not.
    SleepableOnly("kfunc-sleepable", EACCES, help: "make the program sleepable (a section such as `fentry.s/`, `lsm.s/`, `iter.s/` or `syscall`), or call it from a callback that may sleep") {
        name: &'static str,
    } => "program must be sleepable to call sleepable kfunc {name}";

    /// What is released is no reference that the program holds.
    KfuncReleasesNothing("kfunc-releases-nothing", EINVAL, help: "release each reference once, on the path that acquired it") {
        name: &'static str, id: u32,
    } => "kfunc {name}#{id} reference has not been acquired before";
}

/// Calls the kfunc of the insn that is looked at.
pub(crate) fn call(env: &mut Env<'_>) -> Step<AfterKfunc> {
    let insn = env.insn();
    if insn.imm == 0 {
        // A weak function that the kernel lacks: refused after the analysis, unless the call turns out dead.
        return Ok(AfterKfunc::Continues);
    }
    let kfunc = Kfunc::lookup(env, insn)?;
    env.aux_mut().is_iter_next = kfunc.flags.contains(KfuncFlags::ITER_NEXT);
    match kfunc.effect {
        Some(Effect::ResSpinLock | Effect::ResSpinLockIrq) => lock::fork_failed(env)?,
        Some(Effect::Trap) => return Err(ReachedTrap {}.into()),
        _ => {}
    }
    if kfunc.flags.contains(KfuncFlags::SLEEPABLE) && !env.in_sleepable() {
        return Err(SleepableOnly { name: kfunc.name }.into());
    }
    let mut seen = Seen::default();
    arg::check_all(env, &kfunc, &mut seen)?;
    callback::run(env, &kfunc, &seen)?;
    region::apply(env, kfunc.name, kfunc.flags, kfunc.effect)?;
    release(env, &kfunc, &seen)?;
    if matches!(kfunc.effect, Some(Effect::ListPush | Effect::RbtreeAdd)) {
        if !refs::may_release(env, env.reg(Reg::R2).ref_id) {
            return Err(KfuncReleasesNothing { name: kfunc.name, id: kfunc.id.0 }.into());
        }
        graph::give_away(env, Reg::R2, kfunc.name, kfunc.id)?;
    }
    if kfunc.effect == Some(Effect::Throw) {
        special::check_throw(env)?;
    }
    clobber::caller_saved(env.state.frame_mut());
    result::leave(env, &kfunc, &seen)?;
    if kfunc.effect == Some(Effect::XdpPullData) {
        clobber::packet_pointers(&mut env.state);
    }
    if let Some(place) = seen.iter.filter(|_| kfunc.flags.contains(KfuncFlags::ITER_NEXT)) {
        explore::iter_next(env, place.frame as usize, place.spi)?;
    }
    Ok(match kfunc.effect {
        Some(Effect::Throw) => AfterKfunc::Throws,
        _ => AfterKfunc::Continues,
    })
}

fn release(env: &mut Env<'_>, kfunc: &Kfunc<'_>, seen: &Seen) -> Step {
    let Some(regno) = seen.release else { return Ok(()) };
    if seen.dynptr.is_some_and(|dynptr| dynptr.ref_id != 0) {
        return dynptr::release(env, regno);
    }
    let id = env.reg(regno).ref_id;
    if !refs::may_release(env, id) || !refs::release(&mut env.state, id) {
        return Err(KfuncReleasesNothing { name: kfunc.name, id: kfunc.id.0 }.into());
    }
    Ok(())
}

/// Where the program must not be called in the wrong way by the kernel's own declaration.
fn broken<T>(what: &str) -> Step<T> {
    Stop::bug(format!("declaration of a kernel function: {what}"))
}
