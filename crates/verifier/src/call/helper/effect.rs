//! What single helpers do to a path beyond their prototypes.

use skep_abi::{AttachType, Effect, MapType, ProgType};
use skep_isa::Reg;

use super::format;
use crate::call::callback::{self, Entry};
use crate::call::{MapRef, Meta, arg, check_leaks, dynptr};
use crate::diag::{Step, Stop, rejections};
use crate::env::{Env, MapSeen};
use crate::precision;
use crate::state::{Base, DynptrKind, Payload, RegState, RegType};

rejections! {
    /// A call for each element is given different maps on different paths, which kernels before 6.10 cannot tell apart.
    MapUnclear("map-unclear", EINVAL, help: "make a call for each map") {
    } => "tail_call abusing map_ptr";

    /// `bpf_get_local_storage` knows no flags.
    LocalStorageFlags("local-storage-flags", EINVAL, help: "pass 0 as flags") {
    } => "get_local_storage() doesn't support non-zero flags";

    /// Elements of this kind of map cannot be walked by a callback.
    MapWithoutCallback("map-without-callback", ENOTSUPP, help: "use a hash or an array") {
    } => "callback function not allowed for map";

    /// A dynptr to memory is made of memory that is no map value.
    DynptrOfOtherMemory("dynptr-from-other-memory", EACCES, help: "put the bytes into a map's value") {
        found: RegType,
    } => "Unsupported reg type {found} for bpf_dynptr_from_mem data";

    /// The hook returns nothing, so there is no return value to set.
    VoidHookRetval("lsm-void-retval", EINVAL, help: "leave the return value of this hook alone") {
    } => "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!";

    /// A pointer is passed as the number of rounds of a loop. The kernel's verifier trips over it.
    LoopCountPointer("loop-count-pointer", EFAULT, help: "pass a number as the first argument of bpf_loop") {
    } => "verifier bug: backtracking misuse";

    /// The per-CPU object is of a type that is no struct.
    PercpuNotStruct("percpu-not-struct", EFAULT, help: "allocate a struct") {
    } => "Helper has invalid btf/btf_id in R1";
}

/// Applies it; tells whether packets may have moved.
pub(super) fn apply(env: &mut Env<'_>, meta: &mut Meta) -> Step<bool> {
    match meta.proto.effect {
        Some(Effect::TailCall) => check_leaks(env, false, true, "tail_call")?,
        Some(Effect::GetLocalStorage) if !env.reg(Reg::R2).is_null() => {
            return Err(LocalStorageFlags {}.into());
        }
        Some(Effect::CallbackMapElem) => for_each_elem(env, meta)?,
        Some(Effect::CallbackTimer) => timer_callback(env, meta)?,
        Some(Effect::CallbackVma) => find_vma(env, meta)?,
        Some(Effect::CallsStackWalk) => env.calls_stack_walk = true,
        Some(Effect::Snprintf) => format::check(env)?,
        Some(Effect::CallbackLoop) => run_loop(env, meta)?,
        Some(Effect::DynptrFromMem) if !env.reg(Reg::R1).ty.is(Base::MapValue) => {
            return Err(DynptrOfOtherMemory { found: env.reg(Reg::R1).ty }.into());
        }
        Some(Effect::SetRetval) if is_void_cgroup_lsm(env) => {
            return Err(VoidHookRetval {}.into());
        }
        Some(Effect::DynptrData) => slice(env, meta)?,
        Some(Effect::DynptrWrite) => return Ok(writes_packet(env, meta)),
        Some(Effect::PerCpuPtr | Effect::ThisCpuPtr) => check_percpu(env, meta)?,
        Some(Effect::CallbackUserRingbuf) => drain(env, meta)?,
        _ => {}
    }
    Ok(false)
}

/// A pointer to a key or value of a map, or to the map itself.
fn of_map(base: Base, map: MapRef) -> RegState {
    RegState { payload: map.payload(), ..RegState::pointer(RegType::new(base)) }
}

fn for_each_elem(env: &mut Env<'_>, meta: &Meta) -> Step {
    let Some(map) = meta.map else { return Stop::bug("elements of no map") };
    if !env.features.walks_any_map() && env.aux_mut().map == MapSeen::Many {
        return Err(MapUnclear {}.into());
    }
    let walkable = matches!(
        map.kind(env),
        MapType::Array
            | MapType::PercpuArray
            | MapType::Hash
            | MapType::PercpuHash
            | MapType::LruHash
            | MapType::LruPercpuHash
    );
    if !walkable {
        return Err(MapWithoutCallback {}.into());
    }
    let (itself, data) = (*env.reg(Reg::R1), *env.reg(Reg::R3));
    let args = [itself, of_map(Base::MapKey, map), of_map(Base::MapValue, map), data];
    callback::push(env, meta.subprog, &Entry::within(args))
}

fn timer_callback(env: &mut Env<'_>, meta: &Meta) -> Step {
    let Some(map) = MapRef::of(env.reg(Reg::R1)) else { return Stop::bug("a timer of no map") };
    let args = [of_map(Base::MapPtr, map), of_map(Base::MapKey, map), of_map(Base::MapValue, map)];
    callback::push(env, meta.subprog, &Entry::later(args, false, (0, 0)))
}

fn find_vma(env: &mut Env<'_>, meta: &Meta) -> Step {
    let id = arg::btf_id::named(env, "vm_area_struct")?;
    let mut vma = RegState::pointer(RegType::new(Base::BtfId));
    vma.payload = Payload::Btf { local: false, id };
    let args = [*env.reg(Reg::R1), vma, *env.reg(Reg::R4)];
    callback::push(env, meta.subprog, &Entry::within(args))
}

fn drain(env: &mut Env<'_>, meta: &Meta) -> Step {
    let record = dynptr::callback_arg(env, DynptrKind::Local);
    let args = [record, *env.reg(Reg::R3)];
    callback::push(env, meta.subprog, &Entry::within(args))
}

/// One more round of the loop, unless as many were walked as there can be.
fn run_loop(env: &mut Env<'_>, meta: &Meta) -> Step {
    note_inlining(env, meta.subprog)?;
    // The number of rounds decides which paths there are.
    if !env.reg(Reg::R1).is_scalar() {
        return Err(LoopCountPointer {}.into());
    }
    let args = [RegState::unknown(), *env.reg(Reg::R3)];
    if !env.features.callbacks_converge() {
        return callback::push(env, meta.subprog, &Entry::within(args));
    }
    precision::mark_chain(env, Reg::R1)?;
    let rounds = u64::from(env.state.frame().callback_depth);
    if rounds >= env.reg(Reg::R1).num.umax {
        env.state.frame_mut().callback_depth = 0;
        return Ok(());
    }
    callback::push(env, meta.subprog, &Entry::within(args))
}

/// The kernel turns the call into a loop where all paths pass no flags and the same callback; flags that this hangs on
/// become precise.
fn note_inlining(env: &mut Env<'_>, subprog: u32) -> Step {
    let fits = match env.aux_mut().loop_inline {
        None => None,
        Some(None) => return Ok(()),
        Some(seen) => seen,
    };
    let no_flags = env.reg(Reg::R4).is_null();
    if no_flags {
        precision::mark_chain(env, Reg::R4)?;
    }
    let same = fits.is_none_or(|before| before == subprog);
    env.aux_mut().loop_inline = Some((no_flags && same).then_some(subprog));
    Ok(())
}

/// Whether the program is attached by cgroup to a hook that returns nothing.
fn is_void_cgroup_lsm(env: &Env<'_>) -> bool {
    env.prog.prog_type == ProgType::Lsm
        && env.prog.attach_type == AttachType::LsmCgroup
        && env.attach_returns_void()
}

/// The slice hangs on the dynptr, and on its reference.
fn slice(env: &Env<'_>, meta: &mut Meta) -> Step {
    let Some(dynptr) = dynptr_arg(env, meta) else { return Stop::bug("a slice of no dynptr") };
    meta.dynptr_id = dynptr.id;
    meta.ref_id = dynptr.ref_id;
    Ok(())
}

fn writes_packet(env: &Env<'_>, meta: &Meta) -> bool {
    dynptr_arg(env, meta)
        .is_some_and(|dynptr| matches!(dynptr.kind, DynptrKind::Skb | DynptrKind::SkbMeta))
}

fn dynptr_arg(env: &Env<'_>, meta: &Meta) -> Option<dynptr::View> {
    let at = meta.proto.args.iter().position(|arg| arg.base == skep_abi::ArgBase::Dynptr)?;
    dynptr::view(env, Reg(at as u8 + 1))
}

fn check_percpu(env: &Env<'_>, meta: &Meta) -> Step {
    let Some(percpu) = meta.percpu.filter(|percpu| percpu.is_rcu) else { return Ok(()) };
    let btf = if percpu.local { env.prog.btf } else { Some(env.kernel.btf) };
    match btf.and_then(|btf| btf.ty(percpu.id).composite()) {
        Some(_) => Ok(()),
        None => Err(PercpuNotStruct {}.into()),
    }
}
