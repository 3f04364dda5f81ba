//! Numbers of a state: bounds, identities, links between copies.

mod linked;

use skep_domain::Scalar;
use skep_isa::Reg;

use crate::diag::Step;
use crate::env::Env;
use crate::state::{ADD_CONST, RegState};

pub(crate) use linked::{collect_linked, sync_linked};

/// Any number (`mark_reg_unknown`).
pub(crate) fn mark_unknown(env: &mut Env<'_>, reg: Reg) {
    *env.reg_mut(reg) = RegState::unknown();
}

/// Gives a number an identity that copies share, unless it is constant (`assign_scalar_id_before_mov`).
pub(crate) fn assign_id(env: &mut Env<'_>, reg: Reg) {
    if !env.reg(reg).is_scalar() {
        return;
    }
    if env.reg(reg).id & ADD_CONST != 0 {
        // A copy of a sum is tied to the sum alone: distances do not add up.
        env.reg_mut(reg).clear_id();
    }
    let number = env.reg(reg);
    if number.id == 0 && !number.num.is_const() {
        env.reg_mut(reg).id = env.new_id();
    }
}

/// Brings the ranges of a register's number into agreement after an operation (`reg_bounds_sanity_check`).
pub(crate) fn settle(env: &mut Env<'_>, reg: Reg) -> Step {
    let reg = env.reg_mut(reg);
    if reg.is_scalar() {
        reset_if_contradictory(&mut reg.num);
    }
    Ok(())
}

/// The same after a comparison, where nothing was brought into agreement yet.
pub(crate) fn settle_num(num: &mut Scalar) {
    num.sync();
    reset_if_contradictory(num);
}

/// Ranges that exclude every number belong to a branch that is never taken, which the kernel did not notice: it goes on
/// with no knowledge of ranges.
fn reset_if_contradictory(num: &mut Scalar) {
    if !num.is_consistent() {
        num.set_unbounded();
    }
}
