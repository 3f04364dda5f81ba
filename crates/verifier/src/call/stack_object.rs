//! Kernel objects on a program's stack: where a dynptr, iterator or interrupt flag lies (`stack_slot_obj_get_spi`).

use skep_isa::Reg;

use crate::access::{self, Access, Rw};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::liveness;
use crate::state::{RegState, SLOT_SIZE};

rejections! {
    /// A dynptr, iterator or interrupt flag is passed by a pointer whose offset from the frame is not known.
    ///
    /// The verifier follows each such object by its stack slots, so it must know which they are.
    VariableStackObject("stack-object-variable-offset", EINVAL,
        help: "pass the address of a variable of its own, not of an array element") {
        what: &'static str,
    } => "{what} has to be at a constant offset";

    /// A dynptr, iterator or interrupt flag is passed by a pointer that is not aligned to eight bytes, or does not lie
    /// wholly within the frame.
    MisplacedStackObject("stack-object-misplaced", EINVAL, help: "pass the address of the variable itself") {
        what: &'static str, off: i64,
    } => "cannot pass in {what} at an offset={off}";
}

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackPlace {
    /// The frame.
    pub(crate) frame: u32,
    /// The slot with the lowest address; the object goes on in the slots of lower number.
    pub(crate) spi: usize,
}

/// The answer to "which slots?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// These.
    At(StackPlace),
    /// Some that were never touched (`-ERANGE`).
    Untouched,
    /// None; this is why, with the end of the line.
    Wrong(String),
}

/// Finds the slots of an object that the pointer to the stack in `reg` refers to.
pub(super) fn place(env: &Env<'_>, reg: &RegState, what: &'static str, slots: usize) -> Place {
    let Some(var) = reg.num.const_value() else {
        return Place::Wrong(format!("{what} has to be at a constant offset\n"));
    };
    let off = i64::from(reg.off) + var.cast_signed();
    let misplaced = || Place::Wrong(format!("cannot pass in {what} at an offset={off}\n"));
    if off % i64::from(SLOT_SIZE) != 0 {
        return misplaced();
    }
    // Rounded towards zero, as in C: the frame pointer itself means the first slot, where that is enough.
    let Ok(spi) = usize::try_from((-off - 1) / i64::from(SLOT_SIZE)) else { return misplaced() };
    if spi + 1 < slots {
        return misplaced();
    }
    let frame = &env.state.frames[reg.frameno as usize];
    match spi < frame.stack.len() {
        true => Place::At(StackPlace { frame: reg.frameno, spi }),
        false => Place::Untouched,
    }
}

/// As [`place`], where anything but slots in use is a rejection.
pub(super) fn must_place(
    env: &Env<'_>,
    reg: &RegState,
    what: &'static str,
    slots: usize,
) -> Step<StackPlace> {
    if reg.num.const_value().is_none() {
        return Err(VariableStackObject { what }.into());
    }
    match place(env, reg, what, slots) {
        Place::At(place) => Ok(place),
        Place::Wrong(_) | Place::Untouched => {
            let off = i64::from(reg.off) + reg.num.var_off.value.cast_signed();
            Err(MisplacedStackObject { what, off }.into())
        }
    }
}

/// Checks that the program may write the slots of a new object, as a store of each eight bytes would be.
pub(super) fn check_writable(env: &mut Env<'_>, regno: Reg, slots: usize) -> Step {
    for slot in 0..slots {
        let off = i32::try_from(slot).unwrap_or(0) * 8;
        let access = Access {
            insn: env.insn_idx,
            base: regno,
            off,
            size: SLOT_SIZE,
            rw: Rw::Write,
            value: None,
            strict: false,
            sign_extend: false,
        };
        access::check(env, access)?;
    }
    Ok(())
}

impl StackPlace {
    /// The numbers of the slots, the one with the lowest address first.
    pub(super) fn slots(self, count: usize) -> impl Iterator<Item = usize> {
        (0..count).map(move |i| self.spi - i)
    }

    fn mask(self, count: usize) -> u64 {
        self.slots(count).fold(0, |mask, spi| mask | 1 << spi)
    }

    /// Notes for the liveness analysis that the slots are read.
    pub(super) fn mark_read(self, env: &mut Env<'_>, count: usize) {
        liveness::mark_stack_read(env, self.frame, self.mask(count));
        if self.frame == env.state.curframe() {
            env.log.touch_object(self.mask(count));
        }
    }

    /// Notes for the liveness analysis that the slots are overwritten.
    pub(super) fn mark_write(self, env: &mut Env<'_>, count: usize) {
        liveness::mark_stack_write(env, self.frame, self.mask(count));
    }
}
