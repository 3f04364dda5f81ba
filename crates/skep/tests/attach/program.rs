//! The programs that both engines run: they count their runs and sum up the cookies that they see.

use skep_isa::{Insn, assemble};

use crate::world::{Program, Way};

/// Stands for the address of the counters until it is known.
const PLACEHOLDER: u64 = 0x1111_2222_3333_4444;

/// Slots of a program of which the first of two holds the address of its counters.
pub(crate) struct Code {
    pub(crate) insns: Vec<Insn>,
    pub(crate) address_at: usize,
}

/// A program that returns its number. On a tracepoint, which every process hits, it looks at its own process alone.
pub(crate) fn code(way: Way, program: Program) -> Code {
    let is_traced = way.is_tracepoint() != program.other_type;
    let own = std::process::id();
    let only_own = format!(
        "call bpf_get_current_pid_tgid#14\nr0 >>= 32\nif r0 == {own:#x} goto own\nr0 = 1\nexit\nown: "
    );
    let walk = "r1 = r6\nr2 = r10\nr2 += -64\nr3 = 64\nr4 = 256\ncall bpf_get_stack#67\n";
    let text = format!(
        "r6 = r1\n{}r7 = {PLACEHOLDER:#x} ll\n{}r1 = 1\nlock *(u64 *)(r7 +0) += r1\nr1 = r6\ncall bpf_get_attach_cookie#174\n\
         lock *(u64 *)(r7 +8) += r0\nr0 = {:#x} ll\nexit",
        if is_traced { &only_own } else { "" },
        if program.walks { walk } else { "" },
        program.r0,
    );
    let insns = assemble(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let low = PLACEHOLDER as u32;
    let address_at = insns.iter().position(|insn| insn.imm.cast_unsigned() == low);
    Code { insns, address_at: address_at.unwrap() }
}
