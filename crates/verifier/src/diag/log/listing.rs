//! What level 2 prints before the first path: where functions begin (`add_subprog_and_kfunc`), and which registers are
//! live before each insn (`compute_live_registers`).

use core::fmt::Write as _;

use skep_isa::opcode as op;

use super::names;
use crate::env::Env;

/// Registers that may be live; the frame pointer always is.
const REGS: u32 = 10;

/// The functions of the program, by their first insns.
pub(crate) fn functions(env: &mut Env<'_>) {
    if env.log.is_verbose() {
        for (number, subprog) in env.subprogs.iter().enumerate() {
            let _ = writeln!(env.log.text, "func#{number} @{}", subprog.start);
        }
    }
}

/// The registers that may be read later, before each insn, and the loop that it belongs to.
pub(crate) fn live_registers(env: &mut Env<'_>) {
    if !env.log.is_verbose() || !env.features.shows_live_registers() {
        return;
    }
    let mut text = "Live regs before insn:\n".to_owned();
    let mut at = 0;
    while let (Some(insn), Some(aux)) = (env.insns.get(at), env.aux.get(at)) {
        match aux.scc {
            0 => text.push_str("    "),
            scc => drop(write!(text, "{scc:3} ")),
        }
        let _ = write!(text, "{at:3}: ");
        for reg in 0..REGS {
            match aux.live_regs & (1 << reg) {
                0 => text.push('.'),
                _ => drop(write!(text, "{reg}")),
            }
        }
        let _ = writeln!(text, " {}", names::text(env.prog, env.kernel, at as u32));
        at += if insn.code == op::LD_IMM64 { 2 } else { 1 };
    }
    env.log.text.push_str(&text);
}
