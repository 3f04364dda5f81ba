//! Loads (`BPF_LDX`, `BPF_LOAD_ACQ`).

use skep_abi::Addr;
use skep_isa::{Mem, Reg, Size};
use skep_machine::{Memory, Width};

use crate::TrapKind;
use crate::alu::sign_extend;
use crate::frame::Frame;
use crate::stack::Stack;

/// The machine's word for a size.
#[inline]
pub(crate) const fn width(size: Size) -> Width {
    match size {
        Size::B => Width::B,
        Size::H => Width::H,
        Size::W => Width::W,
        Size::DW => Width::Dw,
    }
}

/// The address that a memory operand stands for.
#[inline]
pub(crate) fn addr(frame: &Frame, mem: Mem) -> Addr {
    Addr(frame.get(mem.base)).offset(i64::from(mem.off))
}

/// `dst = *(size *)(mem)`
#[inline]
pub(crate) fn load(
    memory: &Memory,
    stack: &mut Stack<'_>,
    frame: &mut Frame,
    (size, signed): (Size, bool),
    dst: Reg,
    mem: Mem,
) -> Result<(), TrapKind> {
    let at = addr(frame, mem);
    let value = if frame.btf.is_probed(mem.base) {
        memory.load_or_zero(at, width(size))
    } else {
        stack.settle(at, u64::from(size.bytes()))?;
        let value = memory.load(at, width(size))?;
        stack.check(at, u64::from(size.bytes()))?;
        value
    };
    frame.set(dst, if signed { sign_extend(size, value) } else { value });
    Ok(())
}

/// `dst = load_acquire((size *)(mem))`
pub(crate) fn load_acquire(
    memory: &Memory,
    stack: &mut Stack<'_>,
    frame: &mut Frame,
    size: Size,
    dst: Reg,
    mem: Mem,
) -> Result<(), TrapKind> {
    let at = addr(frame, mem);
    stack.settle(at, u64::from(size.bytes()))?;
    let value = memory.load_acquire(at, width(size))?;
    stack.check(at, u64::from(size.bytes()))?;
    frame.set(dst, value);
    Ok(())
}
