//! Bounds of the stack (`check_stack_access_within_bounds`).

use skep_abi::Errno;
use skep_isa::Reg;

use crate::access::Rw;
use crate::access::region::MAX_VAR_OFF;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::SLOT_SIZE;

/// Bytes of a frame (`MAX_BPF_STACK`).
pub(crate) const MAX_STACK: i64 = 512;

rejections! {
    /// The stack is accessed at an offset without bounds.
    UnboundedStack("stack-unbounded-offset", EACCES, help: "bound the index before using it") {
        how: &'static str, regno: u8,
    } => "invalid unbounded variable-offset{how} stack R{regno}";

    /// The access lies outside of the 512 bytes below the frame pointer.
    StackBounds("stack-out-of-bounds", EACCES, help: "keep the access within the variable; a frame has 512 bytes") {
        how: &'static str, regno: u8, off: i32, size: u32,
    } => "invalid{how} stack R{regno} off={off} size={size}";

    /// At some offset that is possible, the access lies outside of the 512 bytes below the frame pointer.
    StackBoundsVariable("stack-out-of-bounds-variable", EACCES, help: "bound the index by the size of the array") {
        how: &'static str, regno: u8, var_off: String, off: i32, size: u32,
    } => "invalid variable-offset{how} stack R{regno} var_off={var_off} off={off} size={size}";
}

/// What the stack is accessed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A load.
    Read,
    /// A store.
    Write,
    /// A call of which it is not known whether it reads or writes (before 6.14).
    Either,
}

impl Use {
    pub(super) const fn of(rw: Rw) -> Self {
        match rw {
            Rw::Read => Self::Read,
            Rw::Write => Self::Write,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Read => " read from",
            Self::Write => " write to",
            Self::Either => " indirect access to",
        }
    }
}

/// Checks them, and makes room for what lies between the access and the frame pointer.
pub(super) fn check(env: &mut Env<'_>, base: Reg, off: i32, size: u32, usage: Use) -> Step {
    let reg = env.reg(base);
    let (num, frame, regno) = (reg.num, reg.frameno, base.0);
    let (how, off64, len) = (usage.text(), i64::from(off), i64::from(size));
    let (min, end) = if let Some(at) = num.const_value() {
        let min = at.cast_signed().wrapping_add(off64);
        (min, min.wrapping_add(len))
    } else {
        if num.smax >= MAX_VAR_OFF || num.smin <= -MAX_VAR_OFF {
            return Err(UnboundedStack { how, regno }.into());
        }
        (num.smin + off64, num.smax + off64 + len)
    };
    let lowest = if usage == Use::Read && !env.features.reads_uninit_stack() {
        -i64::from(env.state.frames[frame as usize].allocated())
    } else {
        -MAX_STACK
    };
    if min < lowest || min > -1 || end > 0 || size.cast_signed() < 0 {
        let var_off = num.var_off.to_string();
        let stop: Box<Stop> = if num.is_const() {
            StackBounds { how, regno, off, size }.into()
        } else {
            StackBoundsVariable { how, regno, var_off, off, size }.into()
        };
        let is_below = min < lowest || min > -1;
        return Err(stop.with_errno(if is_below { Errno::EACCES } else { Errno::EINVAL }));
    }
    grow(env, frame, min as i32);
    Ok(())
}

/// Makes room down to this offset (`grow_stack_state`).
fn grow(env: &mut Env<'_>, frame: u32, off: i32) {
    let frame = &mut env.state.frames[frame as usize];
    let needed = off.unsigned_abs().next_multiple_of(SLOT_SIZE);
    if frame.allocated() >= needed {
        return;
    }
    frame.grow_to(off);
    let depth = &mut env.subprogs[frame.subprog as usize].stack_depth;
    *depth = needed.max(*depth);
}
