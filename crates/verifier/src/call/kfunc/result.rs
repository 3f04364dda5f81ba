//! What a kfunc leaves in R0 (the second half of `check_kfunc_call`).

use skep_abi::{Effect, KfuncFlags, TypeFlags};
use skep_btf::{Kind, Type, TypeId};
use skep_isa::Reg;

use super::desc::Kfunc;
use super::param;
use super::seen::Seen;
use super::{arg, special};
use crate::call::{graph, lock, refs};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// The kernel function acquires something that is no kernel object.
    AcquiresNoObject("kfunc-acquires-no-object", EINVAL, help: "this is a fault of the kernel function's declaration") {
    } => "acquire kernel function does not return PTR_TO_BTF_ID";

    /// The kernel function returns a pointer of a type that programs cannot hold.
    KfuncReturnType("kfunc-return-type", EINVAL, help: "this is a fault of the kernel function's declaration") {
        name: &'static str, kind: &'static str, ty: String,
    } => "kernel function {name} returns pointer type {kind} {ty} is not supported";
}

/// Says what R0 is.
pub(super) fn leave(env: &mut Env<'_>, kfunc: &Kfunc<'_>, seen: &Seen) -> Step {
    let btf = env.kernel.btf;
    let target = match btf.resolved(kfunc.ret) {
        Type::Ptr { target } => Some(btf.resolve(target)),
        _ => None,
    };
    let returns_object = target.is_some_and(|id| btf.kind(id).is_composite());
    if kfunc.has(KfuncFlags::ACQUIRE) && !returns_object && !special::returns_local(kfunc.effect) {
        return Err(AcquiresNoObject {}.into());
    }
    if param::is_scalar(btf, kfunc.ret) {
        *env.reg_mut(Reg::R0) = match kfunc.effect {
            // The path on which the lock was not taken waits elsewhere.
            Some(Effect::ResSpinLock | Effect::ResSpinLockIrq) => RegState::constant(0),
            _ => RegState::unknown(),
        };
        return Ok(());
    }
    let Some(target) = target else { return Ok(()) };
    let special = special::result(env, kfunc, seen, target)?;
    let mut r0 = match special {
        Some(reg) => reg,
        None if target == TypeId::VOID => RegState::unknown(),
        None if btf.kind(target) == Kind::Struct => object(env, kfunc, seen, target),
        None => memory(env, kfunc, seen, target)?,
    };
    let may_be_null = kfunc.has(KfuncFlags::RET_NULL)
        && !(kfunc.effect == Some(Effect::RefcountAcquire) && seen.is_owning);
    if may_be_null {
        r0.ty.flags |= TypeFlags::PTR_MAYBE_NULL;
        r0.id = env.new_id();
    }
    if kfunc.has(KfuncFlags::ACQUIRE) {
        r0.ref_id = refs::acquire(env);
        if may_be_null {
            r0.id = r0.ref_id;
        }
    } else if graph::is_node_type(btf, target) {
        graph::make_non_owning(env, &mut r0)?;
    }
    if r0.id == 0 && lock::may_hold_lock(env, &r0) {
        r0.id = env.new_id();
    }
    *env.reg_mut(Reg::R0) = r0;
    Ok(())
}

/// A pointer to an object of the kernel.
fn object(env: &Env<'_>, kfunc: &Kfunc<'_>, seen: &Seen, id: TypeId) -> RegState {
    let mut flags = TypeFlags::empty();
    if kfunc.effect == Some(Effect::GetKmemCache) {
        flags |= TypeFlags::PTR_UNTRUSTED;
    } else if kfunc.has(KfuncFlags::RCU_PROTECTED) && env.features.enforces_rcu_protected() {
        flags |= TypeFlags::MEM_RCU;
    }
    if let Some(place) = seen.iter.filter(|_| kfunc.has(KfuncFlags::ITER_NEXT)) {
        let iter = env.state.frames[place.frame as usize].stack[place.spi].spilled;
        let rcu = iter.ty.has(TypeFlags::MEM_RCU);
        flags |= if rcu { TypeFlags::MEM_RCU } else { TypeFlags::PTR_TRUSTED };
    }
    RegState {
        payload: Payload::Btf { local: false, id },
        ..RegState::pointer(RegType::with(Base::BtfId, flags))
    }
}

/// A pointer to memory: of the size that an argument says, or of the type's.
fn memory(env: &Env<'_>, kfunc: &Kfunc<'_>, seen: &Seen, target: TypeId) -> Step<RegState> {
    let (mut size, mut rdonly) = (seen.ret_size, seen.ret_rdonly);
    if kfunc.effect == Some(Effect::SessionCookie) {
        (size, rdonly) = (8, false);
    }
    if size == 0 && env.features.sizes_returned_memory() {
        size = arg::size_of(env, target).map_or(0, u64::from);
        rdonly = true;
    }
    let Ok(size) = u32::try_from(size) else {
        return Stop::bug("memory of more than four gigabytes");
    };
    if size == 0 {
        let ty = env.kernel.btf.ty(target);
        let kind = param::kind_name(ty.kind());
        let ty = ty.name().to_owned();
        return Err(KfuncReturnType { name: kfunc.name, kind, ty }.into());
    }
    let flags = if rdonly { TypeFlags::MEM_RDONLY } else { TypeFlags::empty() };
    Ok(RegState {
        payload: Payload::Mem { size, dynptr_id: 0 },
        // Not to be used after the reference that it depends on is released.
        ref_id: seen.ref_id,
        ..RegState::pointer(RegType::with(Base::Mem, flags))
    })
}
