//! Whether a program may access memory, and what it finds there (`check_mem_access`): dispatch by kind of pointer.

mod call_mem;
mod ptr_off;
mod ptr_type;

use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;

pub(crate) use call_mem::{
    CallMem, check_call_mem, check_kfunc_mem_size_reg, check_mem_reg, check_mem_size_reg,
};
pub(crate) use ptr_off::check_ptr_off;
pub(crate) use ptr_type::{note_ptr_type, note_ptr_type_lenient};

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
