//! Insns one after the other, with jumps that are aimed later.

use skep_isa::{Insn, Reg, opcode as op};

/// A jump that has no target yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jump(usize);

/// A function that a program consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Func {
    pub(crate) start: u32,
    pub(crate) ty: skep_btf::TypeId,
}

/// A program as it grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Emitter {
    pub(crate) insns: Vec<Insn>,
}

/// Sizes of loads and stores by bytes.
pub(crate) fn size_bits(bytes: u32) -> u8 {
    match bytes {
        1 => op::B,
        2 => op::H,
        4 => op::W,
        _ => op::DW,
    }
}

impl Emitter {
    pub(crate) fn len(&self) -> usize {
        self.insns.len()
    }

    pub(crate) fn raw(&mut self, code: u8, dst: u8, src: u8, off: i16, imm: i32) {
        self.insns.push(Insn { code, dst: Reg(dst), src: Reg(src), off, imm });
    }

    pub(crate) fn mov(&mut self, dst: u8, src: u8) {
        self.raw(op::ALU64 | op::MOV | op::X, dst, src, 0, 0);
    }

    pub(crate) fn mov_imm(&mut self, dst: u8, imm: i32) {
        self.raw(op::ALU64 | op::MOV | op::K, dst, 0, 0, imm);
    }

    pub(crate) fn add_imm(&mut self, dst: u8, imm: i32) {
        self.raw(op::ALU64 | op::ADD | op::K, dst, 0, 0, imm);
    }

    pub(crate) fn add(&mut self, dst: u8, src: u8) {
        self.raw(op::ALU64 | op::ADD | op::X, dst, src, 0, 0);
    }

    pub(crate) fn load(&mut self, bytes: u32, dst: u8, src: u8, off: i32) {
        self.raw(op::LDX | op::MEM | size_bits(bytes), dst, src, off as i16, 0);
    }

    pub(crate) fn store(&mut self, bytes: u32, dst: u8, off: i32, src: u8) {
        self.raw(op::STX | op::MEM | size_bits(bytes), dst, src, off as i16, 0);
    }

    pub(crate) fn store_imm(&mut self, bytes: u32, dst: u8, off: i32, imm: i32) {
        self.raw(op::ST | op::MEM | size_bits(bytes), dst, 0, off as i16, imm);
    }

    pub(crate) fn wide(&mut self, dst: u8, pseudo: u8, imm: i32, second: i32) {
        self.raw(op::LD_IMM64, dst, pseudo, 0, imm);
        self.raw(0, 0, 0, 0, second);
    }

    pub(crate) fn map(&mut self, dst: u8, map: usize) {
        self.wide(dst, op::PSEUDO_MAP_FD, map as i32, 0);
    }

    pub(crate) fn map_value(&mut self, dst: u8, map: usize, off: i32) {
        self.wide(dst, op::PSEUDO_MAP_VALUE, map as i32, off);
    }

    pub(crate) fn helper(&mut self, id: i32) {
        self.raw(op::JMP | op::CALL, 0, 0, 0, id);
    }

    pub(crate) fn kfunc(&mut self, id: i32) {
        self.raw(op::JMP | op::CALL, 0, op::PSEUDO_KFUNC_CALL, 0, id);
    }

    pub(crate) fn exit(&mut self) {
        self.raw(op::JMP | op::EXIT, 0, 0, 0, 0);
    }

    /// A call of a function that comes later.
    pub(crate) fn call_later(&mut self) -> Jump {
        self.raw(op::JMP | op::CALL, 0, op::PSEUDO_CALL, 0, 0);
        Jump(self.insns.len() - 1)
    }

    /// The address of a function that comes later.
    pub(crate) fn func_later(&mut self, dst: u8) -> Jump {
        self.wide(dst, op::PSEUDO_FUNC, 0, 0);
        Jump(self.insns.len() - 2)
    }

    pub(crate) fn jump_imm(&mut self, code: u8, dst: u8, imm: i32) -> Jump {
        self.raw(code | op::K, dst, 0, 0, imm);
        Jump(self.insns.len() - 1)
    }

    pub(crate) fn jump_reg(&mut self, code: u8, dst: u8, src: u8) -> Jump {
        self.raw(code | op::X, dst, src, 0, 0);
        Jump(self.insns.len() - 1)
    }

    pub(crate) fn goto(&mut self) -> Jump {
        self.raw(op::JMP | op::JA, 0, 0, 0, 0);
        Jump(self.insns.len() - 1)
    }

    /// Aims a jump or a call at the insn that comes next.
    pub(crate) fn land(&mut self, jump: Jump) {
        let here = self.insns.len();
        self.aim(jump, here);
    }

    /// Aims a jump or a call.
    pub(crate) fn aim(&mut self, Jump(at): Jump, target: usize) {
        let distance = target as i64 - at as i64 - 1;
        let insn = &mut self.insns[at];
        let is_call = insn.code == op::JMP | op::CALL || insn.code == op::LD_IMM64;
        if is_call || insn.code == op::JMP32 | op::JA {
            insn.imm = distance as i32;
        } else {
            insn.off = distance as i16;
        }
    }
}

impl Jump {
    /// The insn that was written last.
    pub(crate) fn of_last(out: &Emitter) -> Self {
        Self(out.insns.len() - 1)
    }

    pub(crate) fn at(self) -> usize {
        self.0
    }
}
