//! Copies of a number, which are refined together (`collect_linked_regs`, `sync_linked_regs`).

use skep_domain::{Scalar, ScalarOp, alu};
use skep_isa::Reg;

use crate::env::Env;
use crate::precision::{LinkedAt, LinkedReg};
use crate::state::{ADD_CONST, ADD_CONST32, RegState, State};

/// More copies than this are not tracked (`LINKED_REGS_MAX`).
const MAX_LINKED: usize = 6;

/// Finds all copies of the numbers that a comparison looks at; those that are too many lose their identity.
pub(crate) fn collect_linked(env: &mut Env<'_>, operands: &[(bool, &RegState)]) -> Vec<LinkedReg> {
    let mut linked = Vec::new();
    for (is_register, operand) in operands {
        if *is_register && operand.is_scalar() && operand.id != 0 {
            let live = |insn: u32| match env.features.links_live_registers() {
                true => env.aux[insn as usize].live_regs,
                false => u16::MAX,
            };
            collect(&mut env.state, live, operand.base_id(), &mut linked);
        }
    }
    linked
}

/// `live` tells which registers are read at an insn or later.
fn collect(state: &mut State, live: impl Fn(u32) -> u16, id: u32, linked: &mut Vec<LinkedReg>) {
    for number in (0..state.frames.len()).rev() {
        let live = live(state.frame_insn(number));
        let frameno = number as u32;
        let frame = &mut state.frames[number];
        for (reg, content) in frame.regs.iter_mut().enumerate().take(Reg::R10.at()) {
            if live >> reg & 1 == 0 {
                continue;
            }
            let at = LinkedReg { frame: frameno, at: LinkedAt::Reg(Reg(reg as u8)) };
            note(content, id, at, linked);
        }
        for (spi, slot) in frame.stack.iter_mut().enumerate() {
            if slot.is_spill() {
                let at = LinkedReg { frame: frameno, at: LinkedAt::Slot(spi as u32) };
                note(&mut slot.spilled, id, at, linked);
            }
        }
    }
}

fn note(reg: &mut RegState, id: u32, at: LinkedReg, linked: &mut Vec<LinkedReg>) {
    if !reg.is_scalar() || reg.base_id() != id {
        return;
    }
    if linked.len() < MAX_LINKED {
        linked.push(at);
    } else {
        reg.clear_id();
    }
}

/// After the number in `known` was refined: refines its copies, and what differs from it by a constant.
pub(crate) fn sync_linked(state: &mut State, known: Reg, linked: &[LinkedReg]) {
    let known_at = LinkedReg { frame: state.curframe(), at: LinkedAt::Reg(known) };
    let known = *state.reg(known);
    for link in linked {
        let Some(frame) = state.frames.get_mut(link.frame as usize) else { continue };
        let reg = match link.at {
            LinkedAt::Reg(reg) => &mut frame.regs[reg.at()],
            LinkedAt::Slot(spi) => match frame.stack.get_mut(spi as usize) {
                Some(slot) => &mut slot.spilled,
                None => continue,
            },
        };
        if *link == known_at || !reg.is_scalar() || reg.base_id() != known.base_id() {
            continue;
        }
        if (reg.id ^ known.id) & ADD_CONST == ADD_CONST {
            // A distance modulo 2^32 and one modulo 2^64 do not add up.
            continue;
        }
        let neither_moved = (reg.id | known.id) & ADD_CONST == 0;
        if neither_moved || reg.off == known.off {
            *reg = known;
        } else {
            move_by_distance(reg, &known);
        }
    }
}

/// `reg = known; reg += distance`
fn move_by_distance(reg: &mut RegState, known: &RegState) {
    let (off, id) = (reg.off, reg.id);
    let distance = i64::from(off) - i64::from(known.off);
    *reg = *known;
    (reg.off, reg.id) = (off, id);
    alu(ScalarOp::Add, false, &mut reg.num, &Scalar::constant(distance.cast_unsigned()));
    if (id | known.id) & ADD_CONST32 != 0 {
        reg.num.zext_32_to_64();
        reg.num.sync();
    }
}
