//! The registers of one call: what `struct bpf_func_state` is to the verifier, at run time.

use std::sync::Arc;

use skep_abi::Addr;
use skep_isa::Reg;

use crate::btf_ptr::BtfPtrs;
use crate::{MAY_GOTO_LOOPS, Program, TrapKind};

/// R0 to R5: no call preserves them.
pub(crate) const CALLER_SAVED: u16 = 0b11_1111;
/// R1 to R5.
pub(crate) const ARGS: u16 = 0b11_1110;

/// Who made the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody: the main program.
    Nobody,
    /// An insn of the frame before.
    Insn,
    /// A helper on behalf of the frame before.
    Helper,
}

/// One call that has not returned.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The program; a tail call changes it.
    pub(crate) program: Arc<Program>,
    /// The slot that runs, or the call that has not returned.
    pub(crate) pc: u32,
    /// Who made the call.
    pub(crate) caller: Caller,
    /// Times that `may_goto` may still fall through.
    pub(crate) may_goto: u32,
    /// Registers that are initialised, a bit each.
    pub(crate) init: u16,
    /// Registers and stack slots that hold BTF pointers.
    pub(crate) btf: BtfPtrs,
    /// Sixteen, so that any register nibble is an index.
    regs: [u64; 16],
}

impl Frame {
    /// A call of `program` at slot `pc`, with nothing but the frame pointer set.
    pub(crate) fn new(program: Arc<Program>, pc: u32, fp: Addr, caller: Caller) -> Self {
        let mut regs = [0; 16];
        regs[Reg::R10.at()] = fp.0;
        let (init, btf) = (1 << Reg::R10.0, BtfPtrs::default());
        Self { program, pc, caller, may_goto: MAY_GOTO_LOOPS, init, btf, regs }
    }

    #[inline]
    pub(crate) const fn get(&self, reg: Reg) -> u64 {
        self.regs[reg.at() & 15]
    }

    #[inline]
    pub(crate) const fn set(&mut self, reg: Reg, value: u64) {
        self.regs[reg.at() & 15] = value;
    }

    /// `may_goto`: takes one from the hidden count; `false` once it is used up.
    pub(crate) const fn may_fall_through(&mut self) -> bool {
        let is_left = self.may_goto != 0;
        self.may_goto = self.may_goto.saturating_sub(1);
        is_left
    }

    /// R1 to R5; zero where nothing has set them.
    pub(crate) fn args(&self) -> [u64; 5] {
        std::array::from_fn(|at| match self.init & (2 << at) {
            0 => 0,
            _ => self.regs[at + 1],
        })
    }

    /// Sets R1 to R5 to what the caller has there, where it has anything.
    pub(crate) fn take_args(&mut self, args: [u64; 5], init: u16) {
        self.regs[1..6].copy_from_slice(&args);
        self.init |= init & ARGS;
    }

    /// Refuses registers of `reads` that nothing has set.
    #[inline]
    pub(crate) fn check(&self, reads: u16) -> Result<(), TrapKind> {
        match reads & !self.init {
            0 => Ok(()),
            never => Err(TrapKind::UninitReg(Reg(never.trailing_zeros() as u8))),
        }
    }

    /// A call has returned: R0 holds its result, if it has one; the arguments are gone.
    pub(crate) fn returned(&mut self, result: Option<u64>) {
        self.init &= !CALLER_SAVED;
        self.btf.clear(CALLER_SAVED);
        if let Some(r0) = result {
            self.set(Reg::R0, r0);
            self.init |= 1 << Reg::R0.0;
        }
    }
}
