//! What each insn does to the state: dispatch by class (`do_check_insn`). What an insn's encoding reserves is refused
//! when a path first comes to it, as the kernel does.

pub(crate) mod alu;
pub(crate) mod alu_ptr;
mod arena;
pub(crate) mod atomic;
mod branch;
mod exit;
pub(crate) mod jmp;
pub(crate) mod ld_abs;
pub(crate) mod ld_imm64;
mod mem;
pub(crate) mod mov;
mod nullness;
mod packet_cmp;
pub(crate) mod reg_arg;
pub(crate) mod sane;

use skep_isa::{Insn, opcode as op};

use crate::diag::{Step, rejections};
use crate::env::Env;

/// Where the path goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At this insn.
    Insn(u32),
    /// At this insn, after a function was left: the log prints the whole state.
    Returned(u32),
    /// Nowhere: the path ended well.
    Done,
}

rejections! {
    /// An insn has a value in a field that its operation does not use.
    ///
    /// Compilers do not emit such insns; hand-written or corrupted ones do.
    ReservedFields("reserved-fields", EINVAL, help: "set the unused fields of the insn to zero") {
        what: &'static str,
    } => "{what} uses reserved fields";

    /// The opcode's addressing mode does not exist.
    InvalidLdMode("invalid-ld-mode", EINVAL, help: "compile for a cpu version that this kernel knows") {
    } => "invalid BPF_LD mode";
}

/// Applies the insn that is looked at.
pub(crate) fn step(env: &mut Env<'_>) -> Step<Next> {
    let insn = env.insn();
    match insn.code & op::CLASS_MASK {
        op::ALU | op::ALU64 => alu::check(env, insn)?,
        op::LDX => mem::load(env, insn)?,
        op::STX if insn.code & op::MODE_MASK == op::ATOMIC => atomic::check(env, insn)?,
        op::STX => mem::store(env, insn)?,
        op::ST => mem::store_imm(env, insn)?,
        op::JMP | op::JMP32 => return jmp::check(env, insn),
        _ => return load_special(env, insn),
    }
    Ok(Next::Insn(env.insn_idx + 1))
}

fn load_special(env: &mut Env<'_>, insn: Insn) -> Step<Next> {
    match insn.code & op::MODE_MASK {
        op::ABS | op::IND => ld_abs::check(env, insn),
        op::IMM => {
            ld_imm64::check(env, insn)?;
            Ok(Next::Insn(env.insn_idx + 2))
        }
        _ => Err(InvalidLdMode {}.into()),
    }
}
