//! Stores at a known offset: what is spilled, what becomes data (`check_stack_write_fixed_off`).

use skep_isa::{Reg, opcode};

use super::{fastcall, place, slot_bit};
use crate::access::Access;
use crate::call::dynptr;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::liveness;
use crate::precision::{self, HistoryFlags};
use crate::scalar;
use crate::state::{Base, Frame, RegState, SlotKind};

rejections! {
    /// A pointer is stored by fewer than eight bytes.
    SpillSize("stack-spill-size", EACCES, help: "store the whole pointer") {
    } => "invalid size of register spill";

    /// A pointer to a function's own stack is stored in the frame of its caller, where it would outlive that stack.
    SpillToCaller("stack-spill-to-caller", EINVAL, help: "let the caller own the memory that is pointed to") {
    } => "cannot spill pointers to stack into stack frame of the caller";
}

/// What a store stores, where that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// A register.
    Reg(Reg),
    /// An immediate.
    Imm(i32),
    /// Nobody knows: an atomic, or a call.
    Unknown,
}

impl Stored {
    pub(super) fn of(env: &Env<'_>, access: &Access) -> Self {
        if let Some(reg) = access.value {
            return Self::Reg(reg);
        }
        let insn = env.insns[access.insn as usize];
        let is_store = insn.code & opcode::CLASS_MASK == opcode::ST;
        if is_store { Self::Imm(insn.imm) } else { Self::Unknown }
    }

    pub(super) fn is_zero(self, env: &Env<'_>) -> bool {
        match self {
            Self::Reg(reg) => env.reg(reg).is_null(),
            Self::Imm(imm) => imm == 0,
            Self::Unknown => false,
        }
    }
}

/// A store of `size` bytes to the frame; `off` is aligned.
pub(super) fn fixed(env: &mut Env<'_>, frame: u32, off: i32, access: &Access) -> Step {
    let (spi, _) = place(off);
    dynptr::destroy_at(env, frame, spi)?;
    let size = access.size;
    let begins_slot = off % 8 == 0;
    if begins_slot && size == 8 {
        liveness::mark_stack_write(env, frame, slot_bit(spi));
    }
    fastcall::check(env, frame, off);
    let stored = Stored::of(env, access);
    let spilled = match stored {
        Stored::Reg(reg) if env.reg(reg).is_scalar() && begins_slot => {
            Some(spill_number(env, reg, size))
        }
        Stored::Imm(imm) if begins_slot => Some(RegState::constant(i64::from(imm).cast_unsigned())),
        Stored::Reg(reg) if is_spillable(env.reg(reg).ty.base) => {
            Some(spill_pointer(env, reg, frame, size)?)
        }
        _ => None,
    };
    let Some(spilled) = spilled else { return data(env, frame, off, size, stored) };
    save(&mut env.state.frames[frame as usize], spi, spilled, size);
    let flags = HistoryFlags { stack_access: Some((frame, spi as u32)), ..HistoryFlags::default() };
    precision::push_history(env, flags, &[])
}

/// The number as the slot keeps it: tied to the register, unless the store cuts it.
fn spill_number(env: &mut Env<'_>, reg: Reg, size: u32) -> RegState {
    let width = 64 - env.reg(reg).num.umax.leading_zeros();
    let fits = width <= 8 * size;
    if fits {
        scalar::assign_id(env, reg);
    }
    let mut spilled = *env.reg(reg);
    if !fits {
        spilled.id = 0;
    }
    spilled
}

fn spill_pointer(env: &Env<'_>, reg: Reg, frame: u32, size: u32) -> Step<RegState> {
    if size != 8 {
        return Err(SpillSize {}.into());
    }
    let pointer = *env.reg(reg);
    if frame != env.state.curframe() && pointer.ty.is(Base::Stack) {
        return Err(SpillToCaller {}.into());
    }
    Ok(pointer)
}

/// Puts a register into a slot (`save_register_state`); bytes above a narrow one keep being zero or nothing.
fn save(frame: &mut Frame, spi: usize, reg: RegState, size: u32) {
    let slot = &mut frame.stack[spi];
    slot.spilled = reg;
    let rest = 8 - size as usize;
    for kind in &mut slot.kinds[rest..] {
        *kind = SlotKind::Spill;
    }
    for kind in &mut slot.kinds[..rest] {
        if !matches!(kind, SlotKind::Zero | SlotKind::Invalid) {
            *kind = SlotKind::Misc;
        }
    }
}

/// Bytes that are no longer a register: zeroes where that is known.
fn data(env: &mut Env<'_>, frame: u32, off: i32, size: u32, stored: Stored) -> Step {
    let (spi, byte) = place(off);
    destroy_special(&mut env.state.frames[frame as usize], spi);
    let mut kind = SlotKind::Misc;
    if stored.is_zero(env) {
        // The bytes lose the link to the register, so it is marked here that its value matters.
        if let Stored::Reg(reg) = stored {
            precision::mark_chain(env, reg)?;
        }
        kind = SlotKind::Zero;
    }
    let slot = &mut env.state.frames[frame as usize].stack[spi];
    for i in 0..size as usize {
        slot.kinds[(byte + 8 - i) % 8] = kind;
    }
    Ok(())
}

/// A slot that is written in part is no register, dynptr or iterator any more (`scrub_special_slot`).
pub(super) fn destroy_special(frame: &mut Frame, spi: usize) {
    let slot = &mut frame.stack[spi];
    slot.spilled = RegState { ty: crate::state::RegType::NOT_INIT, ..slot.spilled };
    if slot.is_spill() || slot.is_special() {
        (0..8).for_each(|byte| slot.scrub(byte));
    }
}

/// Whether the stack remembers pointers of this kind (`is_spillable_regtype`).
const fn is_spillable(base: Base) -> bool {
    !matches!(base, Base::NotInit | Base::Scalar | Base::TpBuffer | Base::Dynptr)
}
