//! Loads from the stack: registers that are filled, data, and what was never written (`check_stack_read_fixed_off`,
//! `check_stack_read_var_off`).

use skep_isa::Reg;

use super::range::{self, Range};
use super::{fastcall, place, slot_bit};
use crate::access::{Access, Rw};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::liveness;
use crate::precision::{self, HistoryFlags};
use crate::scalar::mark_unknown;
use crate::state::{RegState, SlotKind, StackSlot};

rejections! {
    /// The program reads stack that holds nothing that may be read as data.
    ///
    /// It was never written, or a dynptr, an iterator or a saved interrupt flag lies there.
    InvalidStackRead("stack-invalid-read", EACCES, help: "initialise the variable before it is read") {
        off: i32, i: u32, size: u32,
    } => "invalid read from stack off {off}+{i} size {size}";

    /// A spilled pointer is read in part.
    FillSize("stack-fill-size", EACCES, help: "load the whole pointer") {
    } => "invalid size of register fill";

    /// An atomic accesses the stack at an offset that is not known.
    VariableStackOperand("stack-variable-operand", EACCES, help: "use a constant index") {
        var_off: String, off: i32, size: u32,
    } => "variable offset stack pointer cannot be passed into helper function; var_off={var_off} off={off} size={size}";
}

/// A load of `size` bytes at a known offset of a frame.
pub(super) fn fixed(env: &mut Env<'_>, frame: u32, off: i32, size: u32, dst: Option<Reg>) -> Step {
    let (spi, byte) = place(off);
    fastcall::check(env, env.state.curframe(), off);
    liveness::mark_stack_read(env, frame, slot_bit(spi));
    let slot = env.state.frames[frame as usize].stack[spi];
    let fills = if slot.is_spill() {
        spilled(env, &slot, off, size, dst)?
    } else {
        check_bytes(env, &slot, off, size, false)?;
        if let Some(dst) = dst {
            let is_zero =
                (0..size as usize).all(|i| slot.kinds[(byte + 8 - i) % 8] == SlotKind::Zero);
            set(env, dst, is_zero);
        }
        false
    };
    if !fills {
        return Ok(());
    }
    let flags = HistoryFlags { stack_access: Some((frame, spi as u32)), ..HistoryFlags::default() };
    precision::push_history(env, flags, &[])
}

/// A load from a slot that a register was spilled to; tells whether that register is what is loaded.
fn spilled(
    env: &mut Env<'_>,
    slot: &StackSlot,
    off: i32,
    size: u32,
    dst: Option<Reg>,
) -> Step<bool> {
    let spill_size =
        slot.kinds.iter().rev().take_while(|kind| **kind == SlotKind::Spill).count() as u32;
    if size == 8 && spill_size == 8 {
        if let Some(dst) = dst {
            *env.reg_mut(dst) = slot.spilled;
        }
        return Ok(true);
    }
    if !slot.spilled.is_scalar() {
        return Err(FillSize {}.into());
    }
    let Some(dst) = dst else { return Ok(false) };
    if size <= spill_size && off % 8 == 0 {
        let mut filled = slot.spilled;
        if 64 - filled.num.umax.leading_zeros() > 8 * size {
            filled.clear_id();
        }
        *env.reg_mut(dst) = filled;
        return Ok(true);
    }
    let (spills, zeros) = check_bytes(env, slot, off, size, true)?;
    let is_zero_spill = spills == size && slot.spilled.num.const_value() == Some(0);
    set(env, dst, is_zero_spill || zeros == size);
    Ok(is_zero_spill)
}

/// Checks that each byte may be read; counts those of a spilled register, and zeroes.
fn check_bytes(
    env: &Env<'_>,
    slot: &StackSlot,
    off: i32,
    size: u32,
    with_spills: bool,
) -> Step<(u32, u32)> {
    let (_, byte) = place(off);
    let (mut spills, mut zeros) = (0, 0);
    for i in 0..size {
        match slot.kinds[(byte + 8 - i as usize) % 8] {
            SlotKind::Spill if with_spills => spills += 1,
            SlotKind::Misc => {}
            SlotKind::Zero => zeros += 1,
            SlotKind::Invalid if env.features.reads_uninit_stack() => {}
            _ => return Err(InvalidStackRead { off, i, size }.into()),
        }
    }
    Ok((spills, zeros))
}

fn set(env: &mut Env<'_>, dst: Reg, is_zero: bool) {
    if is_zero {
        *env.reg_mut(dst) = RegState::constant(0);
    } else {
        mark_unknown(env, dst);
    }
}

/// A load at an offset that is not known (`check_stack_read_var_off`).
pub(super) fn variable(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let reg = *env.reg(access.base);
    let size = access.size;
    let Some(dst) = access.value else {
        let var_off = reg.num.var_off.to_string();
        return Err(VariableStackOperand { var_off, off, size }.into());
    };
    let range = Range { reg: access.base, off, size, zero_ok: false, rw: Rw::Read, is_call: false };
    range::check(env, range, None)?;
    let min = (reg.num.smin + i64::from(off)) as i32;
    let end = (reg.num.smax + i64::from(off) + i64::from(size)) as i32;
    let is_zero = (min..end).all(|at| super::kind_at(env, reg.frameno, at) == SlotKind::Zero);
    set(env, dst, is_zero);
    fastcall::check(env, reg.frameno, min);
    Ok(())
}
