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

/// Whether every kfunc refuses null unless it says otherwise, as if it had `KF_TRUSTED_ARGS`. `kernel` are the running
/// kernel's types.
///
/// *Kernel*: the rule of 7.0; of two builds that call themselves 6.18.44, one has it and one has not.
#[must_use]
pub fn kfuncs_trust_all_args(kernel: &Btf) -> Probed {
    // Its flags ask for nothing, and its first argument cannot be null in any release.
    let Some(id) = kernel.find("bpf_wq_start", Kind::Func) else {
        return Probed::unknown("the kernel's types have no function bpf_wq_start");
    };
    let zero = |reg: u8| [opcode::ALU64 | opcode::MOV, reg, 0, 0, 0, 0, 0, 0];
    let insns = vec![zero(1), zero(2), call(opcode::PSEUDO_KFUNC_CALL, id.0), zero(0), EXIT];
    let program = described(ProgType::SchedCls, insns);
    let verdict = program.judge_once(LogLevel::PATH, &mut LogBuffer::whole());
    let message = verdict.last_message();
    let how = format!("bpf_wq_start was given null: {message}");
    match verdict.errno {
        _ if message.contains("passed to trusted arg") => Probed::yes(how),
        _ if message.contains("doesn't point to a map value") => Probed::no(how),
        _ => Probed::unknown(how),
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
