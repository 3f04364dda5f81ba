//! What a helper leaves in R0.

use skep_abi::{Acquires, Effect, MapType, RetBase, RetBound, TypeFlags};
use skep_btf::Kind;
use skep_domain::Scalar;
use skep_isa::Reg;

use crate::call::meta::Percpu;
use crate::call::{Meta, arg, kptr, refs};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::fields::FieldKind;
use crate::scalar;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// The per-CPU variable's type has no size that the kernel knows.
    UnsizedVariable("percpu-unsized", EINVAL, help: "declare the variable with its complete type") {
        name: String,
    } => "unable to resolve the size of type '{name}': -22";
}

/// The greatest error number, negated: results of some helpers are never less.
const MIN_ERRNO: i32 = -4095;

/// Sets R0.
pub(super) fn set(env: &mut Env<'_>, meta: &Meta) -> Step {
    let mut result = of_base(env, meta)?;
    if result.ty.may_be_null() {
        result.id = env.new_id();
    }
    attach_reference(env, meta, &mut result);
    *env.reg_mut(Reg::R0) = result;
    bound(env, meta)
}

fn of_base(env: &mut Env<'_>, meta: &Meta) -> Step<RegState> {
    let ret = meta.proto.ret;
    let pointer = |base| RegState::pointer(RegType::with(base, ret.flags));
    Ok(match ret.base {
        RetBase::Integer => RegState::unknown(),
        RetBase::Void => RegState::not_init(),
        RetBase::MapValue => return map_value(env, meta),
        RetBase::Socket => pointer(Base::Socket),
        RetBase::TcpSock => pointer(Base::TcpSock),
        RetBase::SockCommon => pointer(Base::SockCommon),
        RetBase::Mem => {
            // The kernel keeps 32 bits too.
            let payload = Payload::Mem { size: meta.mem_size as u32, dynptr_id: meta.dynptr_id };
            RegState { payload, ..pointer(Base::Mem) }
        }
        RetBase::MemOrBtfId => return percpu(env, meta),
        RetBase::BtfId if meta.proto.effect == Some(Effect::KptrXchg) => {
            let Some(field) = meta.kptr else { return Stop::bug("no kptr field to exchange") };
            kptr::exchanged(field, ret.flags)
        }
        RetBase::BtfId => {
            let Some(name) = ret.btf else { return Stop::bug("a result lacks its type's name") };
            let id = arg::btf_id::named(env, name)?;
            RegState { payload: Payload::Btf { local: false, id }, ..pointer(Base::BtfId) }
        }
    })
}

/// A value of the map argument; not null where the index is known to be one of an array.
fn map_value(env: &mut Env<'_>, meta: &Meta) -> Step<RegState> {
    let Some(map) = meta.map else { return Stop::bug("a value of no map") };
    let mut flags = meta.proto.ret.flags;
    let spec = map.get(env);
    let is_present = meta.proto.effect == Some(Effect::MapLookup)
        && arg::map::has_every_index(spec.map_type)
        && meta.map_key.is_some_and(|key| key < u64::from(spec.max_entries));
    if is_present {
        flags -= TypeFlags::PTR_MAYBE_NULL;
    }
    let mut value = RegState::pointer(RegType::with(Base::MapValue, flags));
    value.payload = map.payload();
    let locked = |kind| matches!(kind, FieldKind::SpinLock | FieldKind::ResSpinLock);
    if !flags.contains(TypeFlags::PTR_MAYBE_NULL) && env.map_record(map.map, map.inner).has(locked)
    {
        // Tells its lock from those of other values.
        value.id = env.new_id();
    }
    Ok(value)
}

/// A per-CPU object on one CPU: memory, or an object of a struct type.
fn percpu(env: &Env<'_>, meta: &Meta) -> Step<RegState> {
    let Some(Percpu { local, id, is_rcu }) = meta.percpu else {
        return Stop::bug("no per-CPU argument");
    };
    let flags = meta.proto.ret.flags;
    let Some(btf) = (if local { env.prog.btf } else { Some(env.kernel.btf) }) else {
        return Stop::bug("a type of the program, which has no BTF");
    };
    let shape = btf.resolve(id);
    if btf.kind(shape) != Kind::Struct && btf.kind(shape) != Kind::Union {
        let Some(size) = btf.size_of(shape).and_then(|size| u32::try_from(size).ok()) else {
            return Err(UnsizedVariable { name: btf.name(shape).to_owned() }.into());
        };
        let mut memory = RegState::pointer(RegType::with(Base::Mem, flags));
        memory.payload = Payload::Mem { size, dynptr_id: 0 };
        return Ok(memory);
    }
    let flags = if is_rcu {
        TypeFlags::MEM_ALLOC | TypeFlags::MEM_RCU
    } else {
        flags - TypeFlags::MEM_RDONLY
    };
    let mut object = RegState::pointer(RegType::with(Base::BtfId, flags));
    object.payload = Payload::Btf { local, id };
    Ok(object)
}

/// The reference that the result is, or hangs on.
fn attach_reference(env: &mut Env<'_>, meta: &Meta, result: &mut RegState) {
    if meta.proto.ptr_cast || meta.proto.effect == Some(Effect::DynptrData) {
        result.ref_id = meta.ref_id;
        return;
    }
    let kind = meta.map.map(|map| map.kind(env));
    let acquires = match meta.proto.acquires {
        Acquires::No => false,
        Acquires::Always => true,
        Acquires::FromSockmap => matches!(kind, Some(MapType::Sockmap | MapType::Sockhash)),
    };
    if acquires {
        let id = refs::acquire(env);
        result.id = id;
        result.ref_id = id;
    }
}

/// Bounds that the kind of helper gives (`do_refine_retval_range`).
fn bound(env: &mut Env<'_>, meta: &Meta) -> Step {
    if meta.proto.ret.base != RetBase::Integer {
        return Ok(());
    }
    let max_cpu = env.kernel.nr_cpu_ids.saturating_sub(1);
    let num = &mut env.reg_mut(Reg::R0).num;
    match meta.proto.ret_bound {
        RetBound::None => {}
        RetBound::MemSize => {
            num.smax = meta.max_size.cast_signed();
            num.s32_max = meta.max_size as i32;
            num.smin = i64::from(MIN_ERRNO);
            num.s32_min = MIN_ERRNO;
            num.sync();
        }
        RetBound::Cpu => {
            below(num, max_cpu);
            num.sync();
        }
    }
    scalar::settle(env, Reg::R0)
}

fn below(num: &mut Scalar, max: u32) {
    (num.umin, num.umax) = (0, u64::from(max));
    (num.u32_min, num.u32_max) = (0, max);
    (num.smin, num.smax) = (0, i64::from(max));
    (num.s32_min, num.s32_max) = (0, max.cast_signed());
}
