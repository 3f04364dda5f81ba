//! Pointers to objects kept in map values and allocated objects: exchanged by a call, stored by an insn
//! (`process_kptr_func`, `map_kptr_match_type`).

use skep_abi::TypeFlags;
use skep_isa::Reg;

use super::arg::btf_id::{self, Object};
use super::record::{const_off, is_alloc_object};
use super::{MapRef, Meta, refs};
use crate::access;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::fields::{FieldKind, Kptr, KptrKind};
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// A kptr in a map value is only found by the BTF of the map.
    KptrNeedsBtf("kptr-map-without-btf", EINVAL, help: "declare the map in section .maps with __type(value, …); a type without a destructor makes the kernel refuse the whole BTF") {
        map: String,
    } => "map '{map}' has to have BTF in order to use bpf_kptr_xchg";

    /// The kptr is passed by a pointer whose distance from the start of its value is not known.
    KptrVariableOffset("kptr-exchange-variable-offset", EINVAL, help: "use a constant index into an array of kptrs") {
        regno: u8,
    } => "R{regno} doesn't have constant offset. kptr has to be at the constant offset";

    /// What the register points to holds no kptr.
    NoKptr("kptr-missing", EINVAL, help: "tag the member with __kptr") {
        regno: u8,
    } => "R{regno} has no valid kptr";

    /// The pointer does not point to where a kptr is.
    NotAKptr("kptr-wrong-offset", EACCES, help: "take the address of the __kptr member itself") {
        off: i64,
    } => "off={off} doesn't point to kptr";

    /// The kptr holds no reference, so it cannot be exchanged.
    KptrUnreferenced("kptr-not-referenced", EACCES, help: "tag the member with __kptr rather than __kptr_untrusted") {
        off: i64,
    } => "off={off} kptr isn't referenced kptr";

    /// The pointer is not of the kind that the kptr field holds.
    KptrMismatch("kptr-type-mismatch", EACCES, help: "store a pointer of the field's own type; a referenced one goes in by bpf_kptr_xchg()") {
        regno: u8, found: String, found_name: String, expected: String,
    } => "invalid kptr access, R{regno} type={found}{found_name} expected={expected}";
}

/// Checks that `reg` points to a kptr field that can be exchanged, and remembers it.
pub(crate) fn check_xchg(env: &mut Env<'_>, regno: Reg, meta: &mut Meta) -> Step {
    let reg = env.reg(regno);
    if !is_alloc_object(reg) {
        let Some(map_ref) = MapRef::of(reg) else { return Stop::bug("a kptr of no map") };
        let map = map_ref.get(env);
        if map.value_type.is_none() {
            return Err(KptrNeedsBtf { map: map.name.to_owned() }.into());
        }
        meta.map = Some(map_ref);
    }
    let Some(off) = const_off(reg) else {
        return Err(KptrVariableOffset { regno: regno.0 }.into());
    };
    let has_kptr = |kind: FieldKind| kind.kptr().is_some_and(|k| k.kind != KptrKind::Uptr);
    let Some(record) = env.record_of(reg).filter(|record| record.has(has_kptr)) else {
        return Err(NoKptr { regno: regno.0 }.into());
    };
    let field = u32::try_from(off).ok().and_then(|off| record.at(off));
    let Some(kptr) = field.filter(|f| has_kptr(f.kind)).and_then(|f| f.kind.kptr()) else {
        return Err(NotAKptr { off }.into());
    };
    if !matches!(kptr.kind, KptrKind::Ref | KptrKind::Percpu) {
        return Err(KptrUnreferenced { off }.into());
    }
    meta.kptr = Some(kptr);
    Ok(())
}

/// Checks that the pointer in `reg` may be put into the field.
pub(crate) fn match_type(env: &Env<'_>, field: Kptr, regno: Reg) -> Step {
    let reg = env.reg(regno);
    let Payload::Btf { local, id } = reg.payload else {
        return Err(mismatch(env, field, regno, String::new()).into());
    };
    let may = permitted(field, local);
    let is_percpu = reg.ty.has(TypeFlags::MEM_PERCPU);
    let percpu_fits =
        is_percpu == (field.kind == KptrKind::Percpu) || !env.features.keeps_percpu_kptrs_apart();
    if reg.ty.base != Base::BtfId || !(reg.ty.flags - may).is_empty() || !percpu_fits {
        return Err(mismatch(env, field, regno, String::new()).into());
    }
    access::check_ptr_off(env, regno, true)?;
    let found = Object { local, id };
    let wanted = Object { local: field.local, id: field.target };
    let strict = field.kind != KptrKind::Untrusted;
    if !btf_id::matches(env, found, reg.off, wanted, strict) {
        return Err(mismatch(env, field, regno, found.name(env).to_owned()).into());
    }
    Ok(())
}

fn permitted(field: Kptr, local: bool) -> TypeFlags {
    let mut may = TypeFlags::PTR_MAYBE_NULL;
    if local {
        may |= TypeFlags::MEM_ALLOC;
        if field.kind == KptrKind::Percpu {
            may |= TypeFlags::MEM_PERCPU;
        }
    } else {
        may |= TypeFlags::PTR_TRUSTED | TypeFlags::MEM_RCU;
        if field.kind == KptrKind::Untrusted {
            may |= TypeFlags::PTR_UNTRUSTED;
        }
    }
    may
}

fn mismatch(env: &Env<'_>, field: Kptr, regno: Reg, found_name: String) -> KptrMismatch {
    let target = Object { local: field.local, id: field.target }.name(env);
    let plain = RegType::new(Base::BtfId);
    let mut expected = format!("{plain}{target}");
    if field.kind == KptrKind::Untrusted {
        let untrusted = RegType::with(Base::BtfId, TypeFlags::PTR_UNTRUSTED);
        expected = format!("{expected} or {untrusted}{target}");
    }
    let found = env.reg(regno).ty.to_string();
    KptrMismatch { regno: regno.0, found, found_name, expected }
}

/// Gives up the reference that is put into a field; per-CPU objects stay readable while RCU keeps them alive.
///
/// Tells whether the reference was held.
pub(crate) fn release_exchanged(env: &mut Env<'_>, ref_id: u32) -> bool {
    let in_rcu = env.in_rcu_cs();
    if !env.state.refs.remove(ref_id) {
        return false;
    }
    let percpu = TypeFlags::MEM_ALLOC | TypeFlags::MEM_PERCPU;
    env.state.for_each_reg(|reg| {
        if reg.ref_id != ref_id {
            return;
        }
        if in_rcu && reg.ty.has(percpu) {
            reg.ref_id = 0;
            reg.ty.flags -= TypeFlags::MEM_ALLOC;
            reg.ty.flags |= TypeFlags::MEM_RCU;
        } else {
            refs::invalidate(reg);
        }
    });
    true
}

/// The pointer that was in the field.
pub(crate) fn exchanged(field: Kptr, flags: TypeFlags) -> RegState {
    let mut flags = flags;
    if field.local {
        flags |= TypeFlags::MEM_ALLOC;
        if field.kind == KptrKind::Percpu {
            flags |= TypeFlags::MEM_PERCPU;
        }
    }
    let mut reg = RegState::pointer(RegType::with(Base::BtfId, flags));
    reg.payload = Payload::Btf { local: field.local, id: field.target };
    reg
}
