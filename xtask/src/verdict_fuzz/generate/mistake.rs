//! Mistakes in insns that are written already.

use skep_isa::{Insn, Reg, opcode as op};

use super::Gen;

impl Gen<'_> {
    /// Makes the mistakes that have not been made yet, a few at random places.
    pub(crate) fn mistakes(&mut self) {
        if self.slips == 0 || self.rng.one_in(3) {
            return;
        }
        // A loop that loses its end costs both judges a second: seldom.
        let is_loop = |insn: &Insn| {
            let class = insn.code & op::CLASS_MASK;
            matches!(class, op::JMP | op::JMP32) && insn.off < 0
        };
        if self.out.insns.iter().any(is_loop) && !self.rng.one_in(20) {
            return;
        }
        let at = self.rng.below(self.out.insns.len());
        let imm = self.rng.imm();
        let small = self.rng.range(-2, 2) as i16;
        let (reg, odd_reg) = (self.rng.below(10) as u8, self.rng.below(16) as u8);
        let choice = self.rng.below(14);
        let len = self.out.insns.len();
        let insn = &mut self.out.insns[at];
        let is_jump = matches!(insn.code & op::CLASS_MASK, op::JMP | op::JMP32);
        match choice {
            0 | 1 => insn.dst = Reg(reg),
            2 | 3 => insn.src = Reg(reg),
            4 => insn.dst = Reg(odd_reg),
            5 => insn.off = insn.off.wrapping_add(if is_jump { small.abs() } else { small }),
            6 => insn.off = if is_jump { (imm & 0xff) as i16 } else { imm as i16 },
            7 | 8 => insn.imm = imm,
            9 => insn.imm = insn.imm.wrapping_add(small.into()),
            10 => insn.code ^= 1 << (imm & 7),
            11 => insn.code = imm as u8,
            12 if at + 1 < len => self.out.insns.swap(at, at + 1),
            12 => {}
            _ => {
                // The insn does nothing any more.
                insn.code = op::JMP | op::JA;
                (insn.off, insn.imm, insn.dst, insn.src) = (0, 0, Reg(0), Reg(0));
            }
        }
    }
}
