//! Plain loads and stores (`check_load_mem`, `check_store_reg`).

use skep_isa::{Insn, Reg, opcode as op};

use super::{ReservedFields, reg_arg};
use crate::access::{self, Access, Rw};
use crate::diag::Step;
use crate::env::Env;
use crate::scalar;

/// Bytes that a load or store moves.
pub(super) fn size(insn: Insn) -> u32 {
    match insn.code & op::SIZE_MASK {
        op::B => 1,
        op::H => 2,
        op::W => 4,
        _ => 8,
    }
}

/// `dst = *(size *)(src + off)`
pub(super) fn load(env: &mut Env<'_>, insn: Insn) -> Step {
    let sign_extend = insn.code & op::MODE_MASK == op::MEMSX;
    load_by(env, insn, false, sign_extend, true)
}

/// A load, plain or atomic.
pub(super) fn load_by(
    env: &mut Env<'_>,
    insn: Insn,
    strict: bool,
    sign_extend: bool,
    allow_trust_mismatch: bool,
) -> Step {
    reg_arg::source(env, insn.src)?;
    reg_arg::dest(env, insn.dst)?;
    let ty = env.reg(insn.src).ty;
    let access = Access {
        insn: env.insn_idx,
        base: insn.src,
        off: insn.off.into(),
        size: size(insn),
        rw: Rw::Read,
        value: Some(insn.dst),
        strict,
        sign_extend,
    };
    access::check(env, access)?;
    if allow_trust_mismatch {
        access::note_ptr_type_lenient(env, ty)?;
    } else {
        access::note_ptr_type(env, ty)?;
    }
    scalar::settle(env, insn.dst)
}

/// `*(size *)(dst + off) = src`
pub(super) fn store(env: &mut Env<'_>, insn: Insn) -> Step {
    if insn.code & op::MODE_MASK != op::MEM || insn.imm != 0 {
        return Err(ReservedFields { what: "BPF_STX" }.into());
    }
    store_by(env, insn, false)
}

/// A store of a register, plain or atomic.
pub(super) fn store_by(env: &mut Env<'_>, insn: Insn, strict: bool) -> Step {
    reg_arg::source(env, insn.src)?;
    reg_arg::source(env, insn.dst)?;
    write(env, insn, Some(insn.src), strict)
}

/// `*(size *)(dst + off) = imm`
pub(super) fn store_imm(env: &mut Env<'_>, insn: Insn) -> Step {
    if insn.code & op::MODE_MASK != op::MEM || insn.src != Reg::R0 {
        return Err(ReservedFields { what: "BPF_ST" }.into());
    }
    reg_arg::source(env, insn.dst)?;
    write(env, insn, None, false)
}

fn write(env: &mut Env<'_>, insn: Insn, value: Option<Reg>, strict: bool) -> Step {
    let ty = env.reg(insn.dst).ty;
    let access = Access {
        insn: env.insn_idx,
        base: insn.dst,
        off: insn.off.into(),
        size: size(insn),
        rw: Rw::Write,
        value,
        strict,
        sign_extend: false,
    };
    access::check(env, access)?;
    access::note_ptr_type(env, ty)
}
