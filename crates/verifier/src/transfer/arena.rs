//! Arithmetic on arena pointers, which are 32 bits wide: everything is allowed, and nothing is tracked.

use skep_isa::{Insn, opcode as op};

use crate::diag::Step;
use crate::env::Env;
use crate::state::{Base, RegState};

/// The result is an arena pointer.
pub(super) fn arithmetic(env: &mut Env<'_>, insn: Insn, dst: &RegState, src: &RegState) -> Step {
    if dst.ty.base != Base::Arena {
        *env.reg_mut(insn.dst) = *src;
    }
    if insn.code & op::CLASS_MASK == op::ALU64 {
        env.aux_mut().needs_zext = true;
    }
    Ok(())
}
