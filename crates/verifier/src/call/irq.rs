//! Interrupts: disabled and restored in order, by a flag on the stack (`process_irq_flag`).

use skep_isa::Reg;

use super::stack_object::{self, Place, StackPlace};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{
    Base, IrqClass, LockOwner, Payload, RefKind, RefState, RegState, RegType, SlotKind, StackSlot,
};

rejections! {
    /// The place for the saved interrupt flag must be a variable of the program's stack.
    IrqFlagNotOnStack("irq-flag-not-on-stack", EINVAL, help: "declare the flags as a local `unsigned long`") {
        arg: u8,
    } => "arg#{arg} doesn't point to an irq flag on stack";

    /// Interrupts are disabled with a flag variable that already holds a saved state.
    IrqFlagNotUninit("irq-flag-not-uninit", EINVAL, help: "use one variable for each nested section") {
        before: String, arg: u8,
    } => "{before}expected uninitialized irq flag as arg#{arg}";

    /// Interrupts are restored from a variable that holds no saved state.
    IrqFlagNotInit("irq-flag-not-init", EINVAL, help: "save before restoring, on every path, and leave the variable alone in between") {
        before: String, arg: u8,
    } => "{before}expected an initialized irq flag as arg#{arg}";

    /// `bpf_local_irq_*` and `bpf_res_spin_*_irq*` are not to be mixed on one flag.
    IrqFlagClass("irq-flag-class", EINVAL, help: "restore with the call that belongs to the one that saved") {
        saved: &'static str, used: &'static str,
    } => "irq flag acquired by {saved} kfuncs cannot be restored with {used} kfuncs";

    /// Interrupt states must be restored in the reverse order of saving.
    IrqOutOfOrder("irq-out-of-order", EACCES, help: "restore the state that was saved last first") {
        id: u32, insn: u32,
    } => "cannot restore irq state out of order, expected id={id} acquired at insn_idx={insn}";
}

/// Saves the interrupt state in the stack slot that `regno` points to, or restores it from there.
pub(super) fn check_arg(env: &mut Env<'_>, regno: Reg, class: IrqClass, save: bool) -> Step {
    let reg = *env.reg(regno);
    let arg = regno.0 - 1;
    if !reg.ty.is(Base::Stack) {
        return Err(IrqFlagNotOnStack { arg }.into());
    }
    let place = stack_object::place(env, &reg, "irq_flag", 1);
    let is_flag = |place: &StackPlace| {
        let slot = &env.state.frames[place.frame as usize].stack[place.spi];
        slot.kinds.contains(&SlotKind::IrqFlag)
    };
    if save {
        match place {
            Place::Wrong(before) => return Err(IrqFlagNotUninit { before, arg }.into()),
            Place::At(place) if is_flag(&place) => {
                return Err(IrqFlagNotUninit { before: String::new(), arg }.into());
            }
            Place::At(_) | Place::Untouched => {}
        }
        stack_object::check_writable(env, regno, 1)?;
        return disable(env, &reg, class);
    }
    let before = match place {
        Place::At(place) if is_flag(&place) => {
            place.mark_read(env, 1);
            return restore(env, place, class);
        }
        Place::At(_) | Place::Untouched => String::new(),
        Place::Wrong(before) => before,
    };
    Err(IrqFlagNotInit { before, arg }.into())
}

fn disable(env: &mut Env<'_>, reg: &RegState, class: IrqClass) -> Step {
    let place = stack_object::must_place(env, reg, "irq_flag", 1)?;
    let id = env.new_id();
    let (insn, owner) = (env.insn_idx, LockOwner::None);
    let entry = RefState { kind: RefKind::Irq, id, insn, owner, callback: 0 };
    env.state.refs.held.push(entry);
    env.state.refs.irq_id = id;
    let spilled = RegState {
        ref_id: id,
        payload: Payload::Irq { class },
        ..RegState::pointer(RegType::new(Base::Stack))
    };
    env.state.frames[place.frame as usize].stack[place.spi] =
        StackSlot { spilled, kinds: [SlotKind::IrqFlag; 8] };
    place.mark_write(env, 1);
    Ok(())
}

fn restore(env: &mut Env<'_>, place: StackPlace, class: IrqClass) -> Step {
    let flag = env.state.frames[place.frame as usize].stack[place.spi].spilled;
    let saved = match flag.payload {
        Payload::Irq { class } => class,
        _ => IrqClass::Native,
    };
    if saved != class {
        return Err(IrqFlagClass { saved: saved.name(), used: class.name() }.into());
    }
    let refs = &mut env.state.refs;
    if flag.ref_id != refs.irq_id {
        let insn = refs.acquired_at(refs.irq_id).unwrap_or(0);
        return Err(IrqOutOfOrder { id: refs.irq_id, insn }.into());
    }
    refs.held.retain(|r| r.kind != RefKind::Irq || r.id != flag.ref_id);
    refs.irq_id = refs.held.iter().rfind(|r| r.kind == RefKind::Irq).map_or(0, |r| r.id);
    env.state.frames[place.frame as usize].stack[place.spi] = StackSlot::invalid();
    place.mark_write(env, 1);
    Ok(())
}

impl IrqClass {
    const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Lock => "lock",
        }
    }
}
