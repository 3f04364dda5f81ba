//! Pointer arguments of a kfunc, by what the parameter is.

use skep_abi::{Effect, KfuncFlags, TypeFlags};
use skep_btf::TypeId;
use skep_isa::Reg;

use super::desc::Kfunc;
use super::param::{self, ArgKind};
use super::seen::Seen;
use super::{arg, broken, object, special};
use crate::access;
use crate::call::arg::{btf_id, const_str, offset};
use crate::call::{MapRef, dynptr, graph, irq, iter, lock, timer};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, IrqClass, Payload, RegState, RegType};

rejections! {
    /// The kernel function takes a map here.
    NotAMap("kfunc-not-a-map", EINVAL, help: "pass the address of the map itself") {
        regno: u8,
    } => "pointer in R{regno} isn't map pointer";

    /// The kernel function needs a pointer to an object that is certainly alive: a reference that the program holds,
    /// or a trusted argument of its hook.
    ///
    /// A pointer that was read out of another object may point to something that is being freed.
    NotTrusted("kfunc-arg-untrusted", EINVAL, help: "take a reference first, for instance by the matching `_acquire` function") {
        regno: u8,
    } => "R{regno} must be referenced or trusted";

    /// The kernel function needs a pointer that RCU keeps alive, or one that is trusted or referenced.
    NotRcu("kfunc-arg-not-rcu", EINVAL, help: "load the pointer and use it within one RCU section, or take a reference") {
        regno: u8,
    } => "R{regno} must be a rcu pointer";

    /// The kernel function takes the program's context here.
    NotTheContext("kfunc-not-ctx", EINVAL, help: "pass the context as the program was given it") {
        arg: usize, found: String,
    } => "arg#{arg} expected pointer to ctx, but got {found}";

    /// A pointer of this kind cannot be passed as a kernel object.
    NotAnObject("kfunc-not-an-object", EINVAL, help: "check the pointer for null, or take a reference") {
        arg: usize, found: String, expected: String,
    } => "arg#{arg} is {found} expected {expected} or socket";

    /// The kernel function takes memory of a type whose size is not known.
    UnsizedMemory("kfunc-memory-unsized", EINVAL, help: "this is a fault of the kernel function's declaration") {
        arg: usize, kind: &'static str, ty: String, err: i32,
    } => "arg#{arg} reference type('{kind} {ty}') size cannot be determined: {err}";

    /// The size of the memory must be a number that the verifier knows exactly.
    MemorySizeNotConst("kfunc-memory-size-not-constant", EINVAL, help: "pass a constant size") {
        regno: u8,
    } => "R{regno} must be a known constant";

    /// The kernel function takes a function of the program here.
    NotACallback("kfunc-not-a-callback", EINVAL, help: "pass the name of a static function") {
        arg: usize,
    } => "arg{arg} expected pointer to func";

    /// The kernel function takes text that lies in a read-only map.
    NotAConstString("kfunc-not-const-string", EINVAL, help: "pass a string literal, or a `const char[]` of global scope") {
        arg: usize,
    } => "arg#{arg} doesn't point to a const string";
}

/// A pointer argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct PtrArg {
    /// From 0.
    pub(super) arg: usize,
    /// Its register.
    pub(super) regno: Reg,
    /// What the parameter is.
    pub(super) kind: ArgKind,
    /// What the parameter points to.
    pub(super) pointee: TypeId,
}

/// Checks it.
pub(super) fn check(env: &mut Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let PtrArg { regno, kind, .. } = arg;
    if kind == ArgKind::Map {
        let reg = env.reg(regno);
        if let Some(map) = MapRef::of(reg) {
            timer::check_same_map(env, seen.map, map)?;
            seen.map = Some(map);
        } else if !may_pass_for_map(reg) {
            return Err(NotAMap { regno: regno.0 }.into());
        }
    }
    if matches!(kind, ArgKind::Map | ArgKind::Allocated | ArgKind::BtfId) {
        check_trust(env, kfunc, regno)?;
    }
    let reg = *env.reg(regno);
    let releases = kfunc.has(KfuncFlags::RELEASE) && reg.ref_id != 0;
    offset::check(env, regno, releases)?;
    match kind {
        ArgKind::Null => Ok(()),
        ArgKind::Ctx => context(env, kfunc, arg, seen),
        ArgKind::Allocated => special::allocated(env, kfunc, arg, seen),
        ArgKind::Refcounted => special::refcounted(env, arg, seen),
        ArgKind::Dynptr => dynptr_arg(env, kfunc, arg, seen),
        ArgKind::Iter => {
            special::check_iter_allowed(env, kfunc)?;
            let param = kfunc.params[arg.arg].ty;
            let place = iter::check_arg(env, regno, param, kfunc.name, kfunc.flags)?;
            if let Some(place) = place {
                seen.ref_id =
                    env.state.frames[place.frame as usize].stack[place.spi].spilled.ref_id;
                seen.iter = Some(place);
            }
            Ok(())
        }
        ArgKind::ListHead | ArgKind::RbRoot => {
            graph::check_root(env, regno, kind == ArgKind::RbRoot)
                .map(|root| seen.root = Some(root))
        }
        ArgKind::ListNode | ArgKind::RbNode => graph_node(env, kfunc, arg, seen),
        ArgKind::Map => {
            let wanted = btf_id::named(env, "bpf_map")?;
            check_object(env, arg)?;
            object::check(env, kfunc, arg, wanted)
        }
        ArgKind::BtfId => {
            check_object(env, arg)?;
            object::check(env, kfunc, arg, arg.pointee)
        }
        ArgKind::Mem => memory(env, arg),
        ArgKind::MemSize => sized_memory(env, kfunc, arg, seen),
        ArgKind::Callback => match reg.payload {
            Payload::Func { subprog } if reg.ty.is(Base::Func) => {
                seen.callback = Some(subprog);
                Ok(())
            }
            _ => Err(NotACallback { arg: arg.arg }.into()),
        },
        ArgKind::ConstStr => {
            if !reg.ty.is(Base::MapValue) {
                return Err(NotAConstString { arg: arg.arg }.into());
            }
            const_str::check(env, regno)
        }
        ArgKind::Wq => timer::check_wq(env, regno).map(|map| seen.map = Some(map)),
        ArgKind::TaskWork => timer::check_task_work(env, regno).map(|map| seen.map = Some(map)),
        ArgKind::IrqFlag => irq_flag(env, kfunc, regno),
        ArgKind::ResSpinLock => lock::check_res(env, regno, kfunc.effect),
    }
}

/// Whether the kernel's first look takes a register for a map: it only asks whether a union of the register is zero.
/// What does not belong there is refused later, by other words.
fn may_pass_for_map(reg: &RegState) -> bool {
    match reg.payload {
        Payload::Btf { .. } => true,
        Payload::Mem { size, dynptr_id } => size != 0 || dynptr_id != 0,
        Payload::Packet { range } => range != 0,
        Payload::Func { subprog } => subprog != 0,
        _ => false,
    }
}

fn check_trust(env: &Env<'_>, kfunc: &Kfunc<'_>, regno: Reg) -> Step {
    let reg = env.reg(regno);
    let rcu_will_do = kfunc.has(KfuncFlags::RCU);
    if (!arg::trusts(env, kfunc) && !rcu_will_do) || reg.is_trusted() {
        return Ok(());
    }
    if !rcu_will_do {
        return Err(NotTrusted { regno: regno.0 }.into());
    }
    if !reg.ty.has(TypeFlags::MEM_RCU) {
        return Err(NotRcu { regno: regno.0 }.into());
    }
    Ok(())
}

fn context(env: &mut Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let reg = env.reg(arg.regno);
    if !reg.ty.is(Base::Ctx) {
        return Err(NotTheContext { arg: arg.arg, found: reg.ty.to_string() }.into());
    }
    if kfunc.effect == Some(Effect::CastToKernCtx) {
        seen.kern_ctx = Some(special::kern_ctx(env)?);
    }
    Ok(())
}

/// Checks that a register can stand for a kernel object at all.
fn check_object(env: &Env<'_>, arg: PtrArg) -> Step {
    let ty = env.reg(arg.regno).ty;
    let trusting = TypeFlags::MEM_ALLOC | TypeFlags::PTR_TRUSTED | TypeFlags::NON_OWN_REF;
    let is_unsafe = !(ty.flags - trusting).is_empty() && !ty.has(TypeFlags::MEM_RCU);
    if (ty.base != Base::BtfId || is_unsafe) && param::struct_of(ty.base).is_none() {
        let expected = RegType::with(ty.base, ty.flags & trusting).to_string();
        return Err(NotAnObject { arg: arg.arg, found: ty.to_string(), expected }.into());
    }
    Ok(())
}

fn dynptr_arg(env: &mut Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let mut flags = TypeFlags::empty();
    let mut clone_ref = 0;
    if env.reg(arg.regno).ty.is(Base::Dynptr) {
        flags |= TypeFlags::MEM_RDONLY;
    }
    if param::has_suffix(&kfunc.params[arg.arg], "__uninit") {
        flags |= TypeFlags::MEM_UNINIT;
    }
    match kfunc.effect {
        Some(Effect::DynptrFromSkb) => flags |= TypeFlags::DYNPTR_TYPE_SKB,
        Some(Effect::DynptrFromXdp) => flags |= TypeFlags::DYNPTR_TYPE_XDP,
        Some(Effect::DynptrFromSkbMeta) => flags |= TypeFlags::DYNPTR_TYPE_SKB_META,
        Some(Effect::DynptrFromFile) => flags |= TypeFlags::DYNPTR_TYPE_FILE,
        Some(Effect::DynptrFileDiscard) => {
            flags |= TypeFlags::DYNPTR_TYPE_FILE;
            seen.release = Some(arg.regno);
        }
        Some(Effect::DynptrClone) if flags.contains(TypeFlags::MEM_UNINIT) => {
            let Some(original) = seen.dynptr else { return broken("a clone of no dynptr") };
            flags |= original.kind.flag();
            clone_ref = original.ref_id;
        }
        _ => {}
    }
    dynptr::check_arg(env, arg.regno, flags, clone_ref)?;
    if !flags.contains(TypeFlags::MEM_UNINIT) {
        seen.dynptr = dynptr::view(env, arg.regno);
    }
    Ok(())
}

fn graph_node(env: &Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let Some(root) = seen.root else { return broken("a node before its root") };
    graph::check_node_owner(env, kfunc.name, kfunc.effect, arg.regno)?;
    seen.object = Some(graph::check_node(env, arg.regno, root)?);
    Ok(())
}

fn memory(env: &mut Env<'_>, arg: PtrArg) -> Step {
    let Some(size) = arg::size_of(env, arg.pointee) else {
        let ty = env.kernel.btf.ty(arg.pointee);
        let kind = param::kind_name(ty.kind());
        let ty = ty.name().to_owned();
        return Err(UnsizedMemory { arg: arg.arg, kind, ty, err: -22 }.into());
    };
    access::check_mem_reg(env, arg.regno, size)
}

fn sized_memory(env: &mut Env<'_>, kfunc: &Kfunc<'_>, arg: PtrArg, seen: &mut Seen) -> Step {
    let param = &kfunc.params[arg.arg];
    let size_param = &kfunc.params[arg.arg + 1];
    let size_regno = arg::reg_of(arg.arg + 1);
    let is_optional = param::is_optional(param) || param::is_nullable(param);
    if !env.reg(arg.regno).is_null() || !is_optional {
        access::check_kfunc_mem_size_reg(env, size_regno).map_err(|stop| {
            let (mem, size) = (arg.arg, arg.arg + 1);
            stop.followed_by(&format!(
                "arg#{mem} arg#{size} memory, len pair leads to invalid memory access"
            ))
        })?;
    }
    if param::is_const_size(size_param) {
        let Some(size) = env.reg(size_regno).const_value() else {
            return Err(MemorySizeNotConst { regno: size_regno.0 }.into());
        };
        if seen.constant.replace(size).is_some() {
            return broken("two constants");
        }
    }
    Ok(())
}

fn irq_flag(env: &mut Env<'_>, kfunc: &Kfunc<'_>, regno: Reg) -> Step {
    let (class, save) = match kfunc.effect {
        Some(Effect::IrqSave) => (IrqClass::Native, true),
        Some(Effect::IrqRestore) => (IrqClass::Native, false),
        Some(Effect::ResSpinLockIrq) => (IrqClass::Lock, true),
        Some(Effect::ResSpinUnlockIrq) => (IrqClass::Lock, false),
        _ => return broken("an interrupt flag without an effect"),
    };
    irq::check_arg(env, regno, class, save)
}
