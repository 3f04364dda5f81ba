//! Loads and stores of kptr fields of map values (`check_map_kptr_access`), and what may be stored there.

use skep_abi::{Errno, TypeFlags};
use skep_btf::{Kind, TypeId};
use skep_isa::{InsnIdx, Op, Reg, Source, decode_at};

use super::{Access, LoadedBtf, Rw, check_ptr_off, load_btf, struct_ids_match};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::fields::{Field, Kptr, KptrKind};
use crate::precision;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// A kptr field is accessed by an atomic or a load that extends the sign.
    KptrMode("kptr-access-mode", EACCES, help: "use a plain load or store of eight bytes, or bpf_kptr_xchg") {
    } => "kptr in map can only be accessed using BPF_MEM instruction mode";

    /// A store to a field that owns a reference.
    ///
    /// The reference that is there would be lost; `bpf_kptr_xchg` hands it out.
    KptrStore("kptr-store", EACCES, help: "exchange the pointer with bpf_kptr_xchg") {
    } => "store to referenced kptr disallowed";

    /// A store to a field that points to user memory.
    UptrStore("uptr-store", EACCES, help: "user space sets this pointer") {
    } => "store to uptr disallowed";

    /// A number other than 0 is stored to a kptr field.
    KptrImmediate("kptr-store-number", EACCES, help: "store a pointer, or 0") {
        off: u32,
    } => "BPF_ST imm must be 0 when storing to kptr at off={off}";

    /// What is stored to a kptr field is not a pointer of the field's type.
    KptrType("kptr-type", EINVAL, help: "store a pointer of the type that the field declares") {
        regno: u8, ty: String, name: String, expected: String, or: String,
    } => "invalid kptr access, R{regno} type={ty}{name} expected={expected}{or}";
}

/// A load or store of a kptr field; place and size were checked before.
pub(super) fn access(env: &mut Env<'_>, access: &Access, field: Field) -> Step {
    let Some(kptr) = field.kind.kptr() else { return Stop::bug("a kptr field that is none") };
    match decode_at(env.insns, InsnIdx(access.insn)) {
        Ok(Op::Load { signed: false, dst, .. }) if access.rw == Rw::Read => {
            load(env, dst, kptr);
            Ok(())
        }
        Ok(Op::Store { src, .. }) if access.rw == Rw::Write => store(env, src, kptr, field.offset),
        _ => Err(KptrMode {}.into()),
    }
}

fn store(env: &mut Env<'_>, src: Source, kptr: Kptr, offset: u32) -> Step {
    match (kptr.kind, src) {
        (KptrKind::Ref | KptrKind::Percpu, _) => Err(KptrStore {}.into()),
        (KptrKind::Uptr, _) => Err(UptrStore {}.into()),
        (KptrKind::Untrusted, Source::Imm(0)) => Ok(()),
        (KptrKind::Untrusted, Source::Imm(_)) => Err(KptrImmediate { off: offset }.into()),
        // Fine only because it is known to be zero: so that must not be forgotten when states are compared.
        (KptrKind::Untrusted, Source::Reg(src)) if env.reg(src).is_null() => {
            precision::mark_chain(env, src)
        }
        (KptrKind::Untrusted, Source::Reg(src)) => {
            takes(env, src, kptr).map_err(|stop| stop.with_errno(Errno::EACCES))
        }
    }
}

/// What a load yields (`btf_ld_kptr_type`, `mark_uptr_ld_reg`).
fn load(env: &mut Env<'_>, dst: Reg, kptr: Kptr) {
    if kptr.kind == KptrKind::Uptr {
        let size = env.btf_of(kptr.local).and_then(|btf| btf.size_of(kptr.target)).unwrap_or(0);
        let ty = RegType::with(Base::Mem, TypeFlags::PTR_MAYBE_NULL);
        let id = env.new_id();
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        *env.reg_mut(dst) =
            RegState { payload: Payload::Mem { size, dynptr_id: 0 }, id, ..RegState::pointer(ty) };
        return;
    }
    let flags = TypeFlags::PTR_MAYBE_NULL | trust(env, kptr);
    load_btf(env, dst, LoadedBtf { local: kptr.local, id: kptr.target, flags });
}

fn trust(env: &Env<'_>, kptr: Kptr) -> TypeFlags {
    let is_rcu_safe = kptr.kind == KptrKind::Percpu
        || (kptr.kind == KptrKind::Ref && (kptr.local || is_rcu_protected(env, kptr.target)));
    if !env.features.kptrs_are_rcu_protected() || !is_rcu_safe || !env.in_rcu_cs() {
        return TypeFlags::PTR_UNTRUSTED;
    }
    let mut flags = TypeFlags::MEM_RCU;
    if kptr.kind == KptrKind::Percpu {
        flags |= TypeFlags::MEM_PERCPU;
    } else if kptr.local {
        flags |= TypeFlags::MEM_ALLOC;
    }
    let record = if kptr.local { env.local_record(kptr.target) } else { None };
    if record.is_some_and(|record| record.has(|kind| kind.is_graph_node())) {
        flags |= TypeFlags::NON_OWN_REF;
    }
    flags
}

/// Kernel structs whose memory outlives an RCU grace period (`rcu_protected_types`).
const RCU_PROTECTED: [&str; 5] =
    ["prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx"];

/// Whether objects of this struct of the kernel's are freed after an RCU grace period only.
pub(crate) fn is_rcu_protected(env: &Env<'_>, id: TypeId) -> bool {
    let btf = env.kernel.btf;
    btf.kind(id) == Kind::Struct && RCU_PROTECTED.contains(&btf.name(id))
}

/// Checks that a pointer may be put into a kptr field (`map_kptr_match_type`).
fn takes(env: &Env<'_>, regno: Reg, kptr: Kptr) -> Step {
    let reg = env.reg(regno);
    let Payload::Btf { local, id } = reg.payload else {
        return Err(mismatch(env, regno, kptr, ""));
    };
    let is_percpu = kptr.kind == KptrKind::Percpu;
    let mut allowed = TypeFlags::PTR_MAYBE_NULL;
    if local {
        allowed |= TypeFlags::MEM_ALLOC;
        if is_percpu {
            allowed |= TypeFlags::MEM_PERCPU;
        }
    } else {
        allowed |= TypeFlags::PTR_TRUSTED | TypeFlags::MEM_RCU;
        if kptr.kind == KptrKind::Untrusted {
            allowed |= TypeFlags::PTR_UNTRUSTED;
        }
    }
    let has_others = !(reg.ty.flags - allowed).is_empty();
    if reg.ty.base != Base::BtfId || has_others || is_percpu != reg.ty.has(TypeFlags::MEM_PERCPU) {
        return Err(mismatch(env, regno, kptr, ""));
    }
    let name = env.btf_of(local).map_or("", |btf| btf.name(id));
    check_ptr_off(env, regno, true)?;
    let wanted = (kptr.local, kptr.target);
    let is_strict = kptr.kind != KptrKind::Untrusted;
    let walks_flexible = !reg.ty.has(TypeFlags::MEM_ALLOC);
    if !struct_ids_match(env, (local, id), reg.off, wanted, is_strict, walks_flexible) {
        return Err(mismatch(env, regno, kptr, name));
    }
    Ok(())
}

fn mismatch(env: &Env<'_>, regno: Reg, kptr: Kptr, name: &str) -> Box<Stop> {
    let target = env.btf_of(kptr.local).map_or("", |btf| btf.name(kptr.target));
    let reg: &RegState = env.reg(regno);
    let or = match kptr.kind {
        KptrKind::Untrusted => format!(" or untrusted_ptr_{target}"),
        _ => String::new(),
    };
    KptrType {
        regno: regno.0,
        ty: reg.ty.to_string(),
        name: name.to_owned(),
        expected: format!("ptr_{target}"),
        or,
    }
    .into()
}
