//! Steps within one frame: dispatch, and no more than that.

use skep_abi::{Addr, KernelVersion};
use skep_isa::{Mem, Reg, Size, Source, Width};
use skep_machine::Memory;
use skep_machine::packet::Pointers;

use crate::btf_ptr::Filled;
use crate::budget::Budget;
use crate::code::{CtxStep, MadeCall, Slot, Step};
use crate::frame::Frame;
use crate::load::addr;
use crate::refs::RefId;
use crate::stack::Stack;
use crate::{TrapKind, alu, arena, atomic, jmp, load, store};

/// Why steps within a frame end.
pub(crate) enum Flow {
    /// A helper or kfunc is called.
    Call(MadeCall),
    /// A subprogram is called, at this slot.
    CallSubprog(u32),
    /// Bytes of the packet are loaded, at this offset.
    LdSkb(Size, i32),
    /// The frame returns.
    Exit,
    /// A pointer is used whose reference was given up.
    Stale(RefId),
}

/// What came of an access.
enum Accessed {
    /// It was done, and this is known of a pointer that it loaded.
    Fine(Filled),
    /// It goes through a pointer whose reference was given up.
    Stale(RefId),
}

/// What steps need and do not change.
pub(crate) struct Steps<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) slots: &'a [Slot],
    pub(crate) version: KernelVersion,
    pub(crate) has_callx: bool,
    /// Whether what is found now stays: in an RCU section, or in a program that cannot sleep.
    pub(crate) in_rcu_cs: bool,
    /// The packet that the context shows.
    pub(crate) packet: Option<Pointers>,
}

impl Steps<'_> {
    /// Runs the frame until it calls, returns or traps; `frame.pc` is then the slot that did so.
    pub(crate) fn run(
        &self,
        stack: &mut Stack<'_>,
        budget: &mut Budget,
        frame: &mut Frame,
    ) -> Result<Flow, TrapKind> {
        loop {
            let Some(slot) = self.slots.get(frame.pc as usize) else {
                return Err(TrapKind::OutOfProgram);
            };
            if !budget.spend() {
                return Err(TrapKind::Budget(budget.limit()));
            }
            frame.check(slot.reads)?;
            let (mut next, mut filled) = (frame.pc + 1, Filled::default());
            match slot.step {
                Step::Alu64Imm { op, dst, imm } => {
                    frame.set(dst, alu::alu64(op, frame.get(dst), imm));
                }
                Step::Alu64Reg { op, dst, src } => {
                    frame.set(dst, alu::alu64(op, frame.get(dst), frame.get(src)));
                }
                Step::Alu32Imm { op, dst, imm } => {
                    frame.set(dst, alu::alu32(op, frame.get(dst) as u32, imm));
                }
                Step::Alu32Reg { op, dst, src } => {
                    let (a, b) = (frame.get(dst) as u32, frame.get(src) as u32);
                    frame.set(dst, alu::alu32(op, a, b));
                }
                Step::Neg { .. } | Step::MovSx { .. } | Step::End { .. } => {
                    unary(frame, &slot.step)
                }
                Step::AddrSpaceCast { dst, src } => frame.set(dst, arena::cast(frame.get(src))?),
                Step::LdImm64 { dst, value } => {
                    frame.set(dst, value);
                    next += 1;
                }
                Step::Load { .. }
                | Step::LoadAcquire { .. }
                | Step::StoreImm { .. }
                | Step::StoreReg { .. }
                | Step::StoreRelease { .. }
                | Step::Ctx(_)
                | Step::Atomic { .. } => match self.access(stack, frame, &slot.step)? {
                    Accessed::Fine(loaded) => filled = loaded,
                    Accessed::Stale(id) => return Ok(Flow::Stale(id)),
                },
                Step::Goto { to } => next = to,
                Step::Jmp64Imm { cond, dst, imm, to } => {
                    if jmp::holds64(cond, frame.get(dst), imm) {
                        next = to;
                    }
                }
                Step::Jmp64Reg { cond, dst, src, to } => {
                    if jmp::holds64(cond, frame.get(dst), frame.get(src)) {
                        next = to;
                    }
                }
                Step::Jmp32Imm { .. } | Step::Jmp32Reg { .. } => {
                    next = jump32(frame, &slot.step).unwrap_or(next);
                }
                Step::MayGoto { to } => {
                    if !frame.may_fall_through() {
                        next = to;
                    }
                }
                Step::Call(made) => return Ok(Flow::Call(made)),
                Step::LdSkb { size, offset, src } => return Ok(ld_skb(frame, size, offset, src)),
                Step::CallSubprog { to } => return Ok(Flow::CallSubprog(to)),
                Step::CallReg { dst } => return self.call_reg(frame, frame.get(dst)),
                Step::Exit => return Ok(Flow::Exit),
                Step::Wrong(ref kind) => return Err((**kind).clone()),
            }
            if frame.btf.any() || filled != Filled::default() {
                frame.btf.follow(slot, filled);
            }
            frame.init |= slot.writes;
            if next as usize >= self.slots.len() {
                return Err(TrapKind::OutOfProgram);
            }
            frame.pc = next;
        }
    }

    /// Insns that access memory; gives what is known of a pointer that was loaded.
    #[inline(always)]
    fn access(
        &self,
        stack: &mut Stack<'_>,
        frame: &mut Frame,
        step: &Step,
    ) -> Result<Accessed, TrapKind> {
        if let Some(stale) = frame.btf.stale_base(step) {
            return Ok(Accessed::Stale(stale));
        }
        // The base may be what the insn overwrites.
        let (dst, loaded_from) = match *step {
            Step::Load { size: Size::DW, dst, mem, .. } => (dst, addr(frame, mem)),
            _ => (Reg::R0, Addr::NULL),
        };
        self.perform(stack, frame, step)?;
        let mut filled = Filled::default();
        if !loaded_from.is_null() {
            filled.reference = stack.mark_at(loaded_from);
            if frame.get(dst) >= Addr::KERNEL_START.0 {
                let is_untrusted = self.memory.kptr_is_untrusted(loaded_from);
                filled.kptr_is_untrusted =
                    is_untrusted.map(|owns_nothing| owns_nothing || !self.in_rcu_cs);
            }
        }
        if let Step::StoreReg { size: Size::DW, mem, src } = *step {
            stack.set_mark(addr(frame, mem), frame.btf.reference(src));
        }
        Ok(Accessed::Fine(filled))
    }

    #[inline(always)]
    fn perform(
        &self,
        stack: &mut Stack<'_>,
        frame: &mut Frame,
        step: &Step,
    ) -> Result<(), TrapKind> {
        let memory = self.memory;
        match *step {
            Step::Load { size, signed, dst, mem } => {
                load::load(memory, stack, frame, (size, signed), dst, mem)
            }
            Step::LoadAcquire { size, dst, mem } => {
                load::load_acquire(memory, stack, frame, size, dst, mem)
            }
            Step::StoreImm { size, mem, imm } => {
                store::store(memory, stack, size, addr(frame, mem), imm)
            }
            Step::StoreReg { size, mem, src } => {
                store::store(memory, stack, size, addr(frame, mem), frame.get(src))
            }
            Step::StoreRelease { size, mem, src } => {
                store::store_release(memory, stack, size, addr(frame, mem), frame.get(src))
            }
            Step::Atomic { width, op, mem, src } => {
                atomic::atomic(memory, stack, frame, (width, op), mem, src)
            }
            Step::Ctx(step) => self.context(stack, frame, step),
            _ => Ok(()),
        }
    }

    /// Accesses to the context that memory does not answer.
    fn context(
        &self,
        stack: &mut Stack<'_>,
        frame: &mut Frame,
        step: CtxStep,
    ) -> Result<(), TrapKind> {
        let memory = self.memory;
        let packet = |mem: Mem| self.packet.filter(|packet| packet.ctx.0 == frame.get(mem.base));
        match step {
            CtxStep::LoadPointer { pointer, dst, mem } => match packet(mem) {
                Some(packet) => {
                    frame.set(dst, packet.get(pointer).0);
                    Ok(())
                }
                None => load::load(memory, stack, frame, (Size::W, false), dst, mem),
            },
            CtxStep::Store { how, mem, value } => {
                let value = match value {
                    Source::Imm(imm) => imm as u64,
                    Source::Reg(src) => frame.get(src),
                };
                let value = match packet(mem) {
                    Some(_) => how.apply(value as u32).map(u64::from),
                    None => Some(value),
                };
                match value {
                    Some(value) => store::store(memory, stack, Size::W, addr(frame, mem), value),
                    None => Ok(()),
                }
            }
        }
    }

    /// `callx`: Linux has none; where it is allowed, the register holds a helper's number.
    fn call_reg(&self, frame: &Frame, target: u64) -> Result<Flow, TrapKind> {
        if !self.has_callx {
            return Err(TrapKind::IndirectCall);
        }
        let call = u32::try_from(target).ok().and_then(skep_calls::helper);
        let call = call.ok_or(TrapKind::UnknownHelper(target as i32))?;
        let made = MadeCall::new(call, self.version, frame.program.prog_type())?;
        frame.check(made.reads())?;
        Ok(Flow::Call(made))
    }
}

/// A load of packet bytes at an offset, to which a register may add.
fn ld_skb(frame: &Frame, size: Size, offset: i32, src: Option<Reg>) -> Flow {
    let by = src.map_or(0, |src| frame.get(src) as i32);
    Flow::LdSkb(size, offset.wrapping_add(by))
}

/// Where a comparison of low halves leads when it holds.
#[inline]
fn jump32(frame: &Frame, step: &Step) -> Option<u32> {
    let (cond, dst, other, to) = match *step {
        Step::Jmp32Imm { cond, dst, imm, to } => (cond, dst, imm, to),
        Step::Jmp32Reg { cond, dst, src, to } => (cond, dst, frame.get(src) as u32, to),
        _ => return None,
    };
    jmp::holds32(cond, frame.get(dst) as u32, other).then_some(to)
}

/// ALU insns with one operand.
fn unary(frame: &mut Frame, step: &Step) {
    match *step {
        Step::Neg { width: Width::W64, dst } => frame.set(dst, frame.get(dst).wrapping_neg()),
        Step::Neg { width: Width::W32, dst } => {
            frame.set(dst, (frame.get(dst) as u32).wrapping_neg().into());
        }
        Step::MovSx { width, from, dst, src } => {
            let value = alu::sign_extend(from, frame.get(src));
            frame.set(dst, if width == Width::W32 { (value as u32).into() } else { value });
        }
        Step::End { order, bits, dst } => frame.set(dst, alu::end(order, bits, frame.get(dst))),
        _ => {}
    }
}
