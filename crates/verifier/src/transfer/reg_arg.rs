//! Whether a register may be read or written (`check_reg_arg`).

use skep_isa::Reg;

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, RegState};

rejections! {
    /// The insn names a register beyond R10.
    InvalidRegister("invalid-register", EINVAL, help: "use R0 to R10") {
        regno: u8,
    } => "R{regno} is invalid";

    /// A register is read that nothing was written to on this path.
    ///
    /// R1 to R5 hold nothing after a call, R0 nothing before the first one. A function that falls off its end without
    /// `return` leaves R0 unset.
    UnreadableRegister("register-uninit", EACCES, help: "assign the variable on every path before it is used; a call destroys R1 to R5") {
        regno: u8,
    } => "R{regno} !read_ok";

    /// R10 is written to, which is the frame pointer and can only be read.
    FramePointerWrite("frame-pointer-write", EACCES, help: "copy R10 to another register and change that") {
    } => "frame pointer is read only";
}

/// A register that is read.
pub(crate) fn source(env: &mut Env<'_>, reg: Reg) -> Step {
    if reg > Reg::R10 {
        return Err(InvalidRegister { regno: reg.0 }.into());
    }
    if env.reg(reg).ty.base == Base::NotInit {
        return Err(UnreadableRegister { regno: reg.0 }.into());
    }
    Ok(())
}

/// A register that is written; what it holds then is the caller's to say.
pub(crate) fn dest(_env: &Env<'_>, reg: Reg) -> Step {
    match reg {
        Reg::R10 => Err(FramePointerWrite {}.into()),
        _ if reg > Reg::R10 => Err(InvalidRegister { regno: reg.0 }.into()),
        _ => Ok(()),
    }
}

/// A register that is written with any number.
pub(crate) fn dest_unknown(env: &mut Env<'_>, reg: Reg) -> Step {
    dest(env, reg)?;
    *env.reg_mut(reg) = RegState::unknown();
    Ok(())
}
