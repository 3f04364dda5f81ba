//! Jumps, calls and exits: dispatch by opcode.

use skep_isa::{Insn, Reg, opcode as op};

use super::{Next, ReservedFields, branch, exit};
use crate::call;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::explore;

rejections! {
    /// The opcode names no jump.
    InvalidJmpOpcode("invalid-jump-opcode", EINVAL, help: "compile for a cpu version that this kernel knows") {
        opcode: u8,
    } => "invalid BPF_JMP/JMP32 opcode {opcode:x}";

    /// A `may_goto` with fields that it does not have.
    InvalidMayGoto("may-goto-fields", EINVAL, help: "use the may_goto macro of bpf_experimental.h") {
        off: String, imm: i32,
    } => "invalid may_goto {off}imm {imm}";
}

/// Applies a jump, a call or an exit.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step<Next> {
    let is_jmp32 = insn.code & op::CLASS_MASK == op::JMP32;
    explore::count_jump(env);
    match insn.code & op::OP_MASK {
        op::CALL => call(env, insn, is_jmp32),
        op::JA => goto(env, insn, is_jmp32),
        op::EXIT => {
            let clean = insn.code & op::SRC_MASK == op::K && insn.imm == 0;
            if !clean || insn.src != Reg::R0 || insn.dst != Reg::R0 || is_jmp32 {
                return Err(ReservedFields { what: "BPF_EXIT" }.into());
            }
            exit::check(env)
        }
        op::JCOND => may_goto(env, insn),
        opcode if opcode > op::JCOND => Err(InvalidJmpOpcode { opcode }.into()),
        _ => branch::check(env, insn).map(Next::Insn),
    }
}

/// The insn that a jump by `off` from the current one leads to.
pub(super) fn target(env: &Env<'_>, off: i32) -> u32 {
    env.insn_idx.wrapping_add_signed(off).wrapping_add(1)
}

fn goto(env: &mut Env<'_>, insn: Insn, is_jmp32: bool) -> Step<Next> {
    let (reach, unused) =
        if is_jmp32 { (insn.imm, i32::from(insn.off)) } else { (insn.off.into(), insn.imm) };
    let clean = insn.code & op::SRC_MASK == op::K && unused == 0;
    if !clean || insn.src != Reg::R0 || insn.dst != Reg::R0 {
        return Err(ReservedFields { what: "BPF_JA" }.into());
    }
    Ok(Next::Insn(target(env, reach)))
}

fn call(env: &mut Env<'_>, insn: Insn, is_jmp32: bool) -> Step<Next> {
    let kind = insn.src.0;
    let clean = insn.code & op::SRC_MASK == op::K
        && (kind == op::PSEUDO_KFUNC_CALL || insn.off == 0)
        && matches!(kind, 0 | op::PSEUDO_CALL | op::PSEUDO_KFUNC_CALL);
    if !clean || insn.dst != Reg::R0 || is_jmp32 {
        return Err(ReservedFields { what: "BPF_CALL" }.into());
    }
    call::check_lock_held(env, insn)?;
    let at = env.insn_idx;
    match kind {
        op::PSEUDO_CALL => call::subprog(env)?,
        op::PSEUDO_KFUNC_CALL => {
            if call::kfunc(env)? == call::AfterKfunc::Throws {
                return exit::throw(env);
            }
        }
        _ => {
            call::helper(env)?;
            call::callback::enter_pending(env)?;
        }
    }
    // A call may have entered a subprogram or a callback: then `insn_idx` says where.
    Ok(Next::Insn(if env.insn_idx == at { at + 1 } else { env.insn_idx }))
}

/// The jump is taken when the hidden count is used up; the fallthrough is walked later, with whatever a loop around it
/// changes made unknown.
fn may_goto(env: &mut Env<'_>, insn: Insn) -> Step<Next> {
    let clean = insn.code == op::JMP | op::JCOND && insn.src == Reg::R0;
    let may_lead_nowhere = env.features.allows_may_goto_nowhere();
    let leads_nowhere = insn.off == 0 && !may_lead_nowhere;
    if !clean || insn.dst != Reg::R0 || insn.imm != 0 || leads_nowhere {
        let off = if may_lead_nowhere { String::new() } else { format!("off {} ", insn.off) };
        return Err(InvalidMayGoto { off, imm: insn.imm }.into());
    }
    explore::may_goto(env)?;
    Ok(Next::Insn(target(env, insn.off.into())))
}
