//! Which helpers and kernel functions a program may call, and which skep has.

use skep_abi::{KernelVersion, Permit};
use skep_isa::{Insn, opcode};
use skep_object::{InsnIdx, ResolvedProgram};

use crate::{Error, ErrorKind};

/// Licences that are compatible with the GPL (`include/linux/license.h`).
const GPL_COMPATIBLE: &[&str] =
    &["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/// Refuses a program that calls what its type may not call, or what skep does not implement.
///
/// # Errors
/// The first such call, with the kernel's words where the kernel refuses it too.
pub(super) fn check(
    program: &ResolvedProgram,
    license: &str,
    version: KernelVersion,
) -> Result<(), Error> {
    let mut second_slot = false;
    for (at, insn) in program.insns.iter().enumerate() {
        let is_call = !second_slot && insn.code == opcode::JMP | opcode::CALL && insn.src.0 == 0;
        second_slot = !second_slot && insn.code == opcode::LD_IMM64;
        if is_call {
            helper(program, InsnIdx(at as u32), *insn, license, version)?;
        }
    }
    Ok(())
}

fn helper(
    program: &ResolvedProgram,
    at: InsnIdx,
    insn: Insn,
    license: &str,
    version: KernelVersion,
) -> Result<(), Error> {
    let id = insn.imm.cast_unsigned();
    // A number that no kernel has is what the loader leaves where a relocation found nothing: guarded code that is
    // never reached. Whoever reaches it traps there.
    let Some(name) = skep_calls::helper_name(id) else { return Ok(()) };
    let line =
        program.line_of(at).map_or_else(String::new, |line| format!(" (line {})", line.line));
    let place = format!("program {}, insn {}{line}", program.name, at.0);
    let refused = |why: String| Err(Error::new(ErrorKind::Program, format!("{place}: {why}")));
    let Some(call) = skep_calls::helper(id) else {
        return Err(Error::unsupported(format!(
            "{place}: skep does not implement {name}#{id} yet"
        ))
        .hint("`skep list helpers` tells which it does"));
    };
    match call.spec.permit(program.prog_type, version) {
        Permit::Denied => refused(format!(
            "program of type {} cannot use helper {name}#{id} on Linux {version}",
            program.prog_type.name()
        )),
        Permit::Unsupported => refused(call.spec.unsupported_text(program.prog_type)),
        Permit::Allowed
            if call.spec.needs_gpl(program.prog_type) && !GPL_COMPATIBLE.contains(&license) =>
        {
            refused(format!(
                "cannot call GPL-restricted function {name}#{id} from non-GPL compatible program (license \"{license}\")"
            ))
        }
        Permit::Allowed => Ok(()),
    }
}
