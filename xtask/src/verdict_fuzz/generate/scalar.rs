//! Arithmetic.

use skep_isa::opcode as op;

use super::{Gen, Val};

const OPS: &[u8] = &[
    op::ADD,
    op::SUB,
    op::MUL,
    op::OR,
    op::AND,
    op::LSH,
    op::RSH,
    op::XOR,
    op::ARSH,
    op::MOV,
    op::DIV,
    op::MOD,
];

impl Gen<'_> {
    /// A few operations on numbers.
    pub(crate) fn scalars(&mut self) {
        for _ in 0..1 + self.rng.below(4) {
            let dst = self.scalar();
            match self.rng.below(12) {
                0 => self.swap(dst),
                1 => self.sign_extend(dst),
                2 => {
                    let class = self.class();
                    self.out.raw(class | op::NEG, dst, 0, 0, 0);
                }
                3 => {
                    let (low, high) = (self.rng.imm(), self.rng.imm());
                    self.out.wide(dst, 0, low, high);
                }
                4 => {
                    let copy = self.free();
                    self.out.mov(copy, dst);
                    self.regs[copy as usize] = self.regs[dst as usize];
                    continue;
                }
                5..=8 => self.by_imm(dst),
                _ => self.by_reg(dst),
            }
            self.regs[dst as usize] = Val::Scalar;
        }
    }

    fn class(&mut self) -> u8 {
        self.rng.pick(&[op::ALU64, op::ALU64, op::ALU])
    }

    fn by_imm(&mut self, dst: u8) {
        let (class, code) = (self.class(), self.rng.pick(OPS));
        let bits = if class == op::ALU64 { 64 } else { 32 };
        let slip = self.slip();
        let imm = match code {
            op::LSH | op::RSH | op::ARSH if slip => self.rng.pick(&[-1, bits, 77]),
            op::LSH | op::RSH | op::ARSH => self.rng.below(bits as usize) as i32,
            op::DIV | op::MOD if slip => 0,
            op::DIV | op::MOD => self.rng.imm().max(1),
            _ => self.rng.imm(),
        };
        let signed = matches!(code, op::DIV | op::MOD) && self.rng.one_in(3);
        self.out.raw(class | code | op::K, dst, 0, i16::from(signed), imm);
    }

    fn by_reg(&mut self, dst: u8) {
        let (class, code, src) = (self.class(), self.rng.pick(OPS), self.scalar());
        let signed = matches!(code, op::DIV | op::MOD) && self.rng.one_in(3);
        let src = if self.slip() { self.rng.below(10) as u8 } else { src };
        self.out.raw(class | code | op::X, dst, src, i16::from(signed), 0);
    }

    fn sign_extend(&mut self, dst: u8) {
        let (class, src) = (self.class(), self.scalar());
        let bits =
            if class == op::ALU64 { self.rng.pick(&[8, 16, 32]) } else { self.rng.pick(&[8, 16]) };
        let bits = if self.slip() { 24 } else { bits };
        self.out.raw(class | op::MOV | op::X, dst, src, bits, 0);
    }

    fn swap(&mut self, dst: u8) {
        let code =
            self.rng.pick(&[op::ALU | op::END, op::ALU | op::END | op::X, op::ALU64 | op::END]);
        let bits = if self.slip() { 24 } else { self.rng.pick(&[16, 32, 64]) };
        self.out.raw(code, dst, 0, 0, bits);
    }
}
