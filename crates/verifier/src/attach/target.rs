//! The kernel function, tracepoint, hook or iterator that a program attaches to (`bpf_check_attach_target`).

use skep_abi::AttachType;
use skep_btf::{Kind, Type, TypeId};

use super::function;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

rejections! {
    /// A tracing program names nothing to attach to.
    AttachIdMissing("attach-id-missing", EINVAL, help: "name the function or tracepoint in the section's name, such as `SEC(\"fentry/vfs_read\")`") {
    } => "Tracing programs must provide btf_id";

    /// The type that a program attaches to does not exist.
    AttachIdInvalid("attach-id-invalid", EINVAL, help: "load the object with a loader, so that the target is resolved against this kernel") {
        id: u32,
    } => "attach_btf_id {id} is invalid";

    /// A raw tracepoint program attaches to something that is no tracepoint's type.
    AttachNoTypedef("attach-no-typedef", EINVAL, help: "name a tracepoint of this kernel") {
        id: u32,
    } => "attach_btf_id {id} is not a typedef";

    /// A program attaches to a type that is none of the kind that its section's name asks for.
    AttachWrongName("attach-wrong-name", EINVAL, help: "name a tracepoint, or an LSM hook that BPF may use") {
        id: u32, name: String,
    } => "attach_btf_id {id} points to wrong type name {name}";

    /// A program attaches to something that is no function.
    AttachNoFunction("attach-no-function", EINVAL, help: "name a function of this kernel") {
        id: u32,
    } => "attach_btf_id {id} is not a function";

    /// The function takes more arguments than a trampoline can pass on.
    AttachTooManyArgs("attach-too-many-arguments", EINVAL, help: "attach by a kprobe instead") {
        name: String, count: usize,
    } => "The function {name} has {count} arguments. Too many.";

    /// The function returns something that a trampoline cannot pass on.
    AttachRetType("attach-return-type", EINVAL, help: "attach by a kprobe instead") {
        name: String, kind: String,
    } => "The function {name} return type {kind} is unsupported.";

    /// The function takes a variable number of arguments.
    AttachVariadic("attach-variadic", EINVAL, help: "attach by a kprobe instead") {
        name: String,
    } => "The function {name} with variable args is unsupported.";

    /// The function takes an argument that a trampoline cannot pass on.
    AttachArgType("attach-argument-type", EINVAL, help: "attach by a kprobe instead") {
        name: String, arg: usize, kind: String,
    } => "The function {name} arg{arg} type {kind} is unsupported.";

    /// The function takes an argument without a type.
    AttachVoidArg("attach-void-argument", EINVAL, help: "attach by a kprobe instead") {
        name: String,
    } => "The function {name} has malformed void argument.";

    /// A sleepable program attaches to a function that may run where nothing may sleep.
    AttachNotSleepable("attach-not-sleepable", EINVAL, help: "use the section name without `.s`, or another function") {
        name: String,
    } => "{name} is not sleepable";

    /// The return value of the function may not be changed.
    ///
    /// Only functions marked for error injection, and hooks named `security_…`, may be.
    AttachNotModifiable("attach-not-modifiable", EINVAL, help: "use `fexit`, which only looks, or another function") {
        name: String,
    } => "{name}() is not modifiable";

    /// Functions that tracing itself runs on cannot be traced.
    AttachDenied("attach-denied", EINVAL, help: "attach to another function") {
        name: String,
    } => "Attaching tracing programs to function '{name}' is rejected.";

    /// Functions that tracing itself runs on cannot be traced; releases before 6.17 say nothing.
    AttachDeniedSilently("attach-denied-silently", EINVAL, help: "attach to another function") {
    } => "";

    /// The function never returns, so that nothing could run after it; releases before 6.17 do not name it.
    AttachNoReturnOld("attach-no-return-unnamed", EINVAL, help: "use `fentry`") {
    } => "Attaching fexit/fmod_ret to __noreturn functions is rejected.";

    /// The function never returns, so that nothing could run after it.
    AttachNoReturn("attach-no-return", EINVAL, help: "use `fentry`") {
        name: String,
    } => "Attaching fexit/fmod_ret to __noreturn function '{name}' is rejected.";

    /// An LSM program has no GPL-compatible licence.
    LsmNeedsGpl("lsm-needs-gpl", EINVAL, help: "declare a GPL-compatible licence") {
    } => "LSM programs must have a GPL compatible license";

    /// The LSM hook is closed to BPF programs.
    LsmHookDisabled("lsm-hook-disabled", EINVAL, help: "use another hook") {
        id: u32, name: String,
    } => "attach_btf_id {id} points to disabled hook {name}";
}

/// Names of a tracepoint's type begin so.
const TRACEPOINT: &str = "btf_trace_";
/// A trampoline passes on no more arguments.
const MAX_ARGS: usize = 12;

/// Checks what a tracing or LSM program attaches to, and leaves the prototype that its context follows.
pub(super) fn check(env: &mut Env<'_>) -> Step {
    let (prog, btf) = (env.prog, env.kernel.btf);
    let Some(id) = prog.attach_btf_id.filter(|id| *id != TypeId::VOID) else {
        return Err(AttachIdMissing {}.into());
    };
    let Some(ty) = btf.get(id) else { return Err(AttachIdInvalid { id: id.0 }.into()) };
    let name = ty.name();
    match prog.attach_type {
        AttachType::TraceRawTp => {
            let Type::Typedef { target, .. } = ty else {
                return Err(AttachNoTypedef { id: id.0 }.into());
            };
            let Some(tracepoint) = name.strip_prefix(TRACEPOINT) else {
                return Err(AttachWrongName { id: id.0, name: name.to_owned() }.into());
            };
            env.attach_func_proto = tracepoint_proto(env, tracepoint, target);
            Ok(())
        }
        AttachType::TraceIter
        | AttachType::ModifyReturn
        | AttachType::LsmMac
        | AttachType::LsmCgroup
        | AttachType::TraceFentry
        | AttachType::TraceFexit => {
            let Type::Func { proto, .. } = ty else {
                return Err(AttachNoFunction { id: id.0 }.into());
            };
            check_proto(env, name, proto)?;
            env.attach_func_proto = Some(proto);
            match prog.attach_type {
                AttachType::TraceIter => Ok(()),
                _ => function::check(env, id, name),
            }
        }
        _ => Stop::unsupported("a tracing program of this attach type"),
    }
}

/// The prototype with argument names is that of a function of the kernel's tracing; the typedef has none.
fn tracepoint_proto(env: &Env<'_>, tracepoint: &str, pointer: TypeId) -> Option<TypeId> {
    let btf = env.kernel.btf;
    let func = btf.find(&format!("__bpf_trace_{tracepoint}"), Kind::Func);
    func.or(Some(pointer)).and_then(|id| btf.ty(id).target())
}

/// Whether a trampoline can pass on the arguments (`btf_distill_func_proto`).
fn check_proto(env: &Env<'_>, name: &str, proto: TypeId) -> Step {
    let btf = env.kernel.btf;
    let Type::FuncProto(proto) = btf.ty(proto) else {
        return Stop::bug("a function has no prototype");
    };
    let name = || name.to_owned();
    if proto.len() > MAX_ARGS {
        return Err(AttachTooManyArgs { name: name(), count: proto.len() }.into());
    }
    let kind = |ty: TypeId| btf.resolved(ty).kind().name().to_uppercase();
    let is_struct = btf.resolved(proto.ret).composite().is_some();
    if proto.ret != TypeId::VOID && (size_passed(env, proto.ret).is_none() || is_struct) {
        return Err(AttachRetType { name: name(), kind: kind(proto.ret) }.into());
    }
    if proto.is_variadic() {
        return Err(AttachVariadic { name: name() }.into());
    }
    for (arg, param) in proto.params().enumerate() {
        match size_passed(env, param.ty) {
            Some(0) => return Err(AttachVoidArg { name: name() }.into()),
            Some(1..=16) => {}
            _ => return Err(AttachArgType { name: name(), arg, kind: kind(param.ty) }.into()),
        }
    }
    Ok(())
}

/// Bytes of a value that is passed on; none for what cannot be (`__get_type_size`).
fn size_passed(env: &Env<'_>, ty: TypeId) -> Option<u64> {
    let btf = env.kernel.btf;
    match btf.resolved(ty) {
        Type::Void => Some(0),
        Type::Ptr { .. } => Some(8),
        Type::Int(int) => Some(u64::from(int.size)),
        Type::Struct(composite) => Some(u64::from(composite.size)),
        Type::Union(composite) => Some(u64::from(composite.size)),
        Type::Enum(enumeration) | Type::Enum64(enumeration) => Some(u64::from(enumeration.size)),
        _ => None,
    }
}
