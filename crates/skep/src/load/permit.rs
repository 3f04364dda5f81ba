//! Which helpers skep has: whether a program may call them is the verifier's to say.

use skep_abi::Effect;
use skep_isa::{Insn, opcode};
use skep_object::{InsnIdx, ResolvedProgram};

use crate::Error;

/// Refuses a program that calls what skep does not implement.
///
/// # Errors
/// The first such call.
pub(super) fn check(program: &ResolvedProgram) -> Result<(), Error> {
    helper_calls(program).try_for_each(|(at, insn)| helper(program, at, insn))
}

/// Whether the program calls anywhere what walks the stack of the sample.
pub(super) fn calls_stack_walk(program: &ResolvedProgram) -> bool {
    helper_calls(program)
        .filter_map(|(_, insn)| skep_calls::helper(insn.imm.cast_unsigned()))
        .any(|call| call.spec.effect == Some(Effect::CallsStackWalk))
}

fn helper_calls(program: &ResolvedProgram) -> impl Iterator<Item = (InsnIdx, Insn)> {
    let mut second_slot = false;
    program.insns.iter().enumerate().filter_map(move |(at, insn)| {
        let is_call = !second_slot && insn.code == opcode::JMP | opcode::CALL && insn.src.0 == 0;
        second_slot = !second_slot && insn.code == opcode::LD_IMM64;
        is_call.then_some((InsnIdx(at as u32), *insn))
    })
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
