//! What is known at one point of one path: registers, stack slots, frames, references. Values only.

mod frame;
mod ids;
mod print;
mod print_reg;
mod refs;
mod reg;
mod reg_type;
mod slot;
mod verifier_state;

pub(crate) use frame::{CallbackKind, Frame, NO_CALLSITE};
pub(crate) use ids::IdMap;
pub(crate) use print_reg::{Printer, Shown};
pub(crate) use refs::{LockOwner, RefKind, RefState, Refs};
pub(crate) use reg::{
    ADD_CONST, ADD_CONST32, ADD_CONST64, DynptrKind, IrqClass, IterState, Payload, RegState,
};
pub(crate) use reg_type::{Base, RegType};
pub(crate) use slot::{SLOT_SIZE, SlotKind, StackSlot};
pub(crate) use verifier_state::{State, StateId};
