//! Stores at an offset that is not known: each slot in reach may be written (`check_stack_write_var_off`).

use super::write::{Stored, destroy_special};
use super::{fastcall, place};
use crate::access::Access;
use crate::call::dynptr;
use crate::diag::Step;
use crate::env::Env;
use crate::precision;
use crate::state::SlotKind;

/// A store; its bounds were checked.
pub(super) fn variable(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let reg = *env.reg(access.base);
    let frame = reg.frameno;
    let off = i64::from(off);
    let min = (reg.num.smin + off) as i32;
    let end = (reg.num.smax + off + i64::from(access.size)) as i32;
    let stored = Stored::of(env, access);
    let writes_zero = stored.is_zero(env);
    for at in min..end {
        dynptr::destroy_at(env, frame, place(at).0)?;
    }
    fastcall::check(env, frame, min);
    let mut relies_on_zero = false;
    for at in min..end {
        let (spi, byte) = place(at);
        let frame = &mut env.state.frames[frame as usize];
        let slot = &frame.stack[spi];
        let kind = slot.kinds[byte];
        let is_zero_spill = kind == SlotKind::Spill
            && slot.is_scalar_spill()
            && slot.spilled.num.const_value() == Some(0);
        if writes_zero && is_zero_spill {
            relies_on_zero = true;
            continue;
        }
        destroy_special(frame, spi);
        let stays_zero = writes_zero && frame.stack[spi].kinds[byte] == SlotKind::Zero;
        relies_on_zero |= stays_zero;
        frame.stack[spi].kinds[byte] = if stays_zero { SlotKind::Zero } else { SlotKind::Misc };
    }
    if relies_on_zero && let Stored::Reg(reg) = stored {
        precision::mark_chain(env, reg)?;
    }
    Ok(())
}
