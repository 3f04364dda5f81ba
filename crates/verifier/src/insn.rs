//! What an insn is at a glance, before any state is known (`include/linux/bpf_verifier.h`).

use skep_isa::{Insn, opcode};

/// Questions about the encoding alone.
pub(crate) trait Shape {
    /// The class, in the low three bits.
    fn class(&self) -> u8;
    /// Whether it is a jump of either width.
    fn is_jump_class(&self) -> bool;
    /// Whether it is the first slot of a `ld_imm64`.
    fn is_ld_imm64(&self) -> bool;
    /// Slots that it takes.
    fn slots(&self) -> u32;
    /// Whether it loads the address of a subprogram.
    fn is_pseudo_func(&self) -> bool;
    /// Whether it is a call of any kind.
    fn is_call(&self) -> bool;
    /// Whether it calls a helper.
    fn is_helper_call(&self) -> bool;
    /// Whether it calls a subprogram.
    fn is_pseudo_call(&self) -> bool;
    /// Whether it calls a kfunc.
    fn is_kfunc_call(&self) -> bool;
    /// Whether it leaves the function.
    fn is_exit(&self) -> bool;
    /// Whether it jumps in any case, near or far.
    fn is_goto(&self) -> bool;
    /// Whether it is `may_goto`.
    fn is_may_goto(&self) -> bool;
    /// Slots that a jump skips.
    fn jump_off(&self) -> i32;
    /// Whether it loads a word of the packet the old way.
    fn is_ld_abs(&self) -> bool;
}

impl Shape for Insn {
    fn class(&self) -> u8 {
        self.code & opcode::CLASS_MASK
    }

    fn is_jump_class(&self) -> bool {
        matches!(self.class(), opcode::JMP | opcode::JMP32)
    }

    fn is_ld_imm64(&self) -> bool {
        self.code == opcode::LD_IMM64
    }

    fn slots(&self) -> u32 {
        1 + u32::from(self.is_ld_imm64())
    }

    fn is_pseudo_func(&self) -> bool {
        self.is_ld_imm64() && self.src.0 == opcode::PSEUDO_FUNC
    }

    fn is_call(&self) -> bool {
        self.code == opcode::JMP | opcode::CALL
    }

    fn is_helper_call(&self) -> bool {
        self.is_call() && self.src.0 == 0
    }

    fn is_pseudo_call(&self) -> bool {
        self.is_call() && self.src.0 == opcode::PSEUDO_CALL
    }

    fn is_kfunc_call(&self) -> bool {
        self.is_call() && self.src.0 == opcode::PSEUDO_KFUNC_CALL
    }

    fn is_exit(&self) -> bool {
        self.code == opcode::JMP | opcode::EXIT
    }

    fn is_goto(&self) -> bool {
        matches!(self.code, code if code == opcode::JMP | opcode::JA || code == opcode::JMP32 | opcode::JA)
    }

    fn is_may_goto(&self) -> bool {
        self.code == opcode::JMP | opcode::JCOND
    }

    fn jump_off(&self) -> i32 {
        if self.code == opcode::JMP32 | opcode::JA { self.imm } else { i32::from(self.off) }
    }

    fn is_ld_abs(&self) -> bool {
        self.class() == opcode::LD
            && matches!(self.code & opcode::MODE_MASK, opcode::ABS | opcode::IND)
    }
}
