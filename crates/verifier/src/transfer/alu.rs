//! Arithmetic (`check_alu_op`, `adjust_reg_min_max_vals`).

use skep_domain::{Scalar, ScalarOp, alu as compute};
use skep_isa::{Insn, Reg, opcode as op};

use super::{ReservedFields, alu_ptr, arena, mov, reg_arg};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::explore;
use crate::precision;
use crate::scalar;
use crate::state::{ADD_CONST, ADD_CONST32, ADD_CONST64, Base, RegState};

rejections! {
    /// The opcode names no operation.
    InvalidAluOpcode("invalid-alu-opcode", EINVAL, help: "compile for a cpu version that this kernel knows") {
        opcode: u8,
    } => "invalid BPF_ALU opcode {opcode:x}";

    /// A constant zero divides.
    DivByZero("div-by-zero", EINVAL, help: "divide by something else; a register that may be zero is fine: the result is then 0") {
    } => "div by zero";

    /// A constant shifts by as many bits as the register has, or more.
    InvalidShift("invalid-shift", EINVAL, help: "shift by less than the register's width") {
        imm: i32,
    } => "invalid shift {imm}";

    /// Two pointers are combined by something else than a subtraction.
    PointerOpPointer("pointer-op-pointer", EACCES, help: "only the difference of two pointers is a number") {
        regno: u8, operator: &'static str,
    } => "R{regno} pointer {operator} pointer prohibited";
}

/// Operators as the kernel prints them.
pub(super) fn operator(code: u8) -> &'static str {
    match code & op::OP_MASK {
        op::ADD => "+=",
        op::SUB => "-=",
        op::MUL => "*=",
        op::DIV => "/=",
        op::OR => "|=",
        op::AND => "&=",
        op::LSH => "<<=",
        op::RSH => ">>=",
        op::NEG => "neg",
        op::MOD => "%=",
        op::XOR => "^=",
        op::MOV => "=",
        op::ARSH => "s>>=",
        _ => "endian",
    }
}

/// The operation on numbers, by opcode and offset (which makes a division signed).
fn scalar_op(insn: Insn) -> Option<ScalarOp> {
    Some(match insn.code & op::OP_MASK {
        op::ADD => ScalarOp::Add,
        op::SUB => ScalarOp::Sub,
        op::MUL => ScalarOp::Mul,
        op::DIV if insn.off == 1 => ScalarOp::Sdiv,
        op::DIV => ScalarOp::Div,
        op::MOD if insn.off == 1 => ScalarOp::Smod,
        op::MOD => ScalarOp::Mod,
        op::OR => ScalarOp::Or,
        op::AND => ScalarOp::And,
        op::LSH => ScalarOp::Lsh,
        op::RSH => ScalarOp::Rsh,
        op::XOR => ScalarOp::Xor,
        op::ARSH => ScalarOp::Arsh,
        _ => return None,
    })
}

/// Applies an arithmetic insn.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step {
    match insn.code & op::OP_MASK {
        op::NEG => neg(env, insn)?,
        op::END => end(env, insn)?,
        op::MOV => mov::check(env, insn)?,
        code if code > op::END => return Err(InvalidAluOpcode { opcode: code }.into()),
        _ => binary(env, insn)?,
    }
    scalar::settle(env, insn.dst)
}

fn neg(env: &mut Env<'_>, insn: Insn) -> Step {
    let is_clean = insn.code & op::SRC_MASK == op::K && insn.src == Reg::R0;
    if !is_clean || insn.off != 0 || insn.imm != 0 {
        return Err(ReservedFields { what: "BPF_NEG" }.into());
    }
    reg_arg::source(env, insn.dst)?;
    if !(env.features.tracks_negation() && env.reg(insn.dst).is_scalar()) {
        return reg_arg::dest_unknown(env, insn.dst);
    }
    reg_arg::dest(env, insn.dst)?;
    let is32 = insn.code & op::CLASS_MASK == op::ALU;
    let reg = env.reg_mut(insn.dst);
    let src = reg.num;
    compute(ScalarOp::Neg, is32, &mut reg.num, &src);
    reg.clear_id();
    Ok(())
}

fn end(env: &mut Env<'_>, insn: Insn) -> Step {
    let swaps = insn.code & op::CLASS_MASK == op::ALU64;
    let is_clean = insn.src == Reg::R0 && insn.off == 0 && matches!(insn.imm, 16 | 32 | 64);
    if !is_clean || swaps && insn.code & op::SRC_MASK != op::K {
        return Err(ReservedFields { what: "BPF_END" }.into());
    }
    reg_arg::source(env, insn.dst)?;
    if !(env.features.tracks_byte_swaps() && env.reg(insn.dst).is_scalar()) {
        return reg_arg::dest_unknown(env, insn.dst);
    }
    reg_arg::dest(env, insn.dst)?;
    let is_big_endian = insn.code & op::SRC_MASK == op::X;
    let reg = env.reg_mut(insn.dst);
    if swaps || is_big_endian {
        let bits = reg.num.var_off;
        reg.num.var_off = match insn.imm {
            16 => bits.bswap16(),
            32 => bits.bswap32(),
            _ => bits.bswap64(),
        };
        // Ranges say nothing about swapped bytes.
        reg.num.set_unbounded();
    }
    if insn.imm < 64 {
        reg.num.coerce_to_size(insn.imm.cast_unsigned() / 8);
    }
    reg.num.sync();
    let changes_nothing = insn.imm == 64 && !swaps && !is_big_endian;
    if !changes_nothing {
        reg.clear_id();
    }
    Ok(())
}

fn binary(env: &mut Env<'_>, insn: Insn) -> Step {
    let code = insn.code & op::OP_MASK;
    let by_reg = insn.code & op::SRC_MASK == op::X;
    let divides = matches!(code, op::DIV | op::MOD);
    let may_be_signed = divides && env.features.has_cpu_v4();
    let bad_off = !matches!(insn.off, 0 | 1) || insn.off == 1 && !may_be_signed;
    let bad_operand = if by_reg { insn.imm != 0 } else { insn.src != Reg::R0 };
    if bad_off || bad_operand {
        return Err(ReservedFields { what: "BPF_ALU" }.into());
    }
    if by_reg {
        reg_arg::source(env, insn.src)?;
    }
    reg_arg::source(env, insn.dst)?;
    if divides && !by_reg && insn.imm == 0 {
        return Err(DivByZero {}.into());
    }
    if matches!(code, op::LSH | op::RSH | op::ARSH) && !by_reg {
        let width = if insn.code & op::CLASS_MASK == op::ALU64 { 64 } else { 32 };
        if !(0..width).contains(&insn.imm) {
            return Err(InvalidShift { imm: insn.imm }.into());
        }
    }
    reg_arg::dest(env, insn.dst)?;
    combine(env, insn, by_reg)
}

/// Tells numbers and pointers apart.
fn combine(env: &mut Env<'_>, insn: Insn, by_reg: bool) -> Step {
    let dst = *env.reg(insn.dst);
    let src = if by_reg { *env.reg(insn.src) } else { RegState::constant(insn.imm as i64 as u64) };
    if dst.ty.base == Base::Arena || by_reg && src.ty.base == Base::Arena {
        return arena::arithmetic(env, insn, &dst, &src);
    }
    match (dst.is_scalar(), src.is_scalar()) {
        (true, true) => {
            if by_reg && dst.precise {
                precision::mark_chain(env, insn.src)?;
            }
            numbers(env, insn, &src, by_reg)
        }
        (false, true) => {
            if by_reg {
                precision::mark_chain(env, insn.src)?;
            }
            alu_ptr::adjust(env, insn, &dst, &src, true)
        }
        (true, false) => {
            precision::mark_chain(env, insn.dst)?;
            alu_ptr::adjust(env, insn, &src, &dst, false)
        }
        (false, false) if insn.code & op::OP_MASK == op::SUB => {
            scalar::mark_unknown(env, insn.dst);
            Ok(())
        }
        (false, false) => {
            Err(PointerOpPointer { regno: insn.dst.0, operator: operator(insn.code) }.into())
        }
    }
}

fn numbers(env: &mut Env<'_>, insn: Insn, src: &RegState, by_reg: bool) -> Step {
    let is32 = insn.code & op::CLASS_MASK == op::ALU;
    let Some(scalar_op) = scalar_op(insn) else {
        return Err(InvalidAluOpcode { opcode: insn.code & op::OP_MASK }.into());
    };
    if matches!(scalar_op, ScalarOp::And | ScalarOp::Or) && src.num.is_const() {
        fork_mask(env, insn)?;
    }
    let links_any_sum = env.features.links_32bit_sums();
    let reg = env.reg_mut(insn.dst);
    let was_below_32bit = reg.num.umax <= u64::from(u32::MAX);
    compute(scalar_op, is32, &mut reg.num, &src.num);
    let is_own_double = by_reg && insn.src == insn.dst;
    let distance = match (links_any_sum, is32) {
        _ if is_own_double => None,
        (true, true) if was_below_32bit => distance32(insn, src),
        (true, false) => distance64(insn, src),
        (false, false) => distance64(insn, src).filter(|&d| d >= 0 && is_add(insn)),
        _ => None,
    };
    match distance {
        // The sum stays linked to what it was computed from, at a constant distance: once.
        Some(distance) if reg.id != 0 && reg.id & ADD_CONST == 0 => {
            reg.id |= if is32 { ADD_CONST32 } else { ADD_CONST64 };
            reg.off = distance;
        }
        _ => reg.clear_id(),
    }
    Ok(())
}

/// A mask that an arithmetic shift made, all ones or zero, is combined with a constant: both values are walked, since
/// what is left has two values far apart (`maybe_fork_scalars`). The insn is applied again where it is zero.
fn fork_mask(env: &mut Env<'_>, insn: Insn) -> Step {
    let num = env.reg(insn.dst).num;
    let is_wide = (num.smin, num.smax) == (-1, 0);
    // Also where all 64 bits are combined.
    let is_low = (num.s32_min, num.s32_max) == (-1, 0);
    if !(is_wide || is_low) || !env.features.forks_masks() {
        return Ok(());
    }
    let at = env.insn_idx;
    explore::push_branch(env, at, at)?;
    let (ones, zero) = explore::both(env)?;
    for (state, value) in [(ones, u32::MAX), (zero, 0)] {
        let num = &mut state.reg_mut(insn.dst).num;
        if is_wide {
            *num = Scalar::constant(i64::from(value.cast_signed()).cast_unsigned());
        } else {
            num.set_known32(value);
        }
    }
    Ok(())
}

fn is_add(insn: Insn) -> bool {
    insn.code & op::OP_MASK == op::ADD
}

/// What a sum or difference adds, if it is constant and small.
fn distance64(insn: Insn, src: &RegState) -> Option<i32> {
    let constant = src.const_value()?.cast_signed();
    signed_distance(insn, i32::try_from(constant).ok()?)
}

/// The same for the low halves.
fn distance32(insn: Insn, src: &RegState) -> Option<i32> {
    let constant = src.is_scalar().then(|| src.num.const_value32()).flatten()?;
    signed_distance(insn, constant.cast_signed())
}

fn signed_distance(insn: Insn, constant: i32) -> Option<i32> {
    match insn.code & op::OP_MASK {
        op::ADD => Some(constant),
        op::SUB => constant.checked_neg(),
        _ => None,
    }
}
