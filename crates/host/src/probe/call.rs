//! Helpers and kfuncs, by program type.

use skep_abi::{Errno, ProgType};
use skep_btf::{Btf, Kind};
use skep_isa::opcode;

use super::Probed;
use super::program_type::{described, program_type};
use crate::program::{LogBuffer, LogLevel};

const EXIT: [u8; 8] = [opcode::JMP | opcode::EXIT, 0, 0, 0, 0, 0, 0, 0];

fn call(source: u8, number: u32) -> [u8; 8] {
    let [a, b, c, d] = number.to_le_bytes();
    [opcode::JMP | opcode::CALL, source << 4, 0, 0, a, b, c, d]
}

/// Calls something and reads what the verifier says to it: whether one of these.
fn refused(prog_type: ProgType, insn: [u8; 8], words: &[&str]) -> Probed {
    let known = program_type(prog_type);
    if !known.is_yes() {
        return known;
    }
    if matches!(prog_type, ProgType::Tracing | ProgType::Lsm | ProgType::Ext | ProgType::StructOps)
    {
        return Probed::unknown("programs of this type are judged only with what they attach to");
    }
    let program = described(prog_type, vec![insn, EXIT]);
    let verdict = program.judge_once(LogLevel::PATH, &mut LogBuffer::whole());
    let message = verdict.last_message();
    let how = match verdict.errno {
        None => "a program that calls it was loaded".to_owned(),
        Some(errno) => format!("a program that calls it gives {errno}: {message}"),
    };
    match verdict.errno {
        Some(Errno::EPERM) => Probed::unknown(how),
        // The arguments are not set: complaints about them come after the call was found.
        _ if words.iter().any(|word| verdict.log.contains(word)) => Probed::no(how),
        Some(_) if message.is_empty() => Probed::unknown(how),
        _ => Probed::yes(how),
    }
}

/// Whether programs of a type may call a helper, by its number.
#[must_use]
pub fn helper(prog_type: ProgType, number: u32) -> Probed {
    refused(
        prog_type,
        call(0, number),
        &["invalid func ", "unknown func ", "program of this type cannot use helper "],
    )
}

/// Whether programs of a type may call a kfunc, by its name. `kernel` are the running kernel's types.
#[must_use]
pub fn kfunc(prog_type: ProgType, kernel: &Btf, name: &str) -> Probed {
    let Some(id) = kernel.find(name, Kind::Func) else {
        return Probed::no("the kernel's types have no function of this name");
    };
    let words =
        ["is not allowed", "not found in kernel", "cannot find address for kernel function"];
    refused(prog_type, call(opcode::PSEUDO_KFUNC_CALL, id.0), &words)
}
