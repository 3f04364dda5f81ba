//! 64-bit immediates: numbers, maps, their values, kernel variables, subprograms (`check_ld_imm`).

use skep_abi::MapType;
use skep_isa::{Insn, opcode as op};

use super::{ReservedFields, reg_arg};
use crate::diag::{Step, Stop, rejections};
use crate::env::{Env, Imm64};
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// The size of the load is not that of a 64-bit immediate.
    InvalidLdImm("invalid-ld-imm", EINVAL, help: "compile for a cpu version that this kernel knows") {
    } => "invalid BPF_LD_IMM insn";

    /// The address of a function is taken, but the program has no BTF that tells which functions there are.
    MissingFuncInfo("func-info-missing", EINVAL, help: "compile with -g") {
    } => "missing btf func_info";

    /// A callback must be a static function.
    CallbackNotStatic("callback-not-static", EINVAL, help: "declare the callback static") {
    } => "callback function not static";

    /// The main program cannot be its own callback.
    CallbackIsMain("callback-is-main", EINVAL, help: "write a function of its own for the callback") {
    } => "callback function cannot be the main program";
}

/// Applies the load.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step {
    if insn.code & op::SIZE_MASK != op::DW {
        return Err(InvalidLdImm {}.into());
    }
    if insn.off != 0 {
        return Err(ReservedFields { what: "BPF_LD_IMM64" }.into());
    }
    reg_arg::dest(env, insn.dst)?;
    let reg = match insn.src.0 {
        0 => {
            let high = env.insns.get(env.insn_idx as usize + 1).map_or(0, |slot| slot.imm);
            let low = u64::from(insn.imm.cast_unsigned());
            RegState::constant(u64::from(high.cast_unsigned()) << 32 | low)
        }
        op::PSEUDO_FUNC => func(env, insn)?,
        _ => resolved(env)?,
    };
    *env.reg_mut(insn.dst) = reg;
    Ok(())
}

fn func(env: &Env<'_>, insn: Insn) -> Step<RegState> {
    let at = env.insn_idx.wrapping_add_signed(insn.imm).wrapping_add(1);
    if env.prog.funcs.is_empty() {
        return Err(MissingFuncInfo {}.into());
    }
    let Some(subprog) = env.subprog_at(at) else {
        return Stop::bug(format!("no subprogram begins at insn {at}"));
    };
    if env.subprogs[subprog as usize].is_global {
        return Err(CallbackNotStatic {}.into());
    }
    if subprog == 0 && env.features.has_callback_fixes() {
        return Err(CallbackIsMain {}.into());
    }
    let mut reg = RegState::pointer(RegType::new(Base::Func));
    reg.payload = Payload::Func { subprog };
    Ok(reg)
}

fn resolved(env: &Env<'_>) -> Step<RegState> {
    match env.aux[env.insn_idx as usize].imm64 {
        Imm64::Plain => Stop::bug("an ld_imm64 was not resolved"),
        Imm64::Map(map) => {
            let mut reg = RegState::pointer(RegType::new(Base::MapPtr));
            reg.payload = Payload::Map { map, inner: false, uid: 0 };
            Ok(reg)
        }
        Imm64::MapValue(map, off) => {
            let is_arena =
                env.prog.maps.get(map as usize).is_some_and(|m| m.map_type == MapType::Arena);
            if is_arena {
                return Ok(RegState::unknown());
            }
            let mut reg = RegState::pointer(RegType::new(Base::MapValue));
            reg.payload = Payload::Map { map, inner: false, uid: 0 };
            reg.off = off.cast_signed();
            Ok(reg)
        }
        Imm64::Ksym { ty, size, btf } => {
            let mut reg = RegState::pointer(ty);
            reg.payload = match btf {
                Some(id) => Payload::Btf { local: false, id },
                None => Payload::Mem { size, dynptr_id: 0 },
            };
            Ok(reg)
        }
    }
}
