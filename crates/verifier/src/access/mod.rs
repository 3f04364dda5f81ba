//! Whether a program may access memory, and what it finds there (`check_mem_access`): dispatch by kind of pointer.

use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rw {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

/// A load or store of an insn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// The insn.
    pub(crate) insn: u32,
    /// The pointer.
    pub(crate) base: Reg,
    /// Constant offset of the insn.
    pub(crate) off: i32,
    /// Bytes: 1, 2, 4 or 8.
    pub(crate) size: u32,
    /// Reads or writes.
    pub(crate) rw: Rw,
    /// The register that is loaded into, or stored; none for immediates and for atomics that fetch nothing.
    pub(crate) value: Option<Reg>,
    /// Whether the alignment matters even where the machine does not need it (atomics).
    pub(crate) strict: bool,
    /// Whether a load extends the sign.
    pub(crate) sign_extend: bool,
}

/// Checks an access and, for a load, says what the register holds then (`check_mem_access`).
pub(crate) fn check(_env: &mut Env<'_>, _access: Access) -> Step {
    Stop::unsupported("memory access")
}

/// Checks memory that a call reads or writes: `size` bytes from the pointer in `reg` (`check_helper_mem_access`).
pub(crate) fn check_call_mem(_env: &mut Env<'_>, _arg: CallMem<'_>) -> Step {
    Stop::unsupported("memory access of calls")
}

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
    /// For raw modes: set to the frame offset of stack that the call initialises, instead of demanding that it is.
    pub(crate) raw: Option<&'m mut crate::call::RawStack>,
}
