//! Arguments of the function, hook, tracepoint or member that a program stands for, by its prototype
//! (`btf_ctx_access`).

use skep_abi::{AttachType, ProgType, TypeFlags};
use skep_btf::{Btf, FuncProto, Kind, Type, TypeId};

use super::{Answer, Query, Yields, iter_args, lsm, null_args, refused, traced};
use crate::access::btf_ptr::walk::tag_flags;
use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::state::{Base, RegType};

/// What the program stands for.
struct Target<'b> {
    btf: &'b Btf,
    /// Function, hook or member; a tracepoint without its prefix.
    name: &'b str,
    proto: FuncProto<'b>,
    /// Leading parameters that no program sees.
    hidden: u32,
}

impl<'b> Target<'b> {
    fn of(env: &Env<'b>) -> Option<Self> {
        let btf = env.kernel.btf;
        let Type::FuncProto(proto) = btf.ty(env.attach_func_proto?) else { return None };
        let target = env.prog.attach_btf_id?;
        let full = btf.name(target);
        let is_tracepoint = env.prog.attach_type == AttachType::TraceRawTp
            && env.prog.prog_type == ProgType::Tracing;
        let name = if is_tracepoint {
            full.strip_prefix("btf_trace_").unwrap_or(full)
        } else if env.prog.prog_type == ProgType::StructOps {
            let ops = btf.ty(target).composite()?;
            ops.member(env.prog.struct_ops_member? as usize)?.name
        } else {
            full
        };
        Some(Self { btf, name, proto, hidden: u32::from(is_tracepoint) })
    }

    /// Parameters that a program sees.
    fn params(&self) -> u32 {
        (self.proto.len() as u32).saturating_sub(self.hidden)
    }

    /// A parameter's name and type.
    fn param(&self, arg: u32) -> Option<(&'b str, TypeId)> {
        let param = self.proto.params().nth((arg + self.hidden) as usize)?;
        Some((param.name, param.ty))
    }

    /// Which argument an offset lies in; the number of arguments for the returned value (`btf_ctx_arg_idx`).
    ///
    /// Hidden parameters count here too, as in the kernel: all have eight bytes, so that the index is the same.
    fn arg_at(&self, off: i32) -> u32 {
        let mut end = 0;
        for (arg, param) in (0..).zip(self.proto.params()) {
            end += slot_size(self.btf, param.ty);
            if off < end {
                return arg;
            }
        }
        let count = self.proto.len() as u32;
        let end = end + slot_size(self.btf, self.proto.ret);
        if off < end { count } else { count + 1 }
    }
}

/// Bytes of the context that a value takes.
fn slot_size(btf: &Btf, ty: TypeId) -> i32 {
    let bytes = btf.size_of(ty).unwrap_or(0).next_multiple_of(8);
    i32::try_from(bytes).unwrap_or(i32::MAX / 16)
}

/// A load of an argument, or of what was returned.
pub(super) fn access(env: &Env<'_>, query: &Query) -> Step<Answer> {
    // The hooks of security modules alone do not say that a store is wrong before they look at the prototype.
    let is_lsm = query.prog_type == ProgType::Lsm;
    if !is_lsm && !traced::is_argument(query) {
        return Ok(refused());
    }
    let Some(target) = Target::of(env) else {
        return Stop::unsupported("arguments of a target without a prototype");
    };
    if let Some(yields) = of_struct_ops(env, &target, query) {
        return Ok(Ok(yields));
    }
    let answer = argument(env, &target, query);
    Ok(answer.map(|yields| promote(env, &target, yields)))
}

fn argument(env: &Env<'_>, target: &Target<'_>, query: &Query) -> Answer {
    let (name, off) = (target.name, query.off);
    if off % 8 != 0 {
        return Err(format!("func '{name}' offset {off} is not multiple of 8\n"));
    }
    if off < 0 {
        return refused();
    }
    let arg = target.arg_at(off);
    let none = || Err(format!("func '{name}' doesn't have {}-th argument\n", arg + 1));
    let count = target.params();
    if arg > count {
        return none();
    }
    let (param, ty) = if arg == count {
        match query.attach_type {
            AttachType::LsmMac
            | AttachType::LsmCgroup
            | AttachType::TraceFexit
            | AttachType::ModifyReturn => ("", target.proto.ret),
            _ => return none(),
        }
    } else {
        let Some(param) = target.param(arg) else { return none() };
        param
    };
    let is_return = arg == count;
    let btf = target.btf;
    let ty = btf.resolve(ty);
    if is_return && query.attach_type == AttachType::ModifyReturn && !is_small_int(btf, ty) {
        let kind = kind_name(btf.kind(ty));
        return Err(format!("ret type {kind} not allowed for fmod_ret\n"));
    }
    let takes_unions = env.features.takes_union_args();
    match btf.ty(ty) {
        Type::Int(int) if int.size <= 8 => Ok(number(target, query, is_return)),
        Type::Enum(_) | Type::Enum64(_) | Type::Struct(_) => Ok(number(target, query, is_return)),
        Type::Union(_) if takes_unions => Ok(Yields::Number),
        Type::Ptr { .. } if query.size != 8 => {
            Err(format!("func '{name}' size {} must be 8\n", query.size))
        }
        Type::Ptr { target: pointee } => pointer(env, target, query, arg, param, pointee),
        other => {
            let (text, kind) = (other.name(), kind_name(other.kind()));
            Err(format!(
                "func '{name}' arg{arg} '{text}' has type {kind}. Only pointer access is allowed\n"
            ))
        }
    }
}

/// A number; what a security hook returned is bounded.
fn number(target: &Target<'_>, query: &Query, is_return: bool) -> Yields {
    let is_hook = query.prog_type == ProgType::Lsm && query.attach_type == AttachType::LsmMac;
    if is_return && is_hook && target.proto.ret != TypeId::VOID {
        let (min, max) = lsm::returns(target.name);
        return Yields::Retval(min, max);
    }
    Yields::Number
}

fn is_small_int(btf: &Btf, ty: TypeId) -> bool {
    matches!(btf.ty(ty), Type::Int(int) if int.size <= 8)
}

/// A pointer: a number where it does not point to a struct.
fn pointer(
    env: &Env<'_>,
    target: &Target<'_>,
    query: &Query,
    arg: u32,
    param: &str,
    pointee: TypeId,
) -> Answer {
    let btf = target.btf;
    let described = described(env, target, query.off, arg);
    if let Some(ty) = described.filter(|ty| ty.base == Base::Buf) {
        return Ok(Yields::Pointer(ty));
    }
    let id = btf.resolve(pointee);
    let is_number = match btf.ty(id) {
        Type::Struct(_) | Type::Union(_) => false,
        Type::Int(_) => true,
        Type::Void => pointee == TypeId::VOID || env.features.skips_modifiers_of_void(),
        _ => env.features.takes_any_pointer_arg(),
    };
    if is_number {
        return Ok(Yields::Number);
    }
    if let Some(ty) = described {
        let ref_id =
            env.ctx_refs.iter().find(|(off, _)| *off == query.off).map_or(0, |(_, id)| *id);
        return Ok(Yields::Object { id, flags: ty.flags, ref_id });
    }
    let mut flags = TypeFlags::empty();
    if is_trusted(env, target, query) {
        flags |= TypeFlags::PTR_TRUSTED;
    }
    if param.ends_with("__nullable") {
        flags |= TypeFlags::PTR_MAYBE_NULL;
    }
    let mut may_be_error = false;
    if query.attach_type == AttachType::TraceRawTp && env.features.tracepoint_args_may_be_null() {
        let (may_be_null, error) = null_args::of(target.name, arg);
        may_be_error = error;
        if may_be_null {
            flags |= TypeFlags::PTR_MAYBE_NULL;
        }
    }
    flags |= tag_flags(btf, pointee) - TypeFlags::MEM_RCU;
    if btf.ty(id).composite().is_none() {
        let (name, kind) = (target.name, kind_name(btf.kind(id)));
        return Err(format!("func '{name}' arg{arg} type {kind} is not a struct\n"));
    }
    Ok(if may_be_error { Yields::Number } else { Yields::Object { id, flags, ref_id: 0 } })
}

/// Whether arguments are alive while the program runs (`prog_args_trusted`).
fn is_trusted(env: &Env<'_>, target: &Target<'_>, query: &Query) -> bool {
    match query.prog_type {
        ProgType::Tracing => {
            matches!(query.attach_type, AttachType::TraceRawTp | AttachType::TraceIter)
                && env.features.trusts_arguments()
        }
        ProgType::Lsm => lsm::is_trusted(target.name) && env.features.trusts_arguments(),
        _ => env.features.trusts_arguments(),
    }
}

/// The type of an argument that the kernel describes beside the prototype (`ctx_arg_info`).
fn described(env: &Env<'_>, target: &Target<'_>, off: i32, arg: u32) -> Option<RegType> {
    if env.prog.prog_type == ProgType::StructOps {
        let flags = stub_flags(env, arg)?;
        return Some(RegType::with(Base::BtfId, flags));
    }
    let is_iter = env.prog.attach_type == AttachType::TraceIter;
    if is_iter { iter_args::of(target.name, off) } else { None }
}

/// What the stub of a struct_ops member says of an argument, by the suffix of its name (`prepare_arg_info`).
fn stub_flags(env: &Env<'_>, arg: u32) -> Option<TypeFlags> {
    let name = stub_param(env, arg)?;
    if name.ends_with("__nullable") {
        return Some(TypeFlags::PTR_TRUSTED | TypeFlags::PTR_MAYBE_NULL);
    }
    name.ends_with("__ref").then_some(TypeFlags::PTR_TRUSTED)
}

fn stub_param<'b>(env: &Env<'b>, arg: u32) -> Option<&'b str> {
    let btf = env.kernel.btf;
    let ops = env.prog.attach_btf_id?;
    let member = btf.ty(ops).composite()?.member(env.prog.struct_ops_member? as usize)?;
    let stub = btf.find(&format!("{}__{}", btf.name(ops), member.name), Kind::Func)?;
    let Type::FuncProto(proto) = btf.ty(btf.ty(stub).target()?) else { return None };
    proto.params().nth(arg as usize).map(|param| param.name)
}

/// Offsets of the arguments that are references which the program must give up (`__ref`).
pub(crate) fn ref_args(env: &Env<'_>) -> Vec<i32> {
    if env.prog.prog_type != ProgType::StructOps {
        return Vec::new();
    }
    let Some(target) = Target::of(env) else { return Vec::new() };
    let mut off = 0;
    let mut refs = Vec::new();
    for (arg, param) in (0..).zip(target.proto.params()) {
        if stub_param(env, arg).is_some_and(|name| name.ends_with("__ref")) {
            refs.push(off);
        }
        off += slot_size(target.btf, param.ty);
    }
    refs
}

/// Arguments that one struct of operations describes in code (`is_valid_access` of its own).
fn of_struct_ops(env: &Env<'_>, target: &Target<'_>, query: &Query) -> Option<Yields> {
    if query.prog_type != ProgType::StructOps || ops_name(env) != "Qdisc_ops" {
        return None;
    }
    if target.name != "enqueue" || query.off < 0 || target.arg_at(query.off) != 2 {
        return None;
    }
    let id = target.btf.find("bpf_sk_buff_ptr", Kind::Struct)?;
    Some(Yields::Object { id, flags: TypeFlags::PTR_TRUSTED, ref_id: 0 })
}

fn ops_name<'b>(env: &Env<'b>) -> &'b str {
    env.prog.attach_btf_id.map_or("", |ops| env.kernel.btf.name(ops))
}

/// Congestion control sees its socket as a `tcp_sock` (`bpf_tcp_ca_is_valid_access`).
fn promote(env: &Env<'_>, target: &Target<'_>, yields: Yields) -> Yields {
    let Yields::Object { id, flags, ref_id } = yields else { return yields };
    let unsafe_flags =
        TypeFlags::all() - (TypeFlags::MEM_ALLOC | TypeFlags::PTR_TRUSTED | TypeFlags::NON_OWN_REF);
    let is_ca = env.prog.prog_type == ProgType::StructOps && ops_name(env) == "tcp_congestion_ops";
    if !is_ca || flags.intersects(unsafe_flags) || target.btf.name(id) != "sock" {
        return yields;
    }
    let tcp_sock = target.btf.find("tcp_sock", Kind::Struct);
    Yields::Object { id: tcp_sock.unwrap_or(id), flags, ref_id }
}

/// Names of kinds as the kernel's BTF log has them.
const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Void => "UNKNOWN",
        Kind::Int => "INT",
        Kind::Ptr => "PTR",
        Kind::Array => "ARRAY",
        Kind::Struct => "STRUCT",
        Kind::Union => "UNION",
        Kind::Enum => "ENUM",
        Kind::Fwd => "FWD",
        Kind::Typedef => "TYPEDEF",
        Kind::Volatile => "VOLATILE",
        Kind::Const => "CONST",
        Kind::Restrict => "RESTRICT",
        Kind::Func => "FUNC",
        Kind::FuncProto => "FUNC_PROTO",
        Kind::Var => "VAR",
        Kind::DataSec => "DATASEC",
        Kind::Float => "FLOAT",
        Kind::DeclTag => "DECL_TAG",
        Kind::TypeTag => "TYPE_TAG",
        Kind::Enum64 => "ENUM64",
    }
}
