//! Which helpers skep has: whether a program may call them is the verifier's to say.

use skep_isa::{Insn, opcode};
use skep_object::{InsnIdx, ResolvedProgram};

use crate::Error;

/// Refuses a program that calls what skep does not implement.
///
/// # Errors
/// The first such call.
pub(super) fn check(program: &ResolvedProgram) -> Result<(), Error> {
    let mut second_slot = false;
    for (at, insn) in program.insns.iter().enumerate() {
        let is_call = !second_slot && insn.code == opcode::JMP | opcode::CALL && insn.src.0 == 0;
        second_slot = !second_slot && insn.code == opcode::LD_IMM64;
        if is_call {
            helper(program, InsnIdx(at as u32), *insn)?;
        }
    }
    Ok(())
}

fn helper(program: &ResolvedProgram, at: InsnIdx, insn: Insn) -> Result<(), Error> {
    let id = insn.imm.cast_unsigned();
    // A number that no kernel has is what the loader leaves where a relocation found nothing: guarded code that is
    // never reached. Whoever reaches it traps there.
    let Some(name) = skep_calls::helper_name(id) else { return Ok(()) };
    let line =
        program.line_of(at).map_or_else(String::new, |line| format!(" (line {})", line.line));
    let place = format!("program {}, insn {}{line}", program.name, at.0);
    if skep_calls::helper(id).is_some() {
        return Ok(());
    }
    Err(Error::unsupported(format!("{place}: skep does not implement {name}#{id} yet"))
        .hint("`skep list helpers` tells which it does"))
}
