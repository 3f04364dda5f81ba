//! Which opcodes a kernel knows (`bpf_opcode_in_insntable`).

use skep_isa::opcode::{
    ABS, ADD, ALU, ALU64, AND, ARSH, ATOMIC, B, CALL, CLASS_MASK, DIV, DW, END, EXIT, H, IMM, IND,
    JA, JCOND, JMP, JMP32, JSLE, LD, LDX, LSH, MEM, MEMSX, MOD, MODE_MASK, MOV, MUL, NEG, OP_MASK,
    OR, RSH, SIZE_MASK, SRC_MASK, ST, STX, SUB, W, XOR,
};

use crate::features::Features;

/// Whether the kernel knows this opcode.
pub(super) fn knows(features: Features, code: u8) -> bool {
    let (op, is_reg) = (code & OP_MASK, code & SRC_MASK != 0);
    let (mode, size) = (code & MODE_MASK, code & SIZE_MASK);
    match code & CLASS_MASK {
        ALU => match op {
            NEG => !is_reg,
            END => true,
            _ => is_binary(op),
        },
        ALU64 => match op {
            NEG => !is_reg,
            END => !is_reg && features.has_cpu_v4(),
            _ => is_binary(op),
        },
        JMP => match op {
            JA | CALL | EXIT => !is_reg,
            JCOND => !is_reg && features.has_may_goto(),
            _ => op <= JSLE,
        },
        JMP32 => match op {
            JA => !is_reg && features.has_gotol(),
            CALL | EXIT => false,
            _ => op <= JSLE,
        },
        LD => match mode {
            IMM => size == DW,
            ABS | IND => size != DW,
            _ => false,
        },
        LDX => match mode {
            MEM => true,
            MEMSX => size != DW && features.has_cpu_v4(),
            _ => false,
        },
        ST => mode == MEM,
        STX => match (mode, size) {
            (MEM, _) | (ATOMIC, W | DW) => true,
            (ATOMIC, B | H) => features.has_load_acquire(),
            _ => false,
        },
        _ => false,
    }
}

fn is_binary(op: u8) -> bool {
    matches!(op, ADD | SUB | MUL | DIV | OR | AND | LSH | RSH | MOD | XOR | MOV | ARSH)
}
