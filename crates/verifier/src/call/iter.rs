//! Open-coded iterators on the stack: made, advanced and ended (`process_iter_arg`).

use skep_abi::{KfuncFlags, TypeFlags};
use skep_btf::{Btf, Type, TypeId};
use skep_isa::Reg;

use super::refs;
use super::stack_object::{self, Place, StackPlace};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, IterState, Payload, RegState, RegType, SlotKind, StackSlot};

/// Begins the name of every iterator's struct.
const PREFIX: &str = "bpf_iter_";

rejections! {
    /// The iterator that a call is given must be a variable of the program's stack.
    IterNotOnStack("iter-not-on-stack", EINVAL, help: "declare the `struct bpf_iter_…` as a local variable") {
        arg: u8,
    } => "arg#{arg} expected pointer to an iterator on stack";

    /// The kernel function's parameter is marked as an iterator, but is not of an iterator's type.
    NoIterType("iter-param-type", EINVAL, help: "this is a fault of the kernel function's declaration") {
        arg: u8,
    } => "expected valid iter pointer as arg #{arg}";

    /// An iterator is started where one already is.
    ///
    /// It must be ended by its `_destroy` function before the variable is used again; otherwise what the kernel
    /// allocated for it would never be freed.
    IterNotUninit("iter-not-uninit", EINVAL, help: "destroy the iterator before it is started again") {
        before: String, ty: String, arg: u8,
    } => "{before}expected uninitialized iter_{ty} as arg #{arg}";

    /// An iterator is advanced or ended that was not started on this path, or was ended already.
    IterNotInit("iter-not-init", EINVAL, help: "start the iterator by its `_new` function on every path that leads here, and do not use it after `_destroy`") {
        before: String, ty: String, arg: u8,
    } => "{before}expected an initialized iter_{ty} as arg #{arg}";

    /// An iterator whose elements only RCU keeps alive is used after the section that it was started in.
    IterOutsideRcu("iter-outside-rcu", EPROTO, help: "start, advance and destroy the iterator within one RCU section") {
        name: &'static str,
    } => "expected an RCU CS when using {name}";
}

/// The struct of an iterator.
#[derive(Clone, Copy, Debug)]
pub(super) struct IterType<'a> {
    /// In the kernel's BTF.
    pub(super) id: TypeId,
    name: &'a str,
    slots: usize,
}

impl<'a> IterType<'a> {
    /// The iterator type that a parameter points to (`btf_check_iter_arg`).
    pub(super) fn of_param(btf: &'a Btf, param: TypeId) -> Option<Self> {
        let Type::Ptr { target } = btf.resolved(param) else { return None };
        let id = btf.resolve(target);
        let composite = btf.ty(id).composite()?;
        let name = composite.name.strip_prefix(PREFIX)?;
        Some(Self { id, name, slots: composite.size as usize / 8 })
    }
}

/// Checks an iterator argument, and starts or ends the iterator where the call does. Where the iterator is, unless
/// the call starts it.
pub(super) fn check_arg(
    env: &mut Env<'_>,
    regno: Reg,
    param: TypeId,
    name: &'static str,
    flags: KfuncFlags,
) -> Step<Option<StackPlace>> {
    let reg = *env.reg(regno);
    let arg = regno.0 - 1;
    if !reg.ty.is(Base::Stack) {
        return Err(IterNotOnStack { arg }.into());
    }
    let Some(ty) = IterType::of_param(env.kernel.btf, param) else {
        return Err(NoIterType { arg }.into());
    };
    if flags.contains(KfuncFlags::ITER_NEW) {
        start(env, regno, ty, flags)?;
        return Ok(None);
    }
    let place = match find(env, &reg, ty) {
        Ok(place) => place,
        Err(Wrong::NotInit(before)) => {
            return Err(IterNotInit { before, ty: ty.name.to_owned(), arg }.into());
        }
        Err(Wrong::Untrusted) => return Err(IterOutsideRcu { name }.into()),
    };
    place.mark_read(env, ty.slots);
    if flags.contains(KfuncFlags::ITER_DESTROY) {
        end(env, place, ty);
    }
    Ok(Some(place))
}

fn start(env: &mut Env<'_>, regno: Reg, ty: IterType<'_>, flags: KfuncFlags) -> Step {
    let reg = *env.reg(regno);
    let (arg, name) = (regno.0 - 1, ty.name.to_owned());
    match stack_object::place(env, &reg, "iter", ty.slots) {
        Place::Untouched => {}
        Place::Wrong(before) => return Err(IterNotUninit { before, ty: name, arg }.into()),
        Place::At(place) => {
            let stack = &env.state.frames[place.frame as usize].stack;
            if place.slots(ty.slots).any(|spi| stack[spi].kinds.contains(&SlotKind::Iter)) {
                return Err(IterNotUninit { before: String::new(), ty: name, arg }.into());
            }
        }
    }
    stack_object::check_writable(env, regno, ty.slots)?;
    let place = stack_object::must_place(env, &reg, "iter", ty.slots)?;
    let id = refs::acquire(env);
    let trust = match flags.contains(KfuncFlags::RCU_PROTECTED) {
        false => TypeFlags::empty(),
        true if env.in_rcu_cs() => TypeFlags::MEM_RCU,
        true => TypeFlags::PTR_UNTRUSTED,
    };
    for (i, spi) in place.slots(ty.slots).enumerate() {
        let spilled = RegState {
            payload: Payload::Iter { btf: ty.id, state: IterState::Active, depth: 0 },
            // Only the first slot holds the reference.
            ref_id: if i == 0 { id } else { 0 },
            ..RegState::pointer(RegType::with(Base::Stack, trust))
        };
        env.state.frames[place.frame as usize].stack[spi] =
            StackSlot { spilled, kinds: [SlotKind::Iter; 8] };
    }
    place.mark_write(env, ty.slots);
    Ok(())
}

fn end(env: &mut Env<'_>, place: StackPlace, ty: IterType<'_>) {
    let frame = place.frame as usize;
    let id = env.state.frames[frame].stack[place.spi].spilled.ref_id;
    refs::release(&mut env.state, id);
    for spi in place.slots(ty.slots) {
        env.state.frames[frame].stack[spi] = StackSlot::invalid();
    }
    place.mark_write(env, ty.slots);
}

/// Why there is no usable iterator.
enum Wrong {
    /// There is none; what the kernel's log says before.
    NotInit(String),
    /// Its RCU section is over.
    Untrusted,
}

/// The initialised iterator that a pointer refers to (`is_iter_reg_valid_init`).
fn find(env: &Env<'_>, reg: &RegState, ty: IterType<'_>) -> Result<StackPlace, Wrong> {
    let place = match stack_object::place(env, reg, "iter", ty.slots) {
        Place::At(place) => place,
        Place::Untouched => return Err(Wrong::NotInit(String::new())),
        Place::Wrong(before) => return Err(Wrong::NotInit(before)),
    };
    let stack = &env.state.frames[place.frame as usize].stack;
    for (i, spi) in place.slots(ty.slots).enumerate() {
        let slot = &stack[spi];
        if slot.spilled.ty.has(TypeFlags::PTR_UNTRUSTED) {
            return Err(Wrong::Untrusted);
        }
        let is_ours = matches!(slot.spilled.payload, Payload::Iter { btf, .. } if btf == ty.id);
        let holds = (slot.spilled.ref_id != 0) == (i == 0);
        if !is_ours || !holds || slot.kinds != [SlotKind::Iter; 8] {
            return Err(Wrong::NotInit(String::new()));
        }
    }
    Ok(place)
}
