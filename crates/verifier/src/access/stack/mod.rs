//! The stack: loads and stores, with what was spilled there (`check_stack_read`, `check_stack_write`).
//!
//! Slot `spi` covers the bytes `fp - 8 * spi - 8 .. fp - 8 * spi`; a byte at `fp + off` is byte `(-off - 1) % 8` of
//! slot `(-off - 1) / 8`. A spilled register fills its slot from byte 7 (the lowest address) downwards.

pub(crate) mod bounds;
mod fastcall;
pub(crate) mod range;
pub(crate) mod read;
pub(crate) mod write;
mod write_var;

use super::{Access, Rw};
use crate::diag::Step;
use crate::env::Env;
use crate::state::SlotKind;

/// Where a byte at this offset of the frame pointer is: slot, and byte in it.
const fn place(off: i32) -> (usize, usize) {
    let at = (-off - 1) as usize;
    (at / 8, at % 8)
}

/// What the byte at this offset of a frame holds; nothing where no slot was touched.
fn kind_at(env: &Env<'_>, frame: u32, off: i32) -> SlotKind {
    let (spi, byte) = place(off);
    let stack = &env.state.frames[frame as usize].stack;
    stack.get(spi).map_or(SlotKind::Invalid, |slot| slot.kinds[byte])
}

/// The set of one slot, as liveness takes it.
const fn slot_bit(spi: usize) -> u64 {
    1 << (spi & 63)
}

/// A load or store.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    bounds::check(env, access.base, off, access.size, bounds::Use::of(access.rw))?;
    let reg = *env.reg(access.base);
    match (access.rw, reg.num.const_value()) {
        (Rw::Read, Some(at)) => {
            read::fixed(env, reg.frameno, off.wrapping_add(at as i32), access.size, access.value)
        }
        (Rw::Read, None) => read::variable(env, access, off),
        (Rw::Write, Some(at)) => {
            write::fixed(env, reg.frameno, off.wrapping_add(at as i32), access)
        }
        (Rw::Write, None) => write_var::variable(env, access, off),
    }
}
