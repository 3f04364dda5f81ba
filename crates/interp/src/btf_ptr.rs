//! Pointers that were obtained by walking kernel objects, whose loads cannot fault.
//!
//! The kernel makes every load through an untrusted or RCU BTF pointer a `BPF_PROBE_MEM`: where nothing is mapped,
//! the exception table puts zero. The verifier knows such pointers by their types; here they are followed through
//! moves, additions, loads and spills. A pointer that a call returns as trusted, or that lies in the context of a
//! program with typed arguments (`tp_btf`), faults like any other; what is loaded through it does not.
//!
//! Beside that, registers are marked with the reference whose pointer they hold (`refs`). Stack slots that hold such a
//! pointer are marked where the stack is kept, since any pointer may write there.

use skep_isa::{AluOp, Mem, Reg, Size};

use crate::code::{Slot, Step};
use crate::frame::ARGS;
use crate::refs::{Mark as RefMark, RefId};

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
    /// The reference that it is.
    reference: RefMark,
}

impl Mark {
    const fn btf(is_probed: bool) -> Self {
        Self { is_btf: true, is_probed, is_ctx: false, reference: RefMark::NONE }
    }
}

/// What is known of a pointer that was loaded from memory, besides what its base says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    /// The mark of the stack slot.
    pub(crate) reference: RefMark,
    /// For a kptr field of a value: whether it owns nothing, so that what it points to may be gone. What the others
    /// point to is there as long as the program is in an RCU section.
    pub(crate) kptr_is_untrusted: Option<bool>,
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
    /// Registers that are marked with a reference, and the marks.
    ref_regs: u16,
    refs: [RefMark; 11],
}

impl BtfPtrs {
    /// Tells whether the frame has any.
    #[inline]
    pub(crate) const fn any(&self) -> bool {
        self.regs | self.ctx_regs | self.ref_regs != 0 || self.slots | self.ctx_slots != 0
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

    /// Notes that R0 holds a BTF pointer which a call has returned, and which reference it is.
    pub(crate) fn returned(&mut self, trusted: bool, reference: Option<RefId>) {
        let reference = reference.map_or(RefMark::NONE, RefMark::held);
        self.set_reg(Reg::R0, Mark { reference, ..Mark::btf(!trusted) });
    }

    /// Notes that R0 holds memory which is a reference, if it is.
    pub(crate) fn returned_memory(&mut self, reference: Option<RefId>) {
        let reference = reference.map_or(RefMark::NONE, RefMark::held);
        self.set_reg(Reg::R0, Mark { reference, ..Mark::default() });
    }

    /// The reference that a register is marked with.
    pub(crate) fn reference(&self, reg: Reg) -> RefMark {
        self.refs.get(reg.at()).copied().unwrap_or(RefMark::NONE)
    }

    /// The references that R1 to R5 are marked with.
    pub(crate) fn references_of_args(&self) -> [RefMark; 5] {
        [1, 2, 3, 4, 5].map(|reg| self.refs[reg])
    }

    /// The reference that was given up and through whose pointer an insn accesses memory.
    #[inline]
    pub(crate) fn stale_base(&self, step: &Step) -> Option<RefId> {
        if self.ref_regs == 0 {
            return None;
        }
        self.reference(step.mem()?.base).stale()
    }

    /// Makes all marks with a reference stale.
    pub(crate) fn release(&mut self, id: RefId) {
        self.refs.iter_mut().for_each(|mark| mark.release(id));
    }

    /// The section ends in which pointers were found: what they point to may be gone, and loads through them yield zero
    /// then. The verifier makes them untrusted.
    // DEVIATION(linux): a load through a pointer whose RCU section has ended gives what lies there meanwhile, where the
    // object is freed; here it gives zero.
    pub(crate) fn expire(&mut self) {
        self.probed_regs |= self.regs & !self.ref_regs;
        self.probed_slots |= self.slots;
    }

    /// What a subprogram gets in R1 to R5.
    pub(crate) fn for_callee(&self) -> Self {
        let (regs, probed_regs) = (self.regs & ARGS, self.probed_regs & ARGS);
        let (ctx_regs, ctx_args) = (self.ctx_regs & ARGS, self.ctx_args);
        let ref_regs = self.ref_regs & ARGS;
        let mut callee =
            Self { regs, probed_regs, ctx_regs, ctx_args, ref_regs, ..Self::default() };
        callee.refs[1..6].copy_from_slice(&self.refs[1..6]);
        callee
    }

    /// Takes over what a subprogram has left in R0.
    pub(crate) fn take_result(&mut self, callee: &Self) {
        self.set_reg(Reg::R0, callee.reg(Reg::R0));
    }

    /// Forgets registers, a bit each.
    pub(crate) fn clear(&mut self, regs: u16) {
        self.regs &= !regs;
        self.probed_regs &= !regs;
        self.ctx_regs &= !regs;
        let mut marked = self.ref_regs & regs;
        self.ref_regs &= !regs;
        while marked != 0 {
            self.refs[marked.trailing_zeros() as usize] = RefMark::NONE;
            marked &= marked - 1;
        }
    }

    fn reg(&self, reg: Reg) -> Mark {
        let bit = 1 << (reg.0 & 15);
        Mark {
            is_btf: self.regs & bit != 0,
            is_probed: self.probed_regs & bit != 0,
            is_ctx: self.ctx_regs & bit != 0,
            reference: self.reference(reg),
        }
    }

    fn set_reg(&mut self, reg: Reg, mark: Mark) {
        let bit = 1 << (reg.0 & 15);
        self.clear(bit);
        self.regs |= if mark.is_btf { bit } else { 0 };
        self.probed_regs |= if mark.is_probed { bit } else { 0 };
        self.ctx_regs |= if mark.is_ctx { bit } else { 0 };
        if mark.reference != RefMark::NONE
            && let Some(place) = self.refs.get_mut(reg.at())
        {
            *place = mark.reference;
            self.ref_regs |= bit;
        }
    }

    fn slot(&self, mem: Mem) -> Mark {
        match slot_bit(mem) {
            Some(bit) => Mark {
                is_btf: self.slots & bit != 0,
                is_probed: self.probed_slots & bit != 0,
                is_ctx: self.ctx_slots & bit != 0,
                reference: RefMark::NONE,
            },
            None => Mark::default(),
        }
    }

    /// Follows one insn, which loaded such a pointer as `filled` says.
    pub(crate) fn follow(&mut self, slot: &Slot, filled: Filled) {
        let mut mark = match slot.step {
            Step::Alu64Reg { op: AluOp::Mov, src, .. } => self.reg(src),
            Step::Alu64Imm { op: AluOp::Add | AluOp::Sub, dst, .. } => self.reg(dst),
            Step::Alu64Reg { op: AluOp::Add, dst, src } => {
                let (dst, src) = (self.reg(dst), self.reg(src));
                let is_pointer = dst.is_btf || dst.reference != RefMark::NONE;
                if is_pointer { dst } else { src }
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
        if filled.reference != RefMark::NONE {
            mark.reference = filled.reference;
        }
        if let Some(is_probed) = filled.kptr_is_untrusted {
            (mark.is_btf, mark.is_probed) = (true, is_probed);
        }
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
        ptrs.returned(true, None);
        assert!(!ptrs.is_probed(Reg::R0));
        ptrs.follow(&load(Reg::R1, Reg::R0, 8), Filled::default());
        assert!(ptrs.is_probed(Reg::R1) && !ptrs.is_probed(Reg::R0));
    }

    #[test]
    fn arguments_in_the_context_are_trusted_and_what_they_point_to_is_probed() {
        let mut ptrs = BtfPtrs::of_ctx(0b01);
        let mov = Step::Alu64Reg { op: AluOp::Mov, dst: Reg::R6, src: Reg::R1 };
        ptrs.follow(&slot(mov, Some(Reg::R6)), Filled::default());
        ptrs.follow(&load(Reg::R2, Reg::R6, 0), Filled::default());
        ptrs.follow(&load(Reg::R3, Reg::R6, 8), Filled::default());
        ptrs.follow(&load(Reg::R4, Reg::R2, 16), Filled::default());
        ptrs.follow(&load(Reg::R5, Reg::R3, 16), Filled::default());
        let probed = [Reg::R2, Reg::R3, Reg::R4, Reg::R5].map(|reg| ptrs.is_probed(reg));
        assert_eq!(probed, [false, false, true, false]);
        assert!(!BtfPtrs::of_ctx(0).any());
    }

    #[test]
    fn a_mark_survives_moves_additions_and_spills_and_nothing_else() {
        let mut ptrs = BtfPtrs::default();
        ptrs.returned(false, None);
        let mov = Step::Alu64Reg { op: AluOp::Mov, dst: Reg::R6, src: Reg::R0 };
        ptrs.follow(&slot(mov, Some(Reg::R6)), Filled::default());
        ptrs.follow(
            &slot(Step::Alu64Imm { op: AluOp::Add, dst: Reg::R6, imm: 8 }, Some(Reg::R6)),
            Filled::default(),
        );
        assert!(ptrs.is_probed(Reg::R6));
        let mem = Mem { base: Reg::R10, off: -16 };
        ptrs.follow(
            &slot(Step::StoreReg { size: Size::DW, mem, src: Reg::R6 }, None),
            Filled::default(),
        );
        ptrs.follow(
            &slot(Step::Alu64Imm { op: AluOp::And, dst: Reg::R6, imm: 1 }, Some(Reg::R6)),
            Filled::default(),
        );
        assert!(!ptrs.is_probed(Reg::R6));
        ptrs.follow(&load(Reg::R7, Reg::R10, -16), Filled::default());
        assert!(ptrs.is_probed(Reg::R7));
        let half = Mem { base: Reg::R10, off: -12 };
        ptrs.follow(
            &slot(Step::StoreImm { size: Size::W, mem: half, imm: 0 }, None),
            Filled::default(),
        );
        ptrs.follow(&load(Reg::R7, Reg::R10, -16), Filled::default());
        assert!(!ptrs.is_probed(Reg::R7));
    }
}
