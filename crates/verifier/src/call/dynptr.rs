//! Dynptrs: made, read, copied and given up on the stack, and passed to callbacks and global subprograms
//! (`process_dynptr_func` and those around it).

use skep_abi::TypeFlags;
use skep_isa::Reg;

use super::refs;
use super::stack_object::{self, Place, StackPlace};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Base, DynptrKind, Payload, RegState, RegType, SlotKind, StackSlot};

/// Slots of a `struct bpf_dynptr`.
pub(crate) const DYNPTR_SLOTS: usize = 2;

rejections! {
    /// The argument must be a dynptr on the stack, or the dynptr that a callback or global subprogram was given.
    NotADynptr("dynptr-not-on-stack", EINVAL, help: "declare a `struct bpf_dynptr` on the stack and pass its address") {
        arg: u8,
    } => "arg#{arg} expected pointer to stack or const struct bpf_dynptr";

    /// The call makes a dynptr, but the place for it cannot become one.
    DynptrNotUninit("dynptr-not-uninit", EINVAL, help: "pass the address of a fresh `struct bpf_dynptr`") {
        before: String,
    } => "{before}Dynptr has to be an uninitialized dynptr";

    /// A callback or global subprogram was given a dynptr, and passes it to a call that changes the dynptr itself.
    ConstDynptrMutated("dynptr-const-mutated", EINVAL, help: "make a dynptr of your own, for instance by `bpf_dynptr_clone`") {
    } => "cannot pass pointer to const bpf_dynptr, the helper mutates it";

    /// The argument is no dynptr that was made before: not yet, not any more, or not on all paths.
    DynptrNotInit("dynptr-not-init", EINVAL, help: "make the dynptr first, and do not use it after it was given up or written over") {
        before: String, arg: u8,
    } => "{before}Expected an initialized dynptr as arg #{arg}";

    /// The call needs a dynptr to another kind of memory.
    DynptrWrongKind("dynptr-wrong-kind", EINVAL, help: "use the call that belongs to this kind of dynptr") {
        kind: &'static str, arg: u8,
    } => "Expected a dynptr of type {kind} as arg #{arg}";

    /// The program writes over the stack of a dynptr that holds a reference, which would then never be given up.
    ReferencedDynptrOverwritten("dynptr-overwritten", EINVAL,
        help: "submit or discard the ring buffer record before the variable is used again") {
    } => "cannot overwrite referenced dynptr";
}

impl DynptrKind {
    const FLAGS: [(Self, TypeFlags); 6] = [
        (Self::Local, TypeFlags::DYNPTR_TYPE_LOCAL),
        (Self::Ringbuf, TypeFlags::DYNPTR_TYPE_RINGBUF),
        (Self::Skb, TypeFlags::DYNPTR_TYPE_SKB),
        (Self::Xdp, TypeFlags::DYNPTR_TYPE_XDP),
        (Self::SkbMeta, TypeFlags::DYNPTR_TYPE_SKB_META),
        (Self::File, TypeFlags::DYNPTR_TYPE_FILE),
    ];

    /// The kind that an argument's modifiers name (`arg_to_dynptr_type`).
    pub(crate) fn of_flags(flags: TypeFlags) -> Option<Self> {
        Self::FLAGS.iter().find(|(_, flag)| flags.contains(*flag)).map(|(kind, _)| *kind)
    }

    /// The modifier of memory that such a dynptr gives (`get_dynptr_type_flag`).
    pub(crate) fn flag(self) -> TypeFlags {
        let named = Self::FLAGS.iter().find(|(kind, _)| *kind == self);
        named.map_or(TypeFlags::empty(), |(_, flag)| *flag)
    }

    /// Whether it holds a reference (`dynptr_type_refcounted`).
    pub(crate) fn is_refcounted(self) -> bool {
        matches!(self, Self::Ringbuf | Self::File)
    }

    /// As the log spells it (`dynptr_type_str`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Ringbuf => "ringbuf",
            Self::Skb => "skb",
            Self::Xdp => "xdp",
            Self::SkbMeta => "skb_meta",
            Self::File => "file",
        }
    }
}

/// Checks a dynptr argument, and makes the dynptr where the call does (`process_dynptr_func`).
///
/// Of `flags`, `MEM_UNINIT` says that the call makes the dynptr, `MEM_RDONLY` that it leaves the dynptr itself as it
/// is, and `DYNPTR_TYPE_*` which kind it makes or demands. `clone_ref` is the reference of the dynptr that is copied; 0
/// when none.
pub(crate) fn check_arg(env: &mut Env<'_>, regno: Reg, flags: TypeFlags, clone_ref: u32) -> Step {
    let reg = *env.reg(regno);
    let argno = regno.0 - 1;
    let kind = DynptrKind::of_flags(flags);
    if !reg.ty.is(Base::Stack) && !reg.ty.is(Base::Dynptr) {
        return Err(NotADynptr { arg: argno }.into());
    }
    if flags.contains(TypeFlags::MEM_UNINIT) {
        check_uninit(env, &reg)?;
        stack_object::check_writable(env, regno, DYNPTR_SLOTS)?;
        let Some(kind) = kind else { return Stop::bug("a dynptr of no kind is made") };
        return make(env, &reg, kind, clone_ref);
    }
    let is_const = reg.ty.is(Base::Dynptr) && env.features.tracks_dynptrs();
    if is_const && !flags.contains(TypeFlags::MEM_RDONLY) {
        return Err(ConstDynptrMutated {}.into());
    }
    let found = match find(env, &reg) {
        Ok(found) => found,
        Err(before) => return Err(DynptrNotInit { before, arg: argno }.into()),
    };
    if let Some(kind) = kind.filter(|&kind| kind != found.view.kind) {
        return Err(DynptrWrongKind { kind: kind.name(), arg: argno }.into());
    }
    if let Some(place) = found.place {
        place.mark_read(env, DYNPTR_SLOTS);
    }
    Ok(())
}

fn check_uninit(env: &Env<'_>, reg: &RegState) -> Step {
    // Slots that were never touched are fine: the writes that follow grow the stack.
    let before = match reg.ty.base {
        Base::Dynptr => String::new(),
        _ => match stack_object::place(env, reg, "dynptr", DYNPTR_SLOTS) {
            Place::At(place) if !env.features.tracks_dynptrs() => {
                let stack = &env.state.frames[place.frame as usize].stack;
                let is_free = |spi: usize| !stack[spi].kinds.contains(&SlotKind::Dynptr);
                if place.slots(DYNPTR_SLOTS).all(is_free) {
                    return Ok(());
                }
                String::new()
            }
            Place::At(_) | Place::Untouched => return Ok(()),
            Place::Wrong(before) => before,
        },
    };
    Err(DynptrNotUninit { before }.into())
}

/// What a dynptr is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Its id, which slices carry.
    pub(crate) id: u32,
    /// The reference that it is; 0 when none.
    pub(crate) ref_id: u32,
    /// What it refers to.
    pub(crate) kind: DynptrKind,
}

/// The initialised dynptr that `reg` points to; none when there is none.
pub(crate) fn view(env: &Env<'_>, reg: Reg) -> Option<View> {
    find(env, env.reg(reg)).ok().map(|found| found.view)
}

/// Whether the slot that `reg` points to has a reference: Linux asks this of any slot, and only later for a dynptr.
pub(crate) fn is_acquired(env: &Env<'_>, reg: Reg) -> bool {
    let place = stack_object::place(env, env.reg(reg), "dynptr", DYNPTR_SLOTS);
    let Place::At(place) = place else { return false };
    env.state.frames[place.frame as usize].stack[place.spi].spilled.ref_id != 0
}

/// An initialised dynptr, and where it is when it is on the stack.
struct Found {
    view: View,
    place: Option<StackPlace>,
}

/// The initialised dynptr that a register refers to (`is_dynptr_reg_valid_init`, `dynptr_id`, `dynptr_get_type`,
/// `dynptr_ref_obj_id`); otherwise what the kernel's log says before it gives up.
fn find(env: &Env<'_>, reg: &RegState) -> Result<Found, String> {
    let found = |dynptr: &RegState, place| match dynptr.payload {
        Payload::Dynptr { kind, first: true } => {
            let view = View { id: dynptr.id, ref_id: dynptr.ref_id, kind };
            Ok(Found { view, place })
        }
        _ => Err(String::new()),
    };
    if reg.ty.base == Base::Dynptr {
        return found(reg, None);
    }
    match stack_object::place(env, reg, "dynptr", DYNPTR_SLOTS) {
        Place::Untouched => Err(String::new()),
        Place::Wrong(before) => Err(before),
        Place::At(place) => {
            let stack = &env.state.frames[place.frame as usize].stack;
            let is_whole = |slot: &StackSlot| slot.kinds == [SlotKind::Dynptr; 8];
            let whole = place.slots(DYNPTR_SLOTS).all(|spi| is_whole(&stack[spi]));
            if !whole {
                return Err(String::new());
            }
            found(&stack[place.spi].spilled, Some(place))
        }
    }
}

fn is_dynptr(slot: &StackSlot) -> bool {
    slot.kinds[0] == SlotKind::Dynptr
}

/// A dynptr register or slot of this kind (`__mark_dynptr_reg`).
fn dynptr_reg(kind: DynptrKind, first: bool, id: u32) -> RegState {
    RegState {
        id,
        payload: Payload::Dynptr { kind, first },
        ..RegState::pointer(RegType::new(Base::Dynptr))
    }
}

/// The constant dynptr that a callback is given (`mark_dynptr_cb_reg`).
pub(crate) fn callback_arg(env: &mut Env<'_>, kind: DynptrKind) -> RegState {
    let id = env.new_id();
    dynptr_reg(kind, true, id)
}

/// Makes the dynptr at the place that `reg` points to (`mark_stack_slots_dynptr`).
fn make(env: &mut Env<'_>, reg: &RegState, kind: DynptrKind, clone_ref: u32) -> Step {
    let place = stack_object::must_place(env, reg, "dynptr", DYNPTR_SLOTS)?;
    for spi in place.slots(DYNPTR_SLOTS) {
        destroy_at(env, place.frame, spi)?;
    }
    let id = env.new_id();
    let ref_id = match kind.is_refcounted() {
        false => 0,
        true if clone_ref != 0 => clone_ref,
        true => refs::acquire(env),
    };
    for (i, spi) in place.slots(DYNPTR_SLOTS).enumerate() {
        let spilled = RegState { ref_id, ..dynptr_reg(kind, i == 0, id) };
        env.state.frames[place.frame as usize].stack[spi] =
            StackSlot { spilled, kinds: [SlotKind::Dynptr; 8] };
    }
    place.mark_write(env, DYNPTR_SLOTS);
    Ok(())
}

/// Forgets the dynptr that has the slot `spi`, if one has, since it is written over; its slices die
/// (`destroy_if_dynptr_stack_slot`).
pub(crate) fn destroy_at(env: &mut Env<'_>, frame: u32, spi: usize) -> Step {
    if !env.features.tracks_dynptrs() {
        return Ok(());
    }
    let stack = &env.state.frames[frame as usize].stack;
    let Some(slot) = stack.get(spi).filter(|slot| is_dynptr(slot)) else { return Ok(()) };
    let first = matches!(slot.spilled.payload, Payload::Dynptr { first: true, .. });
    let spi = if first { spi } else { spi + 1 };
    let Payload::Dynptr { kind, .. } = stack[spi].spilled.payload else {
        return Stop::bug("a dynptr's slot holds none");
    };
    if kind.is_refcounted() {
        return Err(ReferencedDynptrOverwritten {}.into());
    }
    let id = stack[spi].spilled.id;
    forget(env, StackPlace { frame, spi });
    env.state.for_each_reg(|reg| {
        let is_slice = reg.ty.base == Base::Mem
            && (reg.ty.flags - TypeFlags::PTR_MAYBE_NULL).is_empty()
            && matches!(reg.payload, Payload::Mem { dynptr_id, .. } if dynptr_id == id);
        if is_slice {
            *reg = RegState::unknown();
        }
    });
    Ok(())
}

fn forget(env: &mut Env<'_>, place: StackPlace) {
    for spi in place.slots(DYNPTR_SLOTS) {
        env.state.frames[place.frame as usize].stack[spi] = StackSlot::invalid();
    }
    place.mark_write(env, DYNPTR_SLOTS);
}

/// Gives up the dynptr that a register refers to: its slices and clones die with it (`unmark_stack_slots_dynptr`).
pub(crate) fn release(env: &mut Env<'_>, regno: Reg) -> Step {
    let reg = *env.reg(regno);
    let place = stack_object::must_place(env, &reg, "dynptr", DYNPTR_SLOTS)?;
    let dynptr = env.state.frames[place.frame as usize].stack[place.spi].spilled;
    let Payload::Dynptr { kind, .. } = dynptr.payload else {
        return Stop::bug("no dynptr is given up");
    };
    if !kind.is_refcounted() {
        forget(env, place);
        return Ok(());
    }
    refs::release(&mut env.state, dynptr.ref_id);
    // The kernel looks for clones in the dynptr's own frame only.
    for spi in 1..env.state.frames[place.frame as usize].stack.len() {
        let slot = &env.state.frames[place.frame as usize].stack[spi];
        let is_clone = slot.spilled.ref_id == dynptr.ref_id
            && matches!(slot.spilled.payload, Payload::Dynptr { first: true, .. });
        if is_clone {
            forget(env, StackPlace { frame: place.frame, spi });
        }
    }
    Ok(())
}
