//! Atomic read-modify-writes (`BPF_ATOMIC`): real ones, since several CPUs run at once.

use skep_isa::{AtomicOp, Mem, Reg, Width};
use skep_machine::{self as machine, Memory};

use crate::TrapKind;
use crate::frame::Frame;
use crate::load::addr;
use crate::stack::Stack;

/// The operation, and whether the old value is wanted.
const fn machine_op(op: AtomicOp) -> (machine::AtomicOp, bool) {
    match op {
        AtomicOp::Add => (machine::AtomicOp::Add, false),
        AtomicOp::Or => (machine::AtomicOp::Or, false),
        AtomicOp::And => (machine::AtomicOp::And, false),
        AtomicOp::Xor => (machine::AtomicOp::Xor, false),
        AtomicOp::FetchAdd => (machine::AtomicOp::Add, true),
        AtomicOp::FetchOr => (machine::AtomicOp::Or, true),
        AtomicOp::FetchAnd => (machine::AtomicOp::And, true),
        AtomicOp::FetchXor => (machine::AtomicOp::Xor, true),
        // A compare-and-exchange is told apart before this is asked.
        AtomicOp::Xchg | AtomicOp::Cmpxchg => (machine::AtomicOp::Xchg, true),
    }
}

/// Reads, changes and writes memory as one step; old values of 32 bits are zero-extended.
pub(crate) fn atomic(
    memory: &Memory,
    stack: &mut Stack<'_>,
    frame: &mut Frame,
    (width, op): (Width, AtomicOp),
    mem: Mem,
    src: Reg,
) -> Result<(), TrapKind> {
    let at = addr(frame, mem);
    let width = match width {
        Width::W32 => machine::Width::W,
        Width::W64 => machine::Width::Dw,
    };
    // Before the write: what was never written must not be read either.
    stack.settle(at, width.bytes())?;
    stack.check(at, width.bytes())?;
    let operand = frame.get(src);
    if op == AtomicOp::Cmpxchg {
        let old = memory.cmpxchg(at, width, frame.get(Reg::R0), operand)?;
        frame.set(Reg::R0, old);
        return Ok(());
    }
    let (op, wants_old) = machine_op(op);
    let old = memory.atomic(at, width, op, operand)?;
    if wants_old {
        frame.set(src, old);
    }
    Ok(())
}
