//! Stretches of stack that are read, or that a call reads or writes (`check_stack_range_initialized`).

use skep_isa::Reg;

use super::bounds::{self, Use};
use super::{kind_at, place, slot_bit};
use crate::access::Rw;
use crate::call::RawStack;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::liveness;
use crate::state::{RegState, SlotKind};

rejections! {
    /// No bytes at all are passed to a call that needs some.
    ZeroSized("zero-sized-read", EACCES, help: "pass a size of at least 1") {
    } => "invalid zero-sized read";

    /// A call would write over a dynptr on the stack.
    WriteToDynptr("dynptr-overwritten-by-call", EACCES, help: "pass other memory") {
        off: i32,
    } => "potential write to dynptr at off={off} disallowed";

    /// A call, or a load at an unknown offset, reads stack that holds nothing that may be read as data.
    InvalidRange("stack-invalid-range", EACCES, help: "initialise the whole variable before it is passed") {
        how: &'static str, regno: u8, place: String, i: u32, size: u32,
    } => "invalid{how} read from stack R{regno} {place}+{i} size {size}";
}

/// A stretch of stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// The pointer.
    pub(crate) reg: Reg,
    /// From it on, without the variable part.
    pub(crate) off: i32,
    /// Bytes.
    pub(crate) size: u32,
    /// Whether no bytes at all are fine.
    pub(crate) zero_ok: bool,
    /// Reads or writes.
    pub(crate) rw: Rw,
    /// Whether a call accesses it.
    pub(crate) is_call: bool,
}

/// Checks it. Where `raw` is given and the offset is constant, the call initialises it: then it need not be yet.
pub(crate) fn check(env: &mut Env<'_>, range: Range, raw: Option<&mut RawStack>) -> Step {
    let Range { reg: regno, off, size, .. } = range;
    if size == 0 && !range.zero_ok {
        return Err(ZeroSized {}.into());
    }
    let tells_writes = env.features.calls_tell_writes();
    let usage = if range.is_call && !tells_writes { Use::Either } else { Use::of(range.rw) };
    bounds::check(env, regno, off, size, usage)?;
    let reg = *env.reg(regno);
    let at = reg.num.const_value();
    if let (Some(raw), Some(at)) = (raw, at) {
        let min = off.wrapping_add(at as i32);
        check_raw(env, reg.frameno, min, size)?;
        *raw = RawStack { is_stack: true, frame: reg.frameno, off: min, size };
        return Ok(());
    }
    let (min, end) = match at {
        Some(at) => (off.wrapping_add(at as i32), off.wrapping_add(at as i32) + size as i32),
        None => (
            (reg.num.smin + i64::from(off)) as i32,
            (reg.num.smax + i64::from(off) + i64::from(size)) as i32,
        ),
    };
    let clobbers = range.is_call && (range.rw == Rw::Write || !tells_writes);
    for byte in min..end {
        if let Err(()) = touch(env, reg.frameno, byte, clobbers) {
            return Err(invalid(env, &range, &reg, min, byte));
        }
        liveness::mark_stack_read(env, reg.frameno, slot_bit(place(byte).0));
    }
    Ok(())
}

/// Uninitialised stack that a call fills must not be part of a dynptr that is passed too.
fn check_raw(env: &Env<'_>, frame: u32, min: i32, size: u32) -> Step {
    let end = min.saturating_add_unsigned(size);
    match (min..end).find(|&off| kind_at(env, frame, off) == SlotKind::Dynptr) {
        Some(off) => Err(WriteToDynptr { off }.into()),
        None => Ok(()),
    }
}

/// One byte: may it be read, and what is there when a call may have written it?
fn touch(env: &mut Env<'_>, frame: u32, off: i32, clobbers: bool) -> Result<(), ()> {
    let reads_uninit = env.features.reads_uninit_stack();
    let (spi, byte) = place(off);
    let Some(slot) = env.state.frames[frame as usize].stack.get_mut(spi) else { return Err(()) };
    match slot.kinds[byte] {
        SlotKind::Misc => {}
        SlotKind::Zero if clobbers => slot.kinds[byte] = SlotKind::Misc,
        SlotKind::Zero => {}
        SlotKind::Invalid if reads_uninit => {
            if clobbers {
                slot.kinds[byte] = SlotKind::Misc;
            }
        }
        _ if slot.is_spill() => {
            if clobbers {
                slot.spilled = RegState::unknown();
                (0..8).for_each(|byte| slot.scrub(byte));
            }
        }
        _ => return Err(()),
    }
    Ok(())
}

fn invalid(env: &Env<'_>, range: &Range, reg: &RegState, min: i32, byte: i32) -> Box<Stop> {
    let how = if range.is_call && !env.features.calls_tell_writes() { " indirect" } else { "" };
    let place = match reg.num.const_value() {
        Some(_) => format!("off {min}"),
        None => format!("var_off {}", reg.num.var_off),
    };
    let i = (byte - min).unsigned_abs();
    InvalidRange { how, regno: range.reg.0, place, i, size: range.size }.into()
}
