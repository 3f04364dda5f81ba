//! Kernel objects as arguments: which struct a register points to, and whether it will do
//! (`process_kf_arg_ptr_to_btf_id`).

use skep_abi::KfuncFlags;
use skep_btf::{Kind, TypeId};

use super::ctx_type::is_projection;
use super::desc::Kfunc;
use super::param;
use super::pointer::PtrArg;
use crate::call::arg::btf_id::{self, Object};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Payload, RegState};

/// Ends the name of a struct that stands for another one that is not ready for use.
const NOCAST: &str = "___init";

rejections! {
    /// The kernel function takes a pointer to another struct than the one that was passed.
    ///
    /// A struct that begins with the wanted one will do, except where a reference is released or where the function
    /// keeps apart objects that are ready from those that are not.
    WrongStruct("kfunc-wrong-struct", EINVAL, help: "pass an object of the type that the function takes") {
        name: &'static str, arg: usize, kind: &'static str, ty: String, found_kind: &'static str, found: String,
        regno: usize,
    } => "kernel function {name} args#{arg} expected pointer to {kind} {ty} but R{regno} has a pointer to {found_kind} {found}";
}

/// The struct that a register points to: whether it is of the program's BTF, and which.
pub(super) fn struct_behind(env: &Env<'_>, reg: &RegState) -> Option<(bool, TypeId)> {
    match reg.payload {
        Payload::Btf { local, id } => Some((local, id)),
        _ => {
            let name = param::struct_of(reg.ty.base)?;
            env.kernel.btf.find(name, Kind::Struct).map(|id| (false, id))
        }
    }
}

/// Checks that a register points to the struct that the parameter names.
pub(super) fn check(env: &Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, wanted: TypeId) -> Step {
    let reg = env.reg(arg.regno);
    let Some((local, id)) = struct_behind(env, reg) else {
        return Stop::unsupported("a kernel object of a type that this kernel's BTF lacks");
    };
    let Some(btf) = (if local { env.prog.btf } else { Some(env.kernel.btf) }) else {
        return Stop::bug("an object of a program that has no BTF");
    };
    let id = btf.skip_modifiers(id);
    let (wanted_name, found_name) = (env.kernel.btf.name(wanted), btf.name(id));
    let strict = (kfunc.has(KfuncFlags::RELEASE) && reg.ref_id != 0)
        || (!local && is_nocast_alias(found_name, wanted_name));
    let same = btf_id::matches(env, Object { local, id }, reg.off, Object::kernel(wanted), strict);
    if same || is_projection(wanted_name, found_name) {
        return Ok(());
    }
    Err(WrongStruct {
        name: kfunc.name,
        arg: arg.arg,
        kind: param::kind_name(env.kernel.btf.kind(wanted)),
        ty: wanted_name.to_owned(),
        found_kind: param::kind_name(btf.kind(id)),
        found: found_name.to_owned(),
        regno: arg.arg + 1,
    }
    .into())
}

/// Whether two structs differ only by a mark that the kernel puts on objects that are not ready
/// (`btf_type_ids_nocast_alias`).
fn is_nocast_alias(a: &str, b: &str) -> bool {
    let base = |name: &str| name.strip_suffix(NOCAST).map(str::to_owned);
    match (base(a), base(b)) {
        (Some(a), None) => a == b,
        (None, Some(b)) => a == b,
        _ => false,
    }
}
