//! Calls of helpers (`check_helper_call`).

mod after;
pub(crate) mod effect;
pub(crate) mod format;
pub(crate) mod map;
pub(crate) mod result;

use skep_abi::{HelperAnswer, HelperProto};

use super::{Meta, arg, clobber, dynptr, kptr, refs};
use crate::access::{self, Access, Rw};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

rejections! {
    /// The program calls a helper number that this kernel release does not have.
    UnknownHelper("helper-unknown", EINVAL, help: "use a kernel that has the helper, or guard the call by a CO-RE check of its enumerator") {
        name: &'static str, id: i32,
    } => "invalid func {name}#{id}";

    /// The helper exists, but programs of this type may not call it, or not in this release.
    HelperDenied("helper-not-allowed", EINVAL, help: "`skep list` tells which program types may call the helper; there may be a kfunc for it") {
        name: &'static str, id: i32,
    } => "program of this type cannot use helper {name}#{id}";

    /// The helper exists, but programs of this type may not call it (as kernels before 6.12 say it).
    HelperDeniedOld("helper-not-allowed-old", EINVAL, help: "`skep list` tells which program types may call the helper; there may be a kfunc for it") {
        name: &'static str, id: i32,
    } => "unknown func {name}#{id}";

    /// The helper is only for programs whose licence is compatible with the GPL.
    HelperNeedsGpl("helper-gpl", EINVAL, help: "license the program under the GPL: char LICENSE[] SEC(\"license\") = \"GPL\";") {
    } => "cannot call GPL-restricted function from non-GPL compatible program";

    /// The helper may be called only at certain attach points, and this is none of them.
    HelperNotHere("helper-not-at-attach-point", EINVAL, help: "attach the program where the helper is allowed") {
    } => "helper call is not allowed in probe";

    /// The helper may sleep, and the program may not.
    HelperSleeps("helper-sleeps", EINVAL, help: "make the program sleepable (a `.s` section), or use a helper that does not sleep") {
    } => "helper call might sleep in a non-sleepable prog";

    /// The helper may sleep, which is forbidden within an RCU read-side section.
    HelperSleepsInRcu("helper-sleeps-in-rcu", EINVAL, help: "call it before bpf_rcu_read_lock() or after bpf_rcu_read_unlock()") {
        name: &'static str, id: i32,
    } => "sleepable helper {name}#{id} in rcu_read_lock region";

    /// The helper may sleep, which is forbidden while preemption is disabled.
    HelperSleepsNonPreemptible("helper-sleeps-non-preemptible", EINVAL, help: "enable preemption before the call") {
        name: &'static str, id: i32,
    } => "sleepable helper {name}#{id} in non-preemptible region";

    /// The helper may sleep, which is forbidden while interrupts are disabled.
    HelperSleepsIrqsOff("helper-sleeps-irqs-off", EINVAL, help: "restore interrupts before the call") {
        name: &'static str, id: i32,
    } => "sleepable helper {name}#{id} in IRQ-disabled region";

    /// The reference that is released is not held on this path.
    NotAcquired("helper-release-unacquired", EINVAL, help: "release a reference once, by the frame that holds it") {
        name: &'static str, id: i32,
    } => "func {name}#{id} reference has not been acquired before";

    /// The program's type has the helper in its list, but cannot offer what it needs.
    HelperUnsupported("helper-unsupported", ENOTSUPP, help: "call it from a program type that supports it") {
        name: &'static str, id: u32, prog_type: u32,
    } => "func {name}#{id} not supported for program type {prog_type}";

    /// The helper needs the trampoline of fentry, fexit or fmod_ret programs.
    HelperNeedsTrampoline("helper-needs-trampoline", ENOTSUPP, help: "attach by fentry, fexit or fmod_ret") {
        name: &'static str, id: u32,
    } => "func {name}#{id} supported only for fentry/fexit/fmod_ret programs";
}

/// Calls the helper of the insn that is looked at.
pub(crate) fn call(env: &mut Env<'_>) -> Step {
    let (proto, refused_later) = lookup(env)?;
    check_sections(env, proto)?;
    let mut meta = Meta::new(proto);
    for at in 0..5 {
        arg::check(env, at, &mut meta)?;
    }
    map::record(env, &meta)?;
    fill_stack(env, &meta)?;
    release(env, &meta)?;
    let changes_packet = effect::apply(env, &mut meta)?;
    clobber::caller_saved(env.state.frame_mut());
    result::set(env, &meta)?;
    map::check_compatible(env, &meta)?;
    if refused_later {
        return Err(unsupported(env, proto));
    }
    after::finish(env, &meta, changes_packet || proto.changes_pkt_data)
}

/// Finds the prototype; tells besides whether the program is refused once its arguments are found right.
fn lookup(env: &Env<'_>) -> Step<(&'static HelperProto, bool)> {
    let id = env.insn().imm;
    let name = || {
        let name = u32::try_from(id).ok().and_then(|id| env.kernel.calls.helper_name(id));
        name.unwrap_or("unknown")
    };
    let Ok(number) = u32::try_from(id) else {
        return Err(UnknownHelper { name: name(), id }.into());
    };
    let (proto, refused_later, is_here) = match env.kernel.calls.helper(number, &env.caller()) {
        HelperAnswer::Unknown => return Err(UnknownHelper { name: name(), id }.into()),
        HelperAnswer::Denied if !env.features.names_denied_helpers() => {
            return Err(HelperDeniedOld { name: name(), id }.into());
        }
        HelperAnswer::Denied => return Err(HelperDenied { name: name(), id }.into()),
        HelperAnswer::NotModelled => {
            return Stop::unsupported(format!("helper {}#{id}", name()));
        }
        HelperAnswer::Proto(proto) => (proto, false, true),
        HelperAnswer::Unsupported(proto) => (proto, true, true),
        HelperAnswer::NotAllowed(proto) => (proto, false, false),
    };
    if proto.gpl_only && !env.prog.gpl_compatible {
        return Err(HelperNeedsGpl {}.into());
    }
    if !is_here {
        return Err(HelperNotHere {}.into());
    }
    Ok((proto, refused_later))
}

/// A helper that may sleep must be called where sleeping is fine.
fn check_sections(env: &Env<'_>, proto: &'static HelperProto) -> Step {
    if !proto.might_sleep {
        return Ok(());
    }
    let (name, id) = (proto.name, env.insn().imm);
    let refs = &env.state.refs;
    if !env.in_sleepable() {
        return Err(HelperSleeps {}.into());
    }
    if refs.rcu > 0 {
        return Err(HelperSleepsInRcu { name, id }.into());
    }
    if refs.preempt > 0 {
        return Err(HelperSleepsNonPreemptible { name, id }.into());
    }
    if refs.irq_id != 0 {
        return Err(HelperSleepsIrqsOff { name, id }.into());
    }
    Ok(())
}

/// Stack that the call fills holds data afterwards.
fn fill_stack(env: &mut Env<'_>, meta: &Meta) -> Step {
    let Some((base, raw)) = meta.raw else { return Ok(()) };
    for off in 0..raw.size {
        let access = Access {
            insn: env.insn_idx,
            base,
            off: off.cast_signed(),
            size: 1,
            rw: Rw::Write,
            value: None,
            strict: false,
            sign_extend: false,
        };
        access::check(env, access)?;
    }
    Ok(())
}

/// Gives up what the call takes away.
fn release(env: &mut Env<'_>, meta: &Meta) -> Step {
    let Some(regno) = meta.release else { return Ok(()) };
    let proto = meta.proto;
    let arg = proto.args[usize::from(regno.0 - 1)];
    let is_released = if arg.base == skep_abi::ArgBase::Dynptr {
        dynptr::release(env, regno)?;
        true
    } else if meta.ref_id == 0 {
        env.reg(regno).is_null()
    } else if !refs::may_release(env, meta.ref_id) {
        false
    } else if proto.effect == Some(skep_abi::Effect::KptrXchg) {
        kptr::release_exchanged(env, meta.ref_id)
    } else {
        refs::release(&mut env.state, meta.ref_id)
    };
    if is_released {
        return Ok(());
    }
    Err(NotAcquired { name: proto.name, id: env.insn().imm }.into())
}

/// The refusal of a helper that the program's type lists but cannot serve (`check_get_func_ip`).
fn unsupported(env: &Env<'_>, proto: &'static HelperProto) -> Box<Stop> {
    let (name, id) = (proto.name, proto.id);
    let prog_type = env.prog.prog_type;
    if prog_type == skep_abi::ProgType::Tracing {
        return HelperNeedsTrampoline { name, id }.into();
    }
    HelperUnsupported { name, id, prog_type: prog_type as u32 }.into()
}
