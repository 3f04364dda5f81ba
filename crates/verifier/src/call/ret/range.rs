//! Ranges of results (`retval_range_within`, `verbose_invalid_scalar`).

use skep_abi::{AttachType, ProgType};
use skep_domain::{Scalar, Tnum};
use skep_isa::Reg;

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::CallbackKind;

rejections! {
    /// The program returns a number outside of what its kind of program may return.
    ///
    /// Some programs may only say yes or no, some only 0: the range at the end of the sentence. The verifier must be
    /// able to see on every path that the result lies in it.
    ReturnOutOfRange("return-value", EINVAL, help: "return a constant of the range, or compare the value before returning it") {
        when: &'static str, regno: u8, found: String, wanted: String, after: &'static str,
    } => "{when} the register R{regno} has{found} should have been in {wanted}{after}";
}

/// The numbers that may be returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetRange {
    /// The least.
    pub(crate) min: i32,
    /// The greatest.
    pub(crate) max: i32,
    /// Whether only the low half counts.
    pub(crate) is_32_bit: bool,
}

impl RetRange {
    /// Both ends, of all 64 bits.
    pub(crate) const fn new((min, max): (i32, i32)) -> Self {
        Self { min, max, is_32_bit: false }
    }

    fn holds(self, num: &Scalar) -> bool {
        if self.is_32_bit {
            return self.min <= num.s32_min && num.s32_max <= self.max;
        }
        i64::from(self.min) <= num.smin && num.smax <= i64::from(self.max)
    }

    fn tnum(self) -> Tnum {
        Tnum::range(i64::from(self.min).cast_unsigned(), i64::from(self.max).cast_unsigned())
    }
}

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The program, or a global subprogram.
    Program,
    /// A callback that runs later.
    AsyncCallback,
    /// A callback that runs within a call.
    Callback,
}

impl When {
    /// As the kernel's sentence begins.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Program => "At program exit",
            Self::AsyncCallback => "At async callback return",
            Self::Callback => "At callback return",
        }
    }
}

/// Checks that the number in a register is certainly in the range.
pub(crate) fn check(env: &Env<'_>, regno: Reg, range: RetRange, when: When) -> Step {
    let num = &env.reg(regno).num;
    let is_within = if env.features.returns_are_ranges() {
        range.holds(num)
    } else {
        Tnum::is_in(range.tnum(), num.var_off)
    };
    if is_within {
        return Ok(());
    }
    let after = if when == When::Program { note(env) } else { "" };
    let (found, wanted) = if env.features.returns_are_ranges() {
        (found(num), format!("[{}, {}]", range.min, range.max))
    } else {
        (found_before_6_8(num), range.tnum().to_string())
    };
    Err(ReturnOutOfRange { when: when.text(), regno: regno.0, found, wanted, after }.into())
}

fn found(num: &Scalar) -> String {
    let min = (num.smin > i64::MIN).then(|| format!(" smin={}", num.smin));
    let max = (num.smax < i64::MAX).then(|| format!(" smax={}", num.smax));
    match (min, max) {
        (None, None) => " unknown scalar value".to_owned(),
        (min, max) => min.unwrap_or_default() + &max.unwrap_or_default(),
    }
}

fn found_before_6_8(num: &Scalar) -> String {
    match num.var_off.is_unknown() {
        true => " unknown scalar value".to_owned(),
        false => format!(" value {}", num.var_off),
    }
}

/// What the kernel adds for hooks that return nothing.
fn note(env: &Env<'_>) -> &'static str {
    let is_void_hook = env.prog.prog_type == ProgType::Lsm
        && env.prog.attach_type == AttachType::LsmCgroup
        && env.state.frames[0].subprog == 0
        && env.state.frames[0].callback != Some(CallbackKind::Async)
        && env.attach_returns_void();
    if is_void_hook {
        return "\nNote, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!";
    }
    ""
}
