//! One step of the walk back: given which registers and slots must be precise after an insn, which must be before it.
//!
//! A register that is computed from others passes its mark on to them, one that is loaded from the stack to the slot,
//! one that is set to a constant ends it. What only shrinks along the way: the set of marks that are not yet placed.

use skep_isa::{Insn, Reg, opcode as op};

use crate::diag::{Step, Stop, rejections};
use crate::env::{InsnAux, Subprog};

use super::history::{HistoryEntry, LinkedAt, LinkedReg};

rejections! {
    /// The kernel's verifier trips over itself: on the way back to where a number comes from, it still looks for a register
    /// that a call has overwritten.
    ///
    /// Measured on 6.18 with generated programs; none that somebody wrote is known to meet with it.
    BacktrackCallRegs("backtracking-call-registers", EFAULT, help: "compare numbers that no call lies between, in registers that calls leave alone") {
        regs: String,
    } => "verifier bug: backtracking call unexpected regs {regs}";
}

/// `MAX_CALL_FRAMES`.
const MAX_FRAMES: usize = 8;

/// R1 to R5.
const ARGS: u16 = 0b11_1110;

/// What the walk back looks for (`struct backtrack_state`).
#[derive(Debug, Default)]
pub(crate) struct Backtrack {
    /// The frame that the walk is in.
    pub(super) frame: usize,
    /// Registers of each frame, a bit each.
    pub(super) regs: [u16; MAX_FRAMES],
    /// Slots of each frame, a bit each.
    pub(super) slots: [u64; MAX_FRAMES],
    /// Whether the last entry of the history is of the insn that is looked at.
    pub(super) has_entry: bool,
}

/// Whether the walk can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It can.
    Yes,
    /// It cannot follow the marks any more: all numbers must be precise.
    No,
}

/// What a step needs of the program.
pub(super) struct Code<'e> {
    pub(super) insns: &'e [Insn],
    pub(super) aux: &'e [InsnAux],
    pub(super) subprogs: &'e [Subprog],
}

impl Backtrack {
    /// Whether nothing is looked for.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        (0..=self.frame).rev().all(|frame| self.regs[frame] == 0 && self.slots[frame] == 0)
    }

    /// Looks for nothing.
    pub(super) fn clear(&mut self) {
        self.regs = [0; MAX_FRAMES];
        self.slots = [0; MAX_FRAMES];
    }

    /// Looks for a register of the frame that the walk is in.
    pub(super) fn set(&mut self, reg: Reg) {
        self.regs[self.frame] |= 1 << reg.0;
    }

    fn unset(&mut self, reg: Reg) {
        self.regs[self.frame] &= !(1 << reg.0);
    }

    fn has(&self, reg: Reg) -> bool {
        self.regs[self.frame] >> reg.0 & 1 == 1
    }

    fn has_linked(&self, linked: LinkedReg) -> bool {
        let frame = linked.frame as usize;
        match linked.at {
            LinkedAt::Reg(reg) => self.regs[frame] >> reg.0 & 1 == 1,
            LinkedAt::Slot(spi) => self.slots[frame] >> spi & 1 == 1,
        }
    }

    /// If one of the numbers that an insn linked is looked for, all of them are.
    #[inline]
    fn sync_linked(&mut self, entry: Option<&HistoryEntry>) {
        if let Some(entry) = entry.filter(|entry| !entry.linked.is_empty()) {
            self.look_for_linked(entry);
        }
    }

    #[cold]
    fn look_for_linked(&mut self, entry: &HistoryEntry) {
        if !entry.linked.iter().any(|linked| self.has_linked(linked)) {
            return;
        }
        for linked in entry.linked.iter() {
            match linked.at {
                LinkedAt::Reg(reg) => self.regs[linked.frame as usize] |= 1 << reg.0,
                LinkedAt::Slot(spi) => self.slots[linked.frame as usize] |= 1 << spi,
            }
        }
    }

    fn enter_callee(&mut self) -> Step<Known> {
        if self.frame + 1 >= MAX_FRAMES {
            return Stop::bug("the walk back enters too many functions");
        }
        self.frame += 1;
        Ok(Known::Yes)
    }

    fn leave_to_caller(&mut self) -> Step<Known> {
        if self.frame == 0 {
            return Stop::bug("the walk back leaves the outermost function");
        }
        self.frame -= 1;
        Ok(Known::Yes)
    }

    /// Steps back over the insn `at`; `next` is the one that ran after it (`backtrack_insn`).
    pub(super) fn step(
        &mut self,
        code: &Code<'_>,
        at: u32,
        next: u32,
        entry: Option<&HistoryEntry>,
    ) -> Step<Known> {
        let insn = code.insns[at as usize];
        if insn.code == 0 {
            // The second slot of ld_imm64.
            return Ok(Known::Yes);
        }
        self.sync_linked(entry);
        let known = match insn.code & op::CLASS_MASK {
            op::ALU | op::ALU64 => self.alu(insn),
            op::LDX => Ok(self.load(insn.dst, entry)),
            op::STX if insn.code & op::MODE_MASK == op::ATOMIC => Ok(self.atomic(insn, entry)),
            op::STX | op::ST => Ok(self.store(insn, entry)),
            op::JMP | op::JMP32 => self.jump(code, insn, at, next, entry),
            _ => self.load_special(insn, at, next),
        }?;
        self.sync_linked(entry);
        Ok(known)
    }

    fn alu(&mut self, insn: Insn) -> Step<Known> {
        if !self.has(insn.dst) {
            return Ok(Known::Yes);
        }
        let takes_reg = insn.code & op::SRC_MASK == op::X;
        match insn.code & op::OP_MASK {
            op::END | op::NEG => {}
            op::MOV => {
                self.unset(insn.dst);
                if takes_reg && insn.src != Reg::R10 {
                    self.set(insn.src);
                }
            }
            _ if takes_reg && insn.src != Reg::R10 => self.set(insn.src),
            _ => {}
        }
        Ok(Known::Yes)
    }

    /// A number that comes from anywhere but the stack ends the walk: it is precise where it was loaded.
    fn load(&mut self, into: Reg, entry: Option<&HistoryEntry>) -> Known {
        if !self.has(into) {
            return Known::Yes;
        }
        self.unset(into);
        if let Some((frame, spi)) = entry.and_then(HistoryEntry::stack_access) {
            self.slots[frame] |= 1 << spi;
        }
        Known::Yes
    }

    fn atomic(&mut self, insn: Insn, entry: Option<&HistoryEntry>) -> Known {
        match insn.imm {
            op::LOAD_ACQ => self.load(insn.dst, entry),
            op::STORE_REL => self.store(insn, entry),
            op::CMPXCHG => self.load(Reg::R0, entry),
            imm if imm & op::FETCH != 0 => self.load(insn.src, entry),
            _ => self.store(insn, entry),
        }
    }

    fn store(&mut self, insn: Insn, entry: Option<&HistoryEntry>) -> Known {
        if self.has(insn.dst) {
            // The address is looked for: pointers were subtracted.
            return Known::No;
        }
        let Some((frame, spi)) = entry.and_then(HistoryEntry::stack_access) else {
            return Known::Yes;
        };
        let slots = &mut self.slots[frame];
        if *slots >> spi & 1 == 0 {
            return Known::Yes;
        }
        *slots &= !(1 << spi);
        if insn.code & op::CLASS_MASK == op::STX {
            self.set(insn.src);
        }
        Known::Yes
    }

    fn load_special(&mut self, insn: Insn, at: u32, next: u32) -> Step<Known> {
        match insn.code & op::MODE_MASK {
            op::IMM => self.unset(insn.dst),
            op::IND | op::ABS => {
                if self.has(insn.dst) {
                    return Ok(Known::No);
                }
                if next != at + 1 {
                    // The load left the function.
                    return self.enter_callee();
                }
            }
            _ => {}
        }
        Ok(Known::Yes)
    }

    fn jump(
        &mut self,
        code: &Code<'_>,
        insn: Insn,
        at: u32,
        next: u32,
        entry: Option<&HistoryEntry>,
    ) -> Step<Known> {
        match insn.code & op::OP_MASK {
            op::CALL if is_subprog_call(insn) => self.call_subprog(code, insn, at),
            op::CALL if code.aux[at as usize].calls_callback && next != at + 1 => {
                self.leave_callback()
            }
            op::CALL if next != at + 1 && !code.aux[at as usize].tail_call => Ok(Known::No),
            op::CALL => self.call(code, insn, at, next),
            op::EXIT => self.exit(code, next),
            op::JA => Ok(Known::Yes),
            _ if insn.code & op::SRC_MASK == op::X => {
                if self.has(insn.dst) || self.has(insn.src) {
                    if !entry.is_some_and(HistoryEntry::src_is_stack) {
                        self.set(insn.src);
                    }
                    if !entry.is_some_and(HistoryEntry::dst_is_stack) {
                        self.set(insn.dst);
                    }
                }
                Ok(Known::Yes)
            }
            _ => Ok(Known::Yes),
        }
    }

    fn call_subprog(&mut self, code: &Code<'_>, insn: Insn, at: u32) -> Step<Known> {
        let target = (at + 1).wrapping_add_signed(insn.imm);
        let subprog = code.subprogs.binary_search_by_key(&target, |s| s.start);
        let Some(subprog) = subprog.ok().and_then(|at| code.subprogs.get(at)) else {
            return Stop::bug("the walk back meets a call of no function");
        };
        let regs = self.regs[self.frame];
        if subprog.is_global {
            if regs & ARGS != 0 {
                return Stop::bug("the walk back needs arguments after a global call");
            }
            self.unset(Reg::R0);
            return Ok(Known::Yes);
        }
        if regs & !ARGS != 0 || self.slots[self.frame] != 0 {
            return Stop::bug("the walk back leaves a function with marks of its own");
        }
        self.regs[self.frame] = 0;
        self.leave_to_caller()?;
        self.regs[self.frame] |= regs;
        Ok(Known::Yes)
    }

    /// From a callback's first insn to the call that ran it, which made up its arguments.
    fn leave_callback(&mut self) -> Step<Known> {
        if self.regs[self.frame] & !ARGS != 0 || self.slots[self.frame] != 0 {
            return Stop::bug("the walk back leaves a callback with marks of its own");
        }
        self.regs[self.frame] = 0;
        self.leave_to_caller()
    }

    fn call(&mut self, code: &Code<'_>, insn: Insn, at: u32, next: u32) -> Step<Known> {
        if insn.src.0 == op::PSEUDO_KFUNC_CALL && insn.imm == 0 {
            return Ok(Known::No);
        }
        self.unset(Reg::R0);
        if self.regs[self.frame] & ARGS != 0 {
            return Err(BacktrackCallRegs { regs: format!("{:x}", self.regs[self.frame]) }.into());
        }
        if code.aux[at as usize].tail_call && next != at + 1 {
            // The call left the function.
            return self.enter_callee();
        }
        Ok(Known::Yes)
    }

    /// From the insn after a call into the function that returned there.
    fn exit(&mut self, code: &Code<'_>, next: u32) -> Step<Known> {
        let call = next.checked_sub(1).and_then(|call| code.insns.get(call as usize));
        let is_call = call.is_some_and(|&insn| is_subprog_call(insn));
        if is_call && self.regs[self.frame] & ARGS != 0 {
            return Stop::bug("the walk back needs arguments after a function returned");
        }
        if !is_call && !code.aux.get(next as usize).is_some_and(|aux| aux.calls_callback) {
            // A callback that was walked once, as a part of its call.
            return Ok(Known::No);
        }
        let needs_r0 = is_call && self.has(Reg::R0);
        self.unset(Reg::R0);
        self.enter_callee()?;
        if needs_r0 {
            self.set(Reg::R0);
        }
        Ok(Known::Yes)
    }
}

fn is_subprog_call(insn: Insn) -> bool {
    insn.code == (op::JMP | op::CALL) && insn.src.0 == op::PSEUDO_CALL
}
