//! Dynptrs: on the stack, or constant ones given to callbacks and global subprograms.

use skep_abi::TypeFlags;
use skep_isa::Reg;

use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::state::{DynptrKind, RegState};

/// Checks a dynptr argument, and marks its slots where the call makes it (`process_dynptr_func`). `clone_ref` is the
/// reference of the dynptr that is copied; 0 when none.
pub(crate) fn check_arg(_env: &mut Env<'_>, _reg: Reg, _flags: TypeFlags, _clone_ref: u32) -> Step {
    Stop::unsupported("dynptrs")
}

/// Gives up the dynptr on the stack that `reg` points to (`unmark_stack_slots_dynptr`).
pub(crate) fn release(_env: &mut Env<'_>, _reg: Reg) -> Step {
    Stop::unsupported("dynptrs")
}

/// What a dynptr is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Its id.
    pub(crate) id: u32,
    /// The reference that it is; 0 when none.
    pub(crate) ref_id: u32,
    /// What it refers to.
    pub(crate) kind: DynptrKind,
}

/// The initialised dynptr that `reg` points to; none when there is none.
pub(crate) fn view(_env: &Env<'_>, _reg: Reg) -> Option<View> {
    None
}

/// The constant dynptr that a callback is given (`mark_dynptr_cb_reg`).
pub(crate) fn callback_arg(env: &mut Env<'_>, kind: DynptrKind) -> RegState {
    use crate::state::{Base, Payload, RegType};
    let mut reg = RegState::pointer(RegType::new(Base::Dynptr));
    // Each such dynptr is one of its own.
    reg.id = env.new_id();
    reg.payload = Payload::Dynptr { kind, first: true };
    reg
}
