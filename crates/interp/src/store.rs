//! Stores (`BPF_ST`, `BPF_STX`, `BPF_STORE_REL`).

use skep_abi::Addr;
use skep_isa::Size;
use skep_machine::Memory;

use crate::TrapKind;
use crate::load::width;
use crate::stack::Stack;

/// `*(size *)(at) = value`
#[inline]
pub(crate) fn store(
    memory: &Memory,
    stack: &mut Stack<'_>,
    size: Size,
    at: Addr,
    value: u64,
) -> Result<(), TrapKind> {
    memory.store(at, width(size), value)?;
    stack.written(at, u64::from(size.bytes()));
    Ok(())
}

/// `store_release((size *)(at), value)`
pub(crate) fn store_release(
    memory: &Memory,
    stack: &mut Stack<'_>,
    size: Size,
    at: Addr,
    value: u64,
) -> Result<(), TrapKind> {
    memory.store_release(at, width(size), value)?;
    stack.written(at, u64::from(size.bytes()));
    Ok(())
}
