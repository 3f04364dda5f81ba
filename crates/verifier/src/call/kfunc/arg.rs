//! Arguments of a kfunc, one after another (`check_kfunc_args`).

use skep_abi::KfuncFlags;
use skep_btf::{Param, Type, TypeId};
use skep_isa::Reg;

use super::desc::Kfunc;
use super::param::{self, ArgKind};
use super::seen::Seen;
use super::{broken, pointer};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::precision;

/// Arguments that fit in registers.
const MAX_ARGS: usize = 5;

rejections! {
    /// The kernel function takes more arguments than fit in registers.
    TooManyArgs("kfunc-too-many-args", EINVAL, help: "this is a fault of the kernel function's declaration") {
        name: &'static str, args: usize,
    } => "Function {name} has {args} > 5 args";

    /// The kernel function takes a number here, and was given a pointer or nothing.
    NotAScalar("kfunc-not-scalar", EINVAL, help: "pass a number") {
        regno: u8,
    } => "R{regno} is not a scalar";

    /// The kernel function needs a number that the verifier knows exactly.
    NotAConstant("kfunc-not-constant", EINVAL, help: "pass a constant, not a variable") {
        regno: u8,
    } => "R{regno} must be a known constant";

    /// The size of the memory that the kernel function returns must be a number that the verifier knows exactly.
    SizeNotConst("kfunc-size-not-constant", EINVAL, help: "pass a constant size") {
        regno: u8,
    } => "R{regno} is not a const";

    /// The size of the memory that the kernel function returns is more than four gigabytes.
    SizeTooLarge("kfunc-size-too-large", EINVAL, help: "pass a sensible size") {
        regno: u8,
    } => "R{regno} rdonly/rdwr_buf_size exceeds u32 max";

    /// The kernel function takes an argument of a type that calls of BPF programs cannot pass.
    UnknownArgType("kfunc-arg-type", EINVAL, help: "this is a fault of the kernel function's declaration") {
        arg: usize, kind: &'static str,
    } => "Unrecognized arg#{arg} type {kind}";

    /// The kernel function needs a pointer that is not null, and this one may be.
    MaybeNull("kfunc-arg-maybe-null", EACCES, help: "check the pointer for null first: if (!p) return 0;") {
        arg: usize,
    } => "Possibly NULL pointer passed to trusted arg{arg}";

    /// The kernel function takes a reference away, and was given a pointer that holds none.
    ReleasesNoReference("kfunc-release-no-reference", EINVAL, help: "pass the pointer that the acquiring call returned, once, and not after it was released") {
        name: &'static str,
    } => "release kernel function {name} expects refcounted PTR_TO_BTF_ID";
}

/// Checks all arguments.
pub(super) fn check_all(env: &mut Env<'_>, kfunc: &Kfunc<'_>, seen: &mut Seen) -> Step {
    let params = &kfunc.params;
    if params.len() > MAX_ARGS {
        return Err(TooManyArgs { name: kfunc.name, args: params.len() }.into());
    }
    let mut arg = 0;
    while arg < params.len() {
        arg += check(env, kfunc, arg, seen)?;
    }
    if kfunc.has(KfuncFlags::RELEASE) && seen.release.is_none() {
        return Err(ReleasesNoReference { name: kfunc.name }.into());
    }
    Ok(())
}

/// Checks one argument; how many are done.
fn check(env: &mut Env<'_>, kfunc: &Kfunc<'_>, arg: usize, seen: &mut Seen) -> Step<usize> {
    let btf = env.kernel.btf;
    let param = kfunc.params[arg];
    let regno = reg_of(arg);
    // The verifier does not look at these; `__prog` is filled in by it.
    if param::has_suffix(&param, "__ign") || param::has_suffix(&param, "__prog") {
        return Ok(1);
    }
    if kfunc.has(KfuncFlags::IMPLICIT_ARGS) && is_prog_aux(env, &param) {
        return Ok(1);
    }
    if param::is_scalar(btf, param.ty) {
        return scalar(env, &param, regno, seen).map(|()| 1);
    }
    let Type::Ptr { target } = btf.resolved(param.ty) else {
        let kind = param::kind_name(btf.resolved(param.ty).kind());
        return Err(UnknownArgType { arg, kind }.into());
    };
    let pointee = btf.resolve(target);
    let reg = *env.reg(regno);
    let wants_trust = trusts(env, kfunc) || kfunc.has(KfuncFlags::RCU);
    let may_be_null = reg.is_null() || reg.ty.may_be_null();
    if wants_trust && may_be_null && !param::is_nullable(&param) && !param::is_optional(&param) {
        return Err(MaybeNull { arg }.into());
    }
    if reg.ref_id != 0 {
        if kfunc.has(KfuncFlags::RELEASE) {
            if seen.ref_id != 0 {
                return broken("two references are released");
            }
            seen.release = Some(regno);
        }
        seen.ref_id = reg.ref_id;
    }
    let kind = param::classify(env, kfunc, arg, pointee)?;
    if kind == ArgKind::Null {
        return Ok(1);
    }
    pointer::check(env, kfunc, pointer::PtrArg { arg, regno, kind, pointee }, seen)?;
    Ok(if kind == ArgKind::MemSize { 2 } else { 1 })
}

/// Whether pointers must be trusted or referenced (`is_kfunc_trusted_args`).
pub(super) fn trusts(env: &Env<'_>, kfunc: &Kfunc<'_>) -> bool {
    kfunc.has(KfuncFlags::TRUSTED_ARGS)
        || kfunc.has(KfuncFlags::RELEASE)
        || env.kernel.trusts_all_args.unwrap_or_else(|| env.features.trusts_all_args())
}

fn is_prog_aux(env: &Env<'_>, param: &Param<'_>) -> bool {
    let btf = env.kernel.btf;
    let Type::Ptr { target } = btf.resolved(param.ty) else { return false };
    btf.name(btf.resolve(target)) == "bpf_prog_aux"
}

/// The register of an argument.
pub(super) fn reg_of(arg: usize) -> Reg {
    CALL_REGS[arg]
}

const CALL_REGS: [Reg; MAX_ARGS] = [Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5];

fn scalar(env: &mut Env<'_>, param: &Param<'_>, regno: Reg, seen: &mut Seen) -> Step {
    let reg = *env.reg(regno);
    if !reg.is_scalar() {
        return Err(NotAScalar { regno: regno.0 }.into());
    }
    if param::has_suffix(param, "__k") {
        let Some(value) = reg.const_value() else {
            return Err(NotAConstant { regno: regno.0 }.into());
        };
        precision::mark_chain(env, regno)?;
        if seen.constant.replace(value).is_some() {
            return broken("two constants");
        }
        return Ok(());
    }
    let is_rdonly = param.name == "rdonly_buf_size";
    if !is_rdonly && param.name != "rdwr_buf_size" {
        return Ok(());
    }
    let Some(size) = reg.const_value() else {
        return Err(SizeNotConst { regno: regno.0 }.into());
    };
    if u32::try_from(size).is_err() {
        return Err(SizeTooLarge { regno: regno.0 }.into());
    }
    seen.ret_size = size;
    seen.ret_rdonly |= is_rdonly;
    precision::mark_chain(env, regno)
}

/// The type with this id, where a pointer parameter must lead to one.
pub(super) fn size_of(env: &Env<'_>, ty: TypeId) -> Option<u32> {
    env.kernel.btf.size_of(ty).and_then(|size| u32::try_from(size).ok())
}
