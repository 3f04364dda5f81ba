//! Kfuncs that the verifier knows more of than flags and prototype say (`check_special_kfunc` and others).

use skep_abi::{AttachType, Effect, ProgType, TypeFlags};
use skep_btf::{Kind, TypeId};
use skep_isa::Reg;

use super::desc::Kfunc;
use super::pointer::PtrArg;
use super::seen::Seen;
use super::{broken, ctx_type};
use crate::call::{graph, obj, ret};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// A plain object is given up by the call for per-CPU objects.
    PlainDroppedAsPercpu("obj-dropped-as-percpu", EINVAL, help: "use bpf_obj_drop() for objects of bpf_obj_new()") {
        arg: usize,
    } => "arg#{arg} expected for bpf_obj_drop_impl()";

    /// A per-CPU object is given up by the call for plain objects.
    PercpuDroppedAsPlain("percpu-obj-dropped-as-plain", EINVAL, help: "use bpf_percpu_obj_drop() for objects of bpf_percpu_obj_new()") {
        arg: usize,
    } => "arg#{arg} expected for bpf_percpu_obj_drop_impl()";

    /// The call takes an object that the program allocated.
    NotAllocated("not-an-allocated-object", EINVAL, help: "pass a pointer from bpf_obj_new(), checked for null") {
        arg: usize,
    } => "arg#{arg} expected pointer to allocated object";

    /// The call takes away the program's own reference to an object, and the program holds none.
    NotReferenced("allocated-object-not-referenced", EINVAL, help: "pass an owning reference: one that was not given up or put into a collection") {
    } => "allocated object must be referenced";

    /// A reference is taken to something that is no allocated object.
    NoRef("refcount-acquire-no-object", EINVAL, help: "pass a pointer to an object from bpf_obj_new() or a collection") {
        arg: usize,
    } => "arg#{arg} is neither owning or non-owning ref";

    /// A reference is taken to an object that cannot count its references.
    NoRefcount("refcount-missing", EINVAL, help: "put a `struct bpf_refcount` into the struct") {
        arg: usize,
    } => "arg#{arg} doesn't point to a type with bpf_refcount field";

    /// The verifier of the kernel has no record of the object's fields, since it has none that matter.
    NoRecord("refcount-no-record", EFAULT, help: "put a `struct bpf_refcount` into the struct") {
    } => "verifier bug: Couldn't find btf_record";

    /// The walk over the tasks of a css takes a lock that this program could deadlock on.
    CssTaskIterNotAllowed("css-task-iter-not-allowed", EINVAL, help: "use it in an LSM program, a BPF iterator or a sleepable program") {
    } => "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs";

    /// There is no type of this number in the kernel's BTF.
    UnknownTypeId("rdonly-cast-unknown-type", EINVAL, help: "use bpf_core_type_id_kernel() for the type's number") {
        id: u64,
    } => "Unknown type ID {id} passed to kfunc bpf_rdonly_cast";

    /// Memory can be looked at as a struct, or without a type, but not as this type.
    CastToNoStruct("rdonly-cast-no-struct", EINVAL, help: "cast to a struct, or to void (number 0) for plain bytes") {
    } => "kfunc bpf_rdonly_cast type ID argument must be of a struct or void";

    /// Memory can be looked at as a struct only.
    CastToNoStructBefore617("rdonly-cast-only-struct", EINVAL, help: "cast to a struct") {
    } => "kfunc bpf_rdonly_cast type ID argument must be of a struct";

    /// The context of this program type is no struct in the kernel.
    NoKernelCtx("kern-ctx-missing", EINVAL, help: "this program type has no kernel context to cast to") {
        id: u32,
    } => "kern ctx type id {id} is not a struct";

    /// A program of this type, attached like this, must not change packets.
    NoPacketWrites("packet-write-not-allowed", EINVAL, help: "use bpf_dynptr_slice(), which only reads") {
    } => "the prog does not allow writes to packet data";
}

/// Whether a call returns an object of a type of the program's, though the prototype says `void *`.
pub(super) fn returns_local(effect: Option<Effect>) -> bool {
    matches!(effect, Some(Effect::ObjNew | Effect::PercpuObjNew | Effect::RefcountAcquire))
}

/// An allocated object that is given up.
pub(super) fn allocated(env: &Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let reg = env.reg(arg.regno);
    let arg = arg.arg;
    let of = |flags| reg.ty == RegType::with(Base::BtfId, flags);
    if of(TypeFlags::MEM_ALLOC) {
        if kfunc.effect != Some(Effect::ObjDrop) {
            return Err(PlainDroppedAsPercpu { arg }.into());
        }
    } else if of(TypeFlags::MEM_ALLOC | TypeFlags::MEM_PERCPU) {
        if kfunc.effect != Some(Effect::PercpuObjDrop) {
            return Err(PercpuDroppedAsPlain { arg }.into());
        }
    } else {
        return Err(NotAllocated { arg }.into());
    }
    if reg.ref_id == 0 {
        return Err(NotReferenced {}.into());
    }
    seen.object = local_type(reg);
    Ok(())
}

fn local_type(reg: &RegState) -> Option<TypeId> {
    match reg.payload {
        Payload::Btf { local: true, id } => Some(id),
        _ => None,
    }
}

/// An object that another reference is taken to.
pub(super) fn refcounted(env: &Env<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let reg = env.reg(arg.regno);
    let arg = arg.arg;
    if reg.ty.base != Base::BtfId || !reg.ty.has(TypeFlags::MEM_ALLOC) {
        return Err(NoRef { arg }.into());
    }
    seen.is_owning |= !reg.ty.has(TypeFlags::NON_OWN_REF) && reg.ref_id != 0;
    seen.object = local_type(reg);
    let Some(record) = seen.object.and_then(|ty| env.local_record(ty)) else {
        return Err(NoRecord {}.into());
    };
    match record.refcount_off {
        Some(_) => Ok(()),
        None => Err(NoRefcount { arg }.into()),
    }
}

/// Some iterators may not be started everywhere (`check_css_task_iter_allowlist`).
pub(super) fn check_iter_allowed(env: &Env<'_>, kfunc: &Kfunc<'_>) -> Step {
    if kfunc.effect != Some(Effect::IterCssTaskNew) {
        return Ok(());
    }
    let prog = env.prog;
    let allowed = match prog.prog_type {
        ProgType::Lsm => true,
        ProgType::Tracing if prog.attach_type == AttachType::TraceIter => true,
        _ => env.in_sleepable(),
    };
    if allowed { Ok(()) } else { Err(CssTaskIterNotAllowed {}.into()) }
}

/// The kernel's struct of the context.
pub(super) fn kern_ctx(env: &Env<'_>) -> Step<TypeId> {
    match ctx_type::kernel_ctx(env) {
        Some(id) => Ok(id),
        None => Err(NoKernelCtx { id: ctx_type::kernel_type(env).0 }.into()),
    }
}

/// R0 of a call whose result the prototype does not tell; none for others. Null and references are added later.
pub(super) fn result(
    env: &mut Env<'_>,
    kfunc: &Kfunc<'_>,
    seen: &Seen,
    target: TypeId,
) -> Step<Option<RegState>> {
    let reg = match kfunc.effect {
        Some(Effect::ObjNew | Effect::PercpuObjNew) => {
            obj::allocate(env, kfunc.effect, seen.constant)?
        }
        Some(Effect::RefcountAcquire) => match seen.object {
            Some(id) => local(id, TypeFlags::MEM_ALLOC),
            None => return broken("a reference to no object"),
        },
        Some(Effect::CastToKernCtx) => match seen.kern_ctx {
            Some(id) => kernel(id, TypeFlags::PTR_TRUSTED),
            None => return broken("a cast of no context"),
        },
        Some(Effect::RdonlyCast) => rdonly_cast(env, seen)?,
        Some(Effect::DynptrSlice | Effect::DynptrSliceRdwr) => slice(env, kfunc, seen)?,
        _ if graph::is_node_type(env.kernel.btf, target) => {
            match seen.root.and_then(|root| root.kind.graph_root()) {
                Some(root) => graph::node(root),
                None => return broken("a node of no collection"),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(reg))
}

fn local(id: TypeId, flags: TypeFlags) -> RegState {
    RegState {
        payload: Payload::Btf { local: true, id },
        ..RegState::pointer(RegType::with(Base::BtfId, flags))
    }
}

fn kernel(id: TypeId, flags: TypeFlags) -> RegState {
    RegState {
        payload: Payload::Btf { local: false, id },
        ..RegState::pointer(RegType::with(Base::BtfId, flags))
    }
}

fn rdonly_cast(env: &Env<'_>, seen: &Seen) -> Step<RegState> {
    let Some(number) = seen.constant else { return broken("a cast to no type") };
    let by_void = env.features.casts_to_void();
    // The kernel looks the type up by the low half.
    #[expect(clippy::cast_possible_truncation, reason = "as the kernel does")]
    let id = TypeId(number as u32);
    match env.kernel.btf.get(id).map(|ty| ty.kind()) {
        Some(Kind::Struct | Kind::Union) => Ok(kernel(id, TypeFlags::PTR_UNTRUSTED)),
        Some(Kind::Void) if by_void => {
            let flags = TypeFlags::MEM_RDONLY | TypeFlags::PTR_UNTRUSTED;
            Ok(RegState {
                payload: Payload::Mem { size: 0, dynptr_id: 0 },
                ..RegState::pointer(RegType::with(Base::Mem, flags))
            })
        }
        None if by_void => Err(UnknownTypeId { id: number }.into()),
        _ if by_void => Err(CastToNoStruct {}.into()),
        _ => Err(CastToNoStructBefore617 {}.into()),
    }
}

fn slice(env: &mut Env<'_>, kfunc: &Kfunc<'_>, seen: &Seen) -> Step<RegState> {
    let (Some(size), Some(dynptr)) = (seen.constant, seen.dynptr) else {
        return broken("a slice of no size, or of no dynptr");
    };
    let mut flags = dynptr.kind.flag();
    if kfunc.effect == Some(Effect::DynptrSlice) {
        flags |= TypeFlags::MEM_RDONLY;
    } else if !may_write_packets(env) {
        return Err(NoPacketWrites {}.into());
    }
    // The kernel keeps the low half of the size.
    #[expect(clippy::cast_possible_truncation, reason = "as the kernel does")]
    let size = size as u32;
    Ok(RegState {
        payload: Payload::Mem { size, dynptr_id: dynptr.id },
        ..RegState::pointer(RegType::with(Base::Mem, flags))
    })
}

/// Whether the program may write packets directly (`may_access_direct_pkt_data` for a write without a prototype).
fn may_write_packets(env: &mut Env<'_>) -> bool {
    use ProgType as P;
    match env.prog.prog_type {
        P::LwtIn
        | P::LwtOut
        | P::LwtSeg6local
        | P::SkReuseport
        | P::FlowDissector
        | P::CgroupSkb => false,
        P::SchedCls | P::SchedAct | P::Xdp | P::LwtXmit | P::SkSkb | P::SkMsg => {
            env.seen_direct_write = true;
            true
        }
        P::CgroupSockopt => {
            env.seen_direct_write = true;
            true
        }
        _ => false,
    }
}

/// Checks an exception that is thrown: without a handler of the program's, its cookie is the program's result.
pub(super) fn check_throw(env: &mut Env<'_>) -> Step {
    if env.exception_cb.is_none() {
        ret::check_register(env, Reg::R1)?;
    }
    Ok(())
}
