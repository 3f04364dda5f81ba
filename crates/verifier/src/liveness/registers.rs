//! Registers that may be read later (`compute_live_registers`, 6.15).
//!
//! For each insn, over sets of registers: `in = (out - def) + use`, `out` = the union of `in` over all successors.
//! Least solution: all sets begin empty and only grow, walking in postorder until nothing changes. `in` is kept.

use skep_isa::{Insn, opcode};

use crate::call_summary::CallSummary;
use crate::cfg::successors;
use crate::env::Env;
use crate::insn::Shape;

const ALL: u16 = 0xffff;
/// R0 to R5.
const CALLER_SAVED: u16 = 0x3f;
const R0: u16 = 1;

/// Registers that an insn reads and overwrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Effect {
    uses: u16,
    defs: u16,
}

/// Computes `InsnAux::live_regs` for all insns.
pub(super) fn compute(env: &mut Env<'_>) {
    let effects: Vec<Effect> = env.insns.iter().map(|&insn| effect(env, insn)).collect();
    let mut live = vec![0_u16; env.insns.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for &at in &env.postorder {
            let out = successors(env.insns, at).fold(0, |out, next| out | live[next as usize]);
            let Effect { uses, defs } = effects[at as usize];
            let before = out & !defs | uses;
            changed |= before != live[at as usize];
            live[at as usize] = before;
        }
    }
    for (aux, live) in env.aux.iter_mut().zip(live) {
        aux.live_regs = live;
    }
}

fn effect(env: &Env<'_>, insn: Insn) -> Effect {
    let (dst, src) = (1_u16 << insn.dst.0, 1_u16 << insn.src.0);
    let is_reg = insn.code & opcode::SRC_MASK != 0;
    let operands = if is_reg { dst | src } else { dst };
    let unknown = Effect { uses: ALL, defs: 0 };
    match (insn.class(), insn.code & opcode::MODE_MASK) {
        (opcode::LD, opcode::IMM) if insn.is_ld_imm64() => Effect { uses: 0, defs: dst },
        (opcode::LDX, opcode::MEM | opcode::MEMSX) => Effect { uses: src, defs: dst },
        (opcode::ST, opcode::MEM) => Effect { uses: dst, defs: 0 },
        (opcode::STX, opcode::MEM) => Effect { uses: dst | src, defs: 0 },
        (opcode::STX, opcode::ATOMIC) => atomic(insn, dst, src),
        (opcode::ALU | opcode::ALU64, _) => match insn.code & opcode::OP_MASK {
            opcode::END => Effect { uses: dst, defs: dst },
            opcode::MOV => Effect { uses: if is_reg { src } else { 0 }, defs: dst },
            _ => Effect { uses: operands, defs: dst },
        },
        (opcode::JMP | opcode::JMP32, _) => match insn.code & opcode::OP_MASK {
            opcode::JA | opcode::JCOND => Effect { uses: 0, defs: 0 },
            opcode::EXIT => Effect { uses: R0, defs: 0 },
            opcode::CALL => call(env, insn),
            _ => Effect { uses: operands, defs: 0 },
        },
        _ => unknown,
    }
}

fn atomic(insn: Insn, dst: u16, src: u16) -> Effect {
    match insn.imm {
        opcode::CMPXCHG => Effect { uses: R0 | dst | src, defs: R0 },
        opcode::LOAD_ACQ => Effect { uses: src, defs: dst },
        opcode::STORE_REL => Effect { uses: dst | src, defs: 0 },
        imm if imm & opcode::FETCH != 0 => Effect { uses: dst | src, defs: src },
        _ => Effect { uses: dst | src, defs: 0 },
    }
}

/// A call reads its parameters: all five registers where their number is not known.
fn call(env: &Env<'_>, insn: Insn) -> Effect {
    let params = CallSummary::of(env, insn).map_or(5, |call| call.params.min(5));
    let uses = ((1_u16 << params) - 1) << 1;
    Effect { uses, defs: CALLER_SAVED }
}
