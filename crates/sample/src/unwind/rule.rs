//! What a row of the unwind tables says, and one step with it from a frame to its caller.
//!
//! Nearly every row has the one form `CFA = register + offset; saved registers at CFA + offset`, kept as
//! [`Plain`]. The rest (signal trampolines, frames with a realigned stack) is evaluated from [`General`].

use std::sync::Arc;

use super::expression::{self, Expression};
use super::memory::StackMemory;
use super::registers::{Register, Registers};

/// How to get from a frame to its caller.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// The return address is undefined: this frame is the outermost.
    Outermost,
    /// See [`Plain`].
    Plain(Plain),
    /// See [`General`].
    General(Arc<General>),
    /// The tables do not cover the address.
    Absent,
}

/// CFA and saved registers at constant offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub(super) cfa_register: Register,
    pub(super) cfa_offset: i32,
    /// Offset of the return address from the CFA.
    pub(super) return_address: i32,
    /// Offsets from the CFA, in the order of [`Register::CALLEE_SAVED`].
    pub(super) saved: [Option<i32>; Register::CALLEE_SAVED.len()],
}

/// Any row.
#[derive(Clone, Debug)]
pub(super) struct General {
    pub(super) cfa: Cfa,
    pub(super) registers: Vec<(Register, Recovery)>,
    /// The frame was entered by a signal: its caller's address is that of the interrupted instruction.
    pub(super) signal: bool,
}

/// Where the canonical frame address is.
#[derive(Clone, Debug)]
pub(super) enum Cfa {
    Offset(Register, i64),
    Expression(Expression),
}

/// How one register of the caller is found.
#[derive(Clone, Debug)]
pub(super) enum Recovery {
    Unknown,
    Same,
    /// At CFA + offset.
    At(i64),
    /// Is CFA + offset.
    Is(i64),
    /// Is in another register of this frame.
    In(Register),
    /// At the address that the expression yields, which starts with the CFA on its stack.
    AtExpression(Expression),
    /// Is what the expression yields.
    IsExpression(Expression),
}

/// Why a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The return address lies in memory that cannot be read.
    Unreadable,
    /// The rule needs a register that is not known, or an expression is malformed.
    Unknown,
}

impl Plain {
    /// Replaces the registers of a frame by those of its caller; the return address becomes its address.
    pub(super) fn step(
        &self,
        regs: &mut Registers,
        memory: &mut dyn StackMemory,
    ) -> Result<(), Failure> {
        let base = regs.get(self.cfa_register).ok_or(Failure::Unknown)?;
        let cfa = base.wrapping_add_signed(self.cfa_offset.into());
        let at = |offset: i32| cfa.wrapping_add_signed(offset.into());
        let return_address = memory.word(at(self.return_address)).ok_or(Failure::Unreadable)?;
        let sp = regs.get(Register::RSP).unwrap_or(0);
        for (register, offset) in Register::CALLEE_SAVED.into_iter().zip(self.saved) {
            let Some(address) = offset.map(at) else { continue };
            // Epilogues often go on calling a register saved that they have popped already. Its slot is then
            // below the stack pointer, where copied bytes do not reach, and the register itself is right.
            if address >= sp {
                regs.set(register, memory.word(address));
            }
        }
        regs.forget_caller_saved();
        regs.set(Register::RETURN_ADDRESS, Some(return_address));
        regs.set(Register::RSP, Some(cfa));
        Ok(())
    }
}

impl General {
    /// As [`Plain::step`].
    pub(super) fn step(
        &self,
        regs: &mut Registers,
        memory: &mut dyn StackMemory,
    ) -> Result<(), Failure> {
        let old = *regs;
        let cfa = match &self.cfa {
            Cfa::Offset(register, offset) => {
                old.get(*register).map(|base| base.wrapping_add_signed(*offset))
            }
            Cfa::Expression(expr) => expression::evaluate(expr, None, &old, memory),
        }
        .ok_or(Failure::Unknown)?;
        if !self.signal {
            regs.forget_caller_saved();
        }
        regs.set(Register::RSP, Some(cfa));
        for (register, recovery) in &self.registers {
            let value = recovery.value(*register, cfa, &old, memory);
            if *register == Register::RETURN_ADDRESS && value.is_none() {
                return Err(Failure::Unreadable);
            }
            regs.set(*register, value);
        }
        Ok(())
    }
}

impl Recovery {
    fn value(
        &self,
        register: Register,
        cfa: u64,
        old: &Registers,
        memory: &mut dyn StackMemory,
    ) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Same => old.get(register),
            Self::At(offset) => memory.word(cfa.wrapping_add_signed(*offset)),
            Self::Is(offset) => Some(cfa.wrapping_add_signed(*offset)),
            Self::In(other) => old.get(*other),
            Self::AtExpression(expr) => {
                let address = expression::evaluate(expr, Some(cfa), old, memory)?;
                memory.word(address)
            }
            Self::IsExpression(expr) => expression::evaluate(expr, Some(cfa), old, memory),
        }
    }
}
