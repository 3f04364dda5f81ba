//! Pointers that were obtained by walking kernel objects, whose loads cannot fault.
//!
//! The kernel makes every load through an untrusted or RCU BTF pointer a `BPF_PROBE_MEM`: where nothing is mapped,
//! the exception table puts zero. The verifier knows such pointers by their types; here they are followed through
//! moves, additions, loads and spills. A pointer that a call returns as trusted, or that lies in the context of a
//! program with typed arguments (`tp_btf`), faults like any other; what is loaded through it does not.

use skep_isa::{AluOp, Mem, Reg, Size};

use crate::code::{Slot, Step};
use crate::frame::ARGS;

/// Bytes of a frame, and the offset of R10 in it.
const FRAME: i64 = crate::stack::FRAME_SIZE as i64;

/// What a register or a stack slot is known to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    /// A BTF pointer.
    is_btf: bool,
    /// One whose loads yield zero instead of a fault.
    is_probed: bool,
    /// The context, some of whose words are trusted BTF pointers.
    is_ctx: bool,
}

impl Mark {
    const fn btf(is_probed: bool) -> Self {
        Self { is_btf: true, is_probed, is_ctx: false }
    }
}

/// The BTF pointers of one frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BtfPtrs {
    regs: u16,
    probed_regs: u16,
    ctx_regs: u16,
    slots: u64,
    probed_slots: u64,
    ctx_slots: u64,
    /// Words of the context that are trusted BTF pointers, a bit each.
    ctx_args: u16,
}

impl BtfPtrs {
    /// Tells whether the frame has any.
    #[inline]
    pub(crate) const fn any(&self) -> bool {
        self.regs | self.ctx_regs != 0 || self.slots | self.ctx_slots != 0
    }

    /// Tells whether loads through this register yield zero instead of a fault.
    #[inline]
    pub(crate) const fn is_probed(&self, reg: Reg) -> bool {
        self.probed_regs & (1 << (reg.0 & 15)) != 0
    }

    /// What a program starts with whose context, in R1, holds trusted BTF pointers at these words.
    pub(crate) fn of_ctx(ctx_args: u16) -> Self {
        let ctx_regs = if ctx_args == 0 { 0 } else { 1 << Reg::R1.0 };
        Self { ctx_args, ctx_regs, ..Self::default() }
    }

    /// Notes that R0 holds a BTF pointer which a call has returned.
    pub(crate) fn returned(&mut self, trusted: bool) {
        self.set_reg(Reg::R0, Mark::btf(!trusted));
    }

    /// What a subprogram gets in R1 to R5.
    pub(crate) fn for_callee(&self) -> Self {
        let (regs, probed_regs) = (self.regs & ARGS, self.probed_regs & ARGS);
        let (ctx_regs, ctx_args) = (self.ctx_regs & ARGS, self.ctx_args);
        Self { regs, probed_regs, ctx_regs, ctx_args, ..Self::default() }
    }

    /// Takes over what a subprogram has left in R0.
    pub(crate) fn take_result(&mut self, callee: &Self) {
        self.set_reg(Reg::R0, callee.reg(Reg::R0));
    }

    /// Forgets registers, a bit each.
    pub(crate) const fn clear(&mut self, regs: u16) {
        self.regs &= !regs;
        self.probed_regs &= !regs;
        self.ctx_regs &= !regs;
    }

    fn reg(&self, reg: Reg) -> Mark {
        let bit = 1 << (reg.0 & 15);
        Mark {
            is_btf: self.regs & bit != 0,
            is_probed: self.probed_regs & bit != 0,
            is_ctx: self.ctx_regs & bit != 0,
        }
    }

    fn set_reg(&mut self, reg: Reg, mark: Mark) {
        let bit = 1 << (reg.0 & 15);
        self.clear(bit);
        self.regs |= if mark.is_btf { bit } else { 0 };
        self.probed_regs |= if mark.is_probed { bit } else { 0 };
        self.ctx_regs |= if mark.is_ctx { bit } else { 0 };
    }

    fn slot(&self, mem: Mem) -> Mark {
        match slot_bit(mem) {
            Some(bit) => Mark {
                is_btf: self.slots & bit != 0,
                is_probed: self.probed_slots & bit != 0,
                is_ctx: self.ctx_slots & bit != 0,
            },
            None => Mark::default(),
        }
    }

    /// Follows one insn, before it runs.
    pub(crate) fn follow(&mut self, slot: &Slot) {
        let mark = match slot.step {
            Step::Alu64Reg { op: AluOp::Mov, src, .. } => self.reg(src),
            Step::Alu64Imm { op: AluOp::Add | AluOp::Sub, dst, .. } => self.reg(dst),
            Step::Alu64Reg { op: AluOp::Add, dst, src } => {
                let (dst, src) = (self.reg(dst), self.reg(src));
                if dst.is_btf { dst } else { src }
            }
            Step::Alu64Reg { op: AluOp::Sub, dst, .. } => self.reg(dst),
            Step::Load { size: Size::DW, signed: false, mem, .. } => {
                let base = self.reg(mem.base);
                if base.is_btf {
                    Mark::btf(true)
                } else if base.is_ctx {
                    self.arg(mem.off)
                } else {
                    self.slot(mem)
                }
            }
            _ => Mark::default(),
        };
        match slot.step {
            Step::StoreReg { size: Size::DW, mem, src } => self.spill(mem, self.reg(src)),
            Step::StoreReg { mem, .. } | Step::StoreImm { mem, .. } => {
                self.spill(mem, Mark::default());
            }
            _ => {}
        }
        if slot.writes != 0 {
            self.set_reg(Reg(slot.writes.trailing_zeros() as u8), mark);
        }
    }

    /// A word of the context. The verifier takes no context pointer that was added to.
    fn arg(&self, off: i16) -> Mark {
        let word = u32::try_from(off / 8).ok().filter(|_| off % 8 == 0);
        match word.and_then(|word| self.ctx_args.checked_shr(word)) {
            Some(args) if args & 1 != 0 => Mark::btf(false),
            _ => Mark::default(),
        }
    }

    fn spill(&mut self, mem: Mem, mark: Mark) {
        let Some(bit) = slot_bit(Mem { off: mem.off & !7, ..mem }) else { return };
        self.slots &= !bit;
        self.probed_slots &= !bit;
        self.ctx_slots &= !bit;
        // Half a slot holds no pointer.
        if mem.off & 7 == 0 {
            self.slots |= if mark.is_btf { bit } else { 0 };
            self.probed_slots |= if mark.is_probed { bit } else { 0 };
            self.ctx_slots |= if mark.is_ctx { bit } else { 0 };
        }
    }
}

/// The bit of a stack slot that is addressed by the frame pointer.
fn slot_bit(mem: Mem) -> Option<u64> {
    let off = FRAME + i64::from(mem.off);
    let is_slot = mem.base == Reg::R10 && (0..FRAME).contains(&off) && off % 8 == 0;
    is_slot.then(|| 1 << (off / 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(step: Step, writes: Option<Reg>) -> Slot {
        Slot { step, reads: 0, writes: writes.map_or(0, |reg| 1 << reg.0) }
    }

    fn load(dst: Reg, base: Reg, off: i16) -> Slot {
        let mem = Mem { base, off };
        slot(Step::Load { size: Size::DW, signed: false, dst, mem }, Some(dst))
    }

    #[test]
    fn what_is_loaded_through_a_trusted_pointer_is_probed() {
        let mut ptrs = BtfPtrs::default();
        ptrs.returned(true);
        assert!(!ptrs.is_probed(Reg::R0));
        ptrs.follow(&load(Reg::R1, Reg::R0, 8));
        assert!(ptrs.is_probed(Reg::R1) && !ptrs.is_probed(Reg::R0));
    }

    #[test]
    fn arguments_in_the_context_are_trusted_and_what_they_point_to_is_probed() {
        let mut ptrs = BtfPtrs::of_ctx(0b01);
        let mov = Step::Alu64Reg { op: AluOp::Mov, dst: Reg::R6, src: Reg::R1 };
        ptrs.follow(&slot(mov, Some(Reg::R6)));
        ptrs.follow(&load(Reg::R2, Reg::R6, 0));
        ptrs.follow(&load(Reg::R3, Reg::R6, 8));
        ptrs.follow(&load(Reg::R4, Reg::R2, 16));
        ptrs.follow(&load(Reg::R5, Reg::R3, 16));
        let probed = [Reg::R2, Reg::R3, Reg::R4, Reg::R5].map(|reg| ptrs.is_probed(reg));
        assert_eq!(probed, [false, false, true, false]);
        assert!(!BtfPtrs::of_ctx(0).any());
    }

    #[test]
    fn a_mark_survives_moves_additions_and_spills_and_nothing_else() {
        let mut ptrs = BtfPtrs::default();
        ptrs.returned(false);
        let mov = Step::Alu64Reg { op: AluOp::Mov, dst: Reg::R6, src: Reg::R0 };
        ptrs.follow(&slot(mov, Some(Reg::R6)));
        ptrs.follow(&slot(Step::Alu64Imm { op: AluOp::Add, dst: Reg::R6, imm: 8 }, Some(Reg::R6)));
        assert!(ptrs.is_probed(Reg::R6));
        let mem = Mem { base: Reg::R10, off: -16 };
        ptrs.follow(&slot(Step::StoreReg { size: Size::DW, mem, src: Reg::R6 }, None));
        ptrs.follow(&slot(Step::Alu64Imm { op: AluOp::And, dst: Reg::R6, imm: 1 }, Some(Reg::R6)));
        assert!(!ptrs.is_probed(Reg::R6));
        ptrs.follow(&load(Reg::R7, Reg::R10, -16));
        assert!(ptrs.is_probed(Reg::R7));
        let half = Mem { base: Reg::R10, off: -12 };
        ptrs.follow(&slot(Step::StoreImm { size: Size::W, mem: half, imm: 0 }, None));
        ptrs.follow(&load(Reg::R7, Reg::R10, -16));
        assert!(!ptrs.is_probed(Reg::R7));
    }
}
