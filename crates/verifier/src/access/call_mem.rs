//! Memory that calls read and write (`check_helper_mem_access` and those that call it).

use skep_isa::Reg;

use super::Rw;
use crate::call::RawStack;
use crate::diag::{Step, Stop};
use crate::env::Env;

/// Memory that a call accesses.
#[derive(Debug)]
pub(crate) struct CallMem<'m> {
    /// The pointer.
    pub(crate) reg: Reg,
    /// Bytes.
    pub(crate) size: u32,
    /// Reads or writes.
    pub(crate) rw: Rw,
    /// Whether no bytes at all are fine.
    pub(crate) zero_ok: bool,
    /// For raw modes: filled with the stack that the call initialises, instead of demanding that it is initialised.
    pub(crate) raw: Option<&'m mut RawStack>,
}

/// Checks memory that a call accesses (`check_helper_mem_access`).
pub(crate) fn check_call_mem(_env: &mut Env<'_>, _arg: CallMem<'_>) -> Step {
    Stop::unsupported("memory access of calls")
}

/// Checks memory whose size is in `size_reg` and whose pointer is in the register before it (`check_mem_size_reg`).
///
/// Returns the greatest size (`msize_max_value`). Marks the size precise.
pub(crate) fn check_mem_size_reg(
    _env: &mut Env<'_>,
    _size_reg: Reg,
    _rw: Rw,
    _zero_ok: bool,
    _raw: Option<&mut RawStack>,
) -> Step<u64> {
    Stop::unsupported("memory access of calls")
}

/// Checks that memory of a known size may be read and written; null is fine (`check_mem_reg`).
pub(crate) fn check_mem_reg(_env: &mut Env<'_>, _reg: Reg, _size: u32) -> Step {
    Stop::unsupported("memory access of calls")
}

/// Checks memory of a kfunc, read and written, with its size in `size_reg` and the pointer in the register before it,
/// which may be null for this purpose (`check_kfunc_mem_size_reg`).
pub(crate) fn check_kfunc_mem_size_reg(_env: &mut Env<'_>, _size_reg: Reg) -> Step {
    Stop::unsupported("memory access of calls")
}
