//! What a kfunc's parameter is, by its type in BTF and the end of its name (`get_kfunc_ptr_arg_type`).

use skep_abi::{Effect, KfuncFlags};
use skep_btf::{Btf, Kind, Param, Type, TypeId};

use super::ctx_type;
use super::desc::Kfunc;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, RegState};

rejections! {
    /// The function takes a pointer of a type that programs cannot provide, and was given a kernel object.
    KfuncPointerType("kfunc-pointer-type", EINVAL, help: "pass a pointer to a struct of the type that the function names") {
        name: &'static str, arg: usize, kind: &'static str, ty: String,
    } => "kernel function {name} args#{arg} pointer type {kind} {ty} is not supported";

    /// The function takes a pointer to a struct that holds pointers; only memory of plain numbers can be passed as
    /// memory, so this must be a kernel object.
    NotPlainMemory("kfunc-not-plain-memory", EINVAL, help: "pass a pointer to a kernel object of this type, not to memory of your own") {
        before: &'static str, arg: usize, kind: &'static str, ty: String, or_void: &'static str,
    } => "{before}arg#{arg} pointer type {kind} {ty} must point to {or_void}scalar, or struct with scalar";
}

/// What a pointer parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArgKind {
    /// The context.
    Ctx,
    /// Null, where that is fine.
    Null,
    /// An allocated object.
    Allocated,
    /// An allocated object with a reference count.
    Refcounted,
    /// A dynptr.
    Dynptr,
    /// An iterator.
    Iter,
    /// Root of a list.
    ListHead,
    /// Node of a list.
    ListNode,
    /// Root of a tree.
    RbRoot,
    /// Node of a tree.
    RbNode,
    /// Constant text.
    ConstStr,
    /// A map.
    Map,
    /// A work queue in a map value.
    Wq,
    /// A `bpf_task_work` in a map value.
    TaskWork,
    /// A saved interrupt state.
    IrqFlag,
    /// A `bpf_res_spin_lock`.
    ResSpinLock,
    /// A kernel object.
    BtfId,
    /// A callback.
    Callback,
    /// Memory of the type's size.
    Mem,
    /// Memory whose size is the next argument.
    MemSize,
}

/// Structs that a parameter's pointee says it all by.
const BY_POINTEE: [(&str, ArgKind); 8] = [
    ("bpf_dynptr", ArgKind::Dynptr),
    ("bpf_list_head", ArgKind::ListHead),
    ("bpf_list_node", ArgKind::ListNode),
    ("bpf_rb_root", ArgKind::RbRoot),
    ("bpf_rb_node", ArgKind::RbNode),
    ("bpf_wq", ArgKind::Wq),
    ("bpf_task_work", ArgKind::TaskWork),
    ("bpf_res_spin_lock", ArgKind::ResSpinLock),
];

/// Whether a parameter's name ends so.
pub(super) fn has_suffix(param: &Param<'_>, suffix: &str) -> bool {
    param.name.ends_with(suffix)
}

/// Whether a type is a number behind modifiers and typedefs (`btf_type_is_scalar`).
pub(super) fn is_scalar(btf: &Btf, ty: TypeId) -> bool {
    matches!(btf.resolved(ty).kind(), Kind::Int | Kind::Enum | Kind::Enum64)
}

/// Whether a parameter, given this register, is the size of the memory before it.
pub(super) fn is_size_of_memory(btf: &Btf, param: &Param<'_>, reg: &RegState) -> bool {
    let named = has_suffix(param, "__sz") || is_const_size(param);
    named && is_scalar(btf, param.ty) && reg.is_scalar()
}

/// Whether the size must be constant.
pub(super) fn is_const_size(param: &Param<'_>) -> bool {
    has_suffix(param, "__szk")
}

/// Whether null may be passed.
pub(super) fn is_nullable(param: &Param<'_>) -> bool {
    has_suffix(param, "__nullable")
}

/// Whether null may be passed instead of memory with a size.
pub(super) fn is_optional(param: &Param<'_>) -> bool {
    has_suffix(param, "__opt")
}

/// The kernel struct that a register of this kind stands for (`reg2btf_ids`).
pub(super) fn struct_of(base: Base) -> Option<&'static str> {
    match base {
        Base::Socket => Some("sock"),
        Base::SockCommon => Some("sock_common"),
        Base::TcpSock => Some("tcp_sock"),
        Base::MapPtr => Some("bpf_map"),
        _ => None,
    }
}

/// What the pointer parameter `arg` (from 0) is; `pointee` is what it points to, modifiers skipped.
pub(super) fn classify(
    env: &Env<'_>,
    kfunc: &Kfunc<'_>,
    arg: usize,
    pointee: TypeId,
) -> Step<ArgKind> {
    let btf = env.kernel.btf;
    let param = &kfunc.params[arg];
    let regs = &env.state.frame().regs;
    let reg = &regs[arg + 1];
    if kfunc.effect == Some(Effect::CastToKernCtx) || ctx_type::is_ctx(env, param.ty) {
        return Ok(ArgKind::Ctx);
    }
    if is_nullable(param) && reg.is_null() {
        return Ok(ArgKind::Null);
    }
    if let Some(kind) = by_declaration(btf, kfunc, arg, pointee) {
        return Ok(kind);
    }
    let pointee_ty = btf.ty(pointee);
    let ty_name = || pointee_ty.name().to_owned();
    if reg.ty.base == Base::BtfId || struct_of(reg.ty.base).is_some() {
        if !pointee_ty.kind().is_composite() {
            let kind = kind_name(pointee_ty.kind());
            return Err(KfuncPointerType { name: kfunc.name, arg, kind, ty: ty_name() }.into());
        }
        return Ok(ArgKind::BtfId);
    }
    if pointee_ty.kind() == Kind::FuncProto {
        return Ok(ArgKind::Callback);
    }
    let next = kfunc.params.get(arg + 1).zip(regs.get(arg + 2));
    let has_size = next.is_some_and(|(param, reg)| is_size_of_memory(btf, param, reg));
    let mut too_deep = false;
    let plain = is_scalar(btf, pointee)
        || is_scalar_struct(btf, pointee, 0, &mut too_deep)
        || (has_size && pointee == TypeId::VOID);
    if !plain {
        let before = if too_deep { "max struct nesting depth exceeded\n" } else { "" };
        let kind = kind_name(pointee_ty.kind());
        let or_void = if has_size { "void, " } else { "" };
        return Err(NotPlainMemory { before, arg, kind, ty: ty_name(), or_void }.into());
    }
    Ok(if has_size { ArgKind::MemSize } else { ArgKind::Mem })
}

/// Kinds that the declaration alone decides.
fn by_declaration(btf: &Btf, kfunc: &Kfunc<'_>, arg: usize, pointee: TypeId) -> Option<ArgKind> {
    let param = &kfunc.params[arg];
    if has_suffix(param, "__alloc") {
        return Some(ArgKind::Allocated);
    }
    if has_suffix(param, "__refcounted_kptr") {
        return Some(ArgKind::Refcounted);
    }
    let iterates = KfuncFlags::ITER_NEW | KfuncFlags::ITER_NEXT | KfuncFlags::ITER_DESTROY;
    let is_iter = match kfunc.flags.intersects(iterates) {
        true => arg == 0,
        false => has_suffix(param, "__iter"),
    };
    let by_pointee = match btf.ty(pointee) {
        // What kernels before 6.11 call it.
        Type::Struct(composite) if composite.name == "bpf_dynptr_kern" => Some(&BY_POINTEE[0]),
        Type::Struct(composite) => BY_POINTEE.iter().find(|(name, _)| *name == composite.name),
        _ => None,
    };
    if let Some((_, kind)) = by_pointee.filter(|(_, kind)| !is_iter || *kind == ArgKind::Dynptr) {
        return Some(*kind);
    }
    if is_iter {
        return Some(ArgKind::Iter);
    }
    [("__str", ArgKind::ConstStr), ("__map", ArgKind::Map), ("__irq_flag", ArgKind::IrqFlag)]
        .iter()
        .find(|(suffix, _)| has_suffix(param, suffix))
        .map(|(_, kind)| *kind)
}

/// Whether a struct is made of numbers only, four levels deep at most (`__btf_type_is_scalar_struct`).
pub(in crate::call) fn is_scalar_struct(
    btf: &Btf,
    id: TypeId,
    depth: u32,
    too_deep: &mut bool,
) -> bool {
    let Some(composite) = btf.ty(id).composite() else { return false };
    composite.members().all(|member| {
        let member = btf.resolve(member.ty);
        match btf.ty(member) {
            Type::Struct(_) | Type::Union(_) => {
                if depth >= 3 {
                    *too_deep = true;
                    return false;
                }
                is_scalar_struct(btf, member, depth + 1, too_deep)
            }
            Type::Array(array) => array.len > 0 && is_scalar(btf, array.element),
            _ => is_scalar(btf, member),
        }
    })
}

/// A kind as the log spells it (`btf_type_str`).
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Void => "UNKNOWN",
        _ => kind.name(),
    }
}
