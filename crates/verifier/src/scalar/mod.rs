//! Numbers of a state: bounds, identities, links between copies.

use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::state::{RegState, State};
use skep_isa::Reg;

/// Any number (`mark_reg_unknown`): precise where precision is not tracked.
pub(crate) fn mark_unknown(env: &mut Env<'_>, reg: Reg) {
    *env.reg_mut(reg) = RegState::unknown();
}

/// Gives a number an identity that copies share, unless it is constant (`assign_scalar_id_before_mov`).
pub(crate) fn assign_id(_env: &mut Env<'_>, _reg: Reg) {}

/// After `known` was refined: refines all that are linked to it (`sync_linked_regs`).
pub(crate) fn sync_linked(_state: &mut State, _known: &RegState) {}

/// Brings the ranges of a number into agreement, or finds a contradiction of ours (`reg_bounds_sync`,
/// `reg_bounds_sanity_check`).
pub(crate) fn settle(_env: &mut Env<'_>, _reg: Reg) -> Step {
    Stop::unsupported("numbers")
}
