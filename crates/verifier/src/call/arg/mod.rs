//! Arguments of helpers (`check_func_arg`): dispatch by kind, and what holds for all kinds.

pub(crate) mod btf_id;
pub(crate) mod const_str;
pub(crate) mod map;
pub(crate) mod mem;
pub(crate) mod offset;
pub(crate) mod reg_type;

use skep_abi::{ArgBase, ArgProto, Effect, TypeFlags};
use skep_isa::Reg;

use super::meta::Percpu;
use super::{Meta, dynptr, graph, kptr, lock, timer};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Base, Payload};
use crate::transfer::reg_arg;
use reg_type::Expected;

rejections! {
    /// The dynptr on the stack holds no reference that could be given up.
    UnacquiredDynptr("dynptr-unacquired", EINVAL, help: "submit or discard only what was reserved, and only once") {
        regno: u8,
    } => "arg {regno} is an unacquired reference";

    /// A callback or global subprogram gives up a dynptr that belongs to its caller.
    ConstDynptrReleased("dynptr-const-released", EINVAL, help: "leave the dynptr to whoever made it") {
    } => "cannot release unowned const bpf_dynptr";

    /// What is passed to a call that releases is no reference that this path holds.
    ///
    /// The pointer was not acquired, or it was released before, or it is a pointer to something else.
    NotReferenced("release-unreferenced", EINVAL, help: "release only what was acquired, once, by the pointer that the acquiring call gave") {
        regno: u8,
    } => "R{regno} must be referenced when passed to release function";

    /// Two arguments carry references, and the call could not say which its result belongs to.
    TwoReferences("two-references", EACCES, help: "pass one referenced pointer at a time") {
        regno: u8, this: u32, before: u32,
    } => "more than one arg with ref_obj_id R{regno} {this} {before}";

    /// The per-CPU variable has no type that the kernel knows.
    PercpuWithoutType("percpu-without-type", EACCES, help: "declare the variable as `__ksym` with its kernel type") {
        regno: u8,
    } => "Helper has invalid btf_id in R{regno}";

    /// A tree's comparison callback runs with the tree's lock held, and must not touch locks.
    LockInTreeCallback("lock-in-rbtree-callback", EACCES, help: "leave the lock to the caller of the tree operation") {
    } => "can't spin_{{lock,unlock}} in rbtree cb";
}

/// Checks the argument of this number, from 0.
pub(crate) fn check(env: &mut Env<'_>, at: u8, meta: &mut Meta) -> Step {
    let regno = Reg(at + 1);
    let mut arg = meta.proto.args[usize::from(at)];
    if arg.base == ArgBase::DontCare {
        return Ok(());
    }
    reg_arg::source(env, regno)?;
    if arg.base == ArgBase::Anything {
        // The loader may see kernel addresses, so pointers pass.
        return Ok(());
    }
    if matches!(env.reg(regno).ty.base, Base::Packet | Base::PacketMeta) && is_plain(env, regno) {
        mem::check_packet(env, meta)?;
    }
    if arg.base == ArgBase::MapValue {
        arg = map::resolve_value(env, arg, meta)?;
    }
    let takes_null = arg.flags.contains(TypeFlags::PTR_MAYBE_NULL);
    if !(env.reg(regno).is_null() && takes_null) {
        reg_type::check(env, regno, Expected::of(arg, meta))?;
        check_off(env, regno, arg)?;
    }
    check_reference(env, regno, arg, meta)?;
    check_kind(env, at, regno, arg, meta)
}

fn is_plain(env: &Env<'_>, regno: Reg) -> bool {
    env.reg(regno).ty.flags.is_empty()
}

/// Checks the offset; a dynptr on the stack may be released wherever it is.
fn check_off(env: &Env<'_>, regno: Reg, arg: ArgProto) -> Step {
    let releases = arg.flags.contains(TypeFlags::OBJ_RELEASE);
    if releases && arg.base == ArgBase::Dynptr && env.reg(regno).ty.is(Base::Stack) {
        return Ok(());
    }
    offset::check(env, regno, releases)
}

/// Checks what is released, and remembers the reference that is passed.
fn check_reference(env: &Env<'_>, regno: Reg, arg: ArgProto, meta: &mut Meta) -> Step {
    let reg = env.reg(regno);
    if arg.flags.contains(TypeFlags::OBJ_RELEASE) {
        if arg.base == ArgBase::Dynptr {
            if !reg.ty.is(Base::Stack) {
                return Err(ConstDynptrReleased {}.into());
            }
            if !dynptr::is_acquired(env, regno) {
                return Err(UnacquiredDynptr { regno: regno.0 }.into());
            }
        } else if reg.ref_id == 0 && !reg.is_null() {
            return Err(NotReferenced { regno: regno.0 }.into());
        }
        if meta.release.replace(regno).is_some() {
            return Stop::bug("a helper releases two arguments");
        }
    }
    if reg.ref_id != 0 && arg.base != ArgBase::KptrXchgDest {
        if meta.ref_id != 0 {
            let (this, before) = (reg.ref_id, meta.ref_id);
            return Err(TwoReferences { regno: regno.0, this, before }.into());
        }
        meta.ref_id = reg.ref_id;
    }
    Ok(())
}

/// What only this kind of argument asks.
fn check_kind(env: &mut Env<'_>, at: u8, regno: Reg, arg: ArgProto, meta: &mut Meta) -> Step {
    match arg.base {
        ArgBase::ConstMapPtr => map::check_map(env, regno, meta),
        ArgBase::MapKey => map::check_key(env, regno, meta),
        ArgBase::MapValue => map::check_value(env, regno, arg.flags, meta),
        ArgBase::PercpuBtfId => check_percpu(env, regno, meta),
        ArgBase::SpinLock => check_lock(env, regno, meta),
        ArgBase::Timer => timer::check(env, regno, meta),
        ArgBase::Func => check_func(env, regno, meta),
        ArgBase::Mem if arg.flags.contains(TypeFlags::MEM_FIXED_SIZE) => {
            mem::check_sized(env, regno, arg.size, arg.flags, meta)?;
            let aligned = arg.flags.contains(TypeFlags::MEM_ALIGNED);
            if aligned { mem::check_aligned(env, regno, arg.size) } else { Ok(()) }
        }
        ArgBase::ConstSize | ArgBase::ConstSizeOrZero => {
            let Some(memory) = at.checked_sub(1).map(|before| meta.proto.args[usize::from(before)])
            else {
                return Stop::bug("a size comes before its memory");
            };
            mem::check_pair(env, regno, memory, arg.base == ArgBase::ConstSizeOrZero, meta)
        }
        ArgBase::Dynptr => dynptr::check_arg(env, regno, arg.flags, 0),
        ArgBase::ConstAllocSizeOrZero => mem::check_alloc_size(env, regno, meta),
        ArgBase::ConstStr => const_str::check(env, regno),
        ArgBase::KptrXchgDest => kptr::check_xchg(env, regno, meta),
        _ => Ok(()),
    }
}

fn check_percpu(env: &Env<'_>, regno: Reg, meta: &mut Meta) -> Step {
    let reg = env.reg(regno);
    let Payload::Btf { local, id } = reg.payload else {
        return Err(PercpuWithoutType { regno: regno.0 }.into());
    };
    meta.percpu = Some(Percpu { local, id, is_rcu: reg.ty.has(TypeFlags::MEM_RCU) });
    Ok(())
}

fn check_lock(env: &mut Env<'_>, regno: Reg, meta: &Meta) -> Step {
    if graph::in_tree_callback(env) {
        return Err(LockInTreeCallback {}.into());
    }
    lock::check(env, regno, meta.proto.effect == Some(Effect::SpinLock))
}

fn check_func(env: &Env<'_>, regno: Reg, meta: &mut Meta) -> Step {
    let Payload::Func { subprog } = env.reg(regno).payload else {
        return Stop::bug("a pointer to a function lacks the function");
    };
    meta.subprog = subprog;
    Ok(())
}
