//! Moves (`check_alu_op`, `BPF_MOV`): copies, sign extensions, casts between address spaces.

use skep_isa::{Insn, Reg, opcode as op};

use super::{ReservedFields, reg_arg};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::input::Map;
use crate::scalar;
use crate::state::{Base, RegState, RegType};

rejections! {
    /// A cast between address spaces that do not exist.
    InvalidAddrSpaceCast("addr-space-cast", EINVAL, help: "only address spaces 0 (kernel) and 1 (arena) exist") {
    } => "addr_space_cast insn can only convert between address space 1 and 0";

    /// A cast to or from arena memory in a program that refers to no arena.
    AddrSpaceCastNoArena("addr-space-cast-no-arena", EINVAL, help: "use a map of type BPF_MAP_TYPE_ARENA in the program") {
    } => "addr_space_cast insn can only be used in a program that has an associated arena";
}

/// Applies a move.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step {
    let is32 = insn.code & op::CLASS_MASK == op::ALU;
    if insn.code & op::SRC_MASK == op::K {
        return immediate(env, insn, is32);
    }
    check_fields(env, insn, is32)?;
    reg_arg::source(env, insn.src)?;
    reg_arg::dest(env, insn.dst)?;
    match (is32, insn.imm, insn.off) {
        (false, 0, 0) => {
            scalar::assign_id(env, insn.src);
            *env.reg_mut(insn.dst) = *env.reg(insn.src);
        }
        (false, 0, bits) => sign_extend(env, insn, bits.unsigned_abs().into(), false),
        (false, cast, _) => {
            let mut reg = RegState::unknown();
            if cast == 1 {
                reg.ty = RegType::new(Base::Arena);
            }
            *env.reg_mut(insn.dst) = reg;
        }
        (true, _, 0) => truncate(env, insn),
        (true, _, bits) => sign_extend(env, insn, bits.unsigned_abs().into(), true),
    }
    Ok(())
}

fn check_fields(env: &Env<'_>, insn: Insn, is32: bool) -> Step {
    if !is32 && insn.off == op::ADDR_SPACE_CAST {
        if insn.imm != 1 && insn.imm != 1 << 16 {
            return Err(InvalidAddrSpaceCast {}.into());
        }
        let is_arena = |map: &Map<'_>| map.map_type == skep_abi::MapType::Arena;
        let uses_arena = env.aux.iter().any(|aux| match aux.imm64 {
            crate::env::Imm64::Map(at) | crate::env::Imm64::MapValue(at, _) => {
                env.prog.maps.get(at as usize).is_some_and(is_arena)
            }
            _ => false,
        });
        return if uses_arena { Ok(()) } else { Err(AddrSpaceCastNoArena {}.into()) };
    }
    let extends = matches!(insn.off, 8 | 16) || !is32 && insn.off == 32;
    let known_off = insn.off == 0 || extends && env.features.has_cpu_v4();
    if known_off && insn.imm == 0 { Ok(()) } else { Err(ReservedFields { what: "BPF_MOV" }.into()) }
}

fn immediate(env: &mut Env<'_>, insn: Insn, is32: bool) -> Step {
    if insn.src != Reg::R0 || insn.off != 0 {
        return Err(ReservedFields { what: "BPF_MOV" }.into());
    }
    reg_arg::dest(env, insn.dst)?;
    let value = if is32 { u64::from(insn.imm.cast_unsigned()) } else { insn.imm as i64 as u64 };
    *env.reg_mut(insn.dst) = RegState::constant(value);
    Ok(())
}

/// `r1 = (s8)r2`, `w1 = (s8)w2` and the like.
fn sign_extend(env: &mut Env<'_>, insn: Insn, bits: u32, is32: bool) {
    let src = env.reg(insn.src);
    if !src.is_scalar() {
        let mut reg = RegState::unknown();
        if is32 {
            settle32(&mut reg);
        }
        *env.reg_mut(insn.dst) = reg;
        return;
    }
    let keeps_value = src.num.umax < 1 << (bits - 1);
    if keeps_value {
        scalar::assign_id(env, insn.src);
    }
    let mut reg = *env.reg(insn.src);
    if !keeps_value {
        reg.clear_id();
    }
    if is32 {
        reg.num.coerce_subreg_to_size_sx(bits / 8);
        settle32(&mut reg);
    } else {
        reg.num.coerce_to_size_sx(bits / 8);
    }
    *env.reg_mut(insn.dst) = reg;
}

/// `w1 = w2`
fn truncate(env: &mut Env<'_>, insn: Insn) {
    let src = env.reg(insn.src);
    let mut reg = RegState::unknown();
    if src.is_scalar() {
        let fits = src.num.umax <= u64::from(u32::MAX);
        if fits {
            scalar::assign_id(env, insn.src);
        }
        reg = *env.reg(insn.src);
        if !fits {
            reg.clear_id();
        }
    }
    settle32(&mut reg);
    *env.reg_mut(insn.dst) = reg;
}

fn settle32(reg: &mut RegState) {
    reg.num.zext_32_to_64();
    reg.num.sync();
}
