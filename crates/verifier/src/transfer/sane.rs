//! Bounds of pointer arithmetic (`check_reg_sane_offset`), so that no sum of offsets wraps.

use crate::diag::{Step, rejections};
use crate::state::{RegState, RegType};

/// Offsets must stay below this many bytes (`BPF_MAX_VAR_OFF`).
pub(crate) const MAX_VAR_OFF: i64 = 1 << 29;

rejections! {
    /// A constant is added to a pointer, or taken from it, that is larger than any object.
    PointerMathConstant("pointer-math-constant", EINVAL, help: "keep offsets below 512 MiB") {
        ty: RegType, val: i64,
    } => "math between {ty} pointer and {val} is not allowed";

    /// The constant part of a pointer's offset grew beyond all objects.
    PointerOffsetRange("pointer-offset-range", EINVAL, help: "keep offsets below 512 MiB") {
        ty: RegType, off: i32,
    } => "{ty} pointer offset {off} is not allowed";

    /// A number is added to a pointer that may be any negative number.
    PointerMathUnbounded("pointer-math-unbounded", EINVAL, help: "check the number's lower bound before it is added, or make it unsigned") {
        ty: RegType,
    } => "math between {ty} pointer and register with unbounded min value is not allowed";

    /// The least value of a number that is added to a pointer lies outside of every object.
    PointerMathRange("pointer-math-range", EINVAL, help: "check the number's bounds before it is added") {
        ty: RegType, val: i64,
    } => "value {val} makes {ty} pointer be out of bounds";
}

/// Checks a number that is combined with a pointer of type `ty`, or that pointer.
pub(crate) fn check(reg: &RegState, ty: RegType) -> Step {
    let outside = |val: i64| val >= MAX_VAR_OFF || val <= -MAX_VAR_OFF;
    let val = reg.num.var_off.value.cast_signed();
    if reg.num.var_off.mask == 0 && outside(val) {
        return Err(PointerMathConstant { ty, val }.into());
    }
    if outside(i64::from(reg.off)) {
        return Err(PointerOffsetRange { ty, off: reg.off }.into());
    }
    match reg.num.smin {
        i64::MIN => Err(PointerMathUnbounded { ty }.into()),
        smin if outside(smin) => Err(PointerMathRange { ty, val: smin }.into()),
        _ => Ok(()),
    }
}
