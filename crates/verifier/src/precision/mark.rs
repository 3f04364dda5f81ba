//! The walk back along a path and the kept states that it came through (`mark_chain_precision`).
//!
//! Marks do not matter in the state that is being walked, only in kept ones: there they decide which numbers a later
//! path must not differ in. So the walk starts with the insn before, and places marks where it passes a kept state.

use skep_isa::Reg;

use crate::diag::log::Trace;
use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::explore::{Explored, NO_INSN};
use crate::state::{NO_CALLSITE, RegState, State, StateId};

use super::backtrack::{Backtrack, Code, Known};
use super::history::HistoryEntry;

/// Where a walk back begins.
pub(super) struct From<'s> {
    /// The insn.
    pub(super) at: u32,
    /// First insn since the last kept state.
    pub(super) first_insn: u32,
    /// The path since then.
    pub(super) history: &'s [HistoryEntry],
    /// The last kept state.
    pub(super) parent: Option<StateId>,
}

/// Marks a register of the running frame precise, and whatever it was computed from.
pub(crate) fn mark_chain(env: &mut Env<'_>, reg: Reg) -> Step {
    let frame = env.state.frames.len() - 1;
    if !env.state.frames[frame].regs[reg.at()].is_scalar() {
        return Stop::bug("a pointer was to be precise");
    }
    env.backtrack.frame = frame;
    env.backtrack.set(reg);
    mark_current(env)?;
    Ok(())
}

/// Marks a number that was spilled to the stack of some frame precise, and whatever it was computed from.
pub(crate) fn mark_slot(env: &mut Env<'_>, frame: u32, spi: u32) -> Step {
    env.backtrack.frame = env.state.frames.len() - 1;
    env.backtrack.slots[frame as usize] |= 1 << spi;
    mark_current(env)?;
    Ok(())
}

/// Walks back from the insn that is looked at; tells whether a kept state changed.
pub(super) fn mark_current(env: &mut Env<'_>) -> Step<bool> {
    let Env { state, explored, backtrack, insns, aux, subprogs, log, prog, kernel, .. } = env;
    let code = Code { insns, aux, subprogs };
    let from = From {
        at: state.insn_idx,
        first_insn: state.first_insn,
        history: &state.history,
        parent: state.parent,
    };
    let trace = Trace::new(log, prog, kernel);
    let mut walk = Walk { code: &code, explored, backtrack, trace, changed: false };
    walk.run(&from)?;
    Ok(walk.changed)
}

/// Walks back from the end of a path that looped.
pub(super) fn mark_backedge(env: &mut Env<'_>, end: &State) -> Step<bool> {
    let Env { explored, backtrack, insns, aux, subprogs, log, prog, kernel, .. } = env;
    let code = Code { insns, aux, subprogs };
    let from = From {
        at: end.insn_idx,
        first_insn: end.first_insn,
        history: &end.history,
        parent: end.parent,
    };
    let trace = Trace::new(log, prog, kernel);
    let mut walk = Walk { code: &code, explored, backtrack, trace, changed: false };
    walk.run(&from)?;
    Ok(walk.changed)
}

/// A walk back.
struct Walk<'w, 'c> {
    code: &'w Code<'c>,
    explored: &'w mut Explored,
    backtrack: &'w mut Backtrack,
    trace: Trace<'w>,
    /// Whether a mark was placed.
    changed: bool,
}

impl Walk<'_, '_> {
    fn run(&mut self, from: &From<'_>) -> Step {
        if self.backtrack.is_empty() {
            return Ok(());
        }
        let mut done = self.stretch(from.at, from.first_insn, from.history, NO_INSN, true)?;
        let (mut parent, mut next) = (from.parent, from.first_insn);
        while done == Stretch::Beginning {
            let Some(id) = parent else {
                // Something was missed, such as an access through a pointer that is not R10.
                done = Stretch::Lost;
                break;
            };
            self.place(id)?;
            if self.backtrack.is_empty() {
                return Ok(());
            }
            let state = &mut self.explored.get_mut(id).state;
            let (at, first) = (state.last_insn, state.first_insn);
            parent = state.parent;
            if at == NO_INSN {
                return self.place_args(id);
            }
            let history = core::mem::take(&mut state.history);
            let stretch = self.stretch(at, first, &history, next, false);
            self.explored.get_mut(id).state.history = history;
            done = stretch?;
            next = first;
        }
        if done == Stretch::Lost {
            self.trace.gave_up(self.backtrack.frame);
            self.mark_all(from.parent);
            self.backtrack.clear();
        }
        Ok(())
    }

    /// Walks back to the beginning of the path that a state remembers.
    fn stretch(
        &mut self,
        last: u32,
        first: u32,
        history: &[HistoryEntry],
        next: u32,
        skip_last: bool,
    ) -> Step<Stretch> {
        let (mut at, mut next, mut skip) = (last, next, skip_last);
        let mut left = history.len();
        self.trace.stretch(self.backtrack.frame, last, first, next);
        loop {
            let entry = left.checked_sub(1).map(|last| &history[last]).filter(|e| e.insn == at);
            if !skip {
                if at as usize >= self.code.insns.len() {
                    return Stop::bug("the walk back missed where a register came from");
                }
                let frame = self.backtrack.frame;
                let (regs, slots) = (self.backtrack.regs[frame], self.backtrack.slots[frame]);
                self.trace.step(frame, regs, slots, at);
                if self.backtrack.step(self.code, at, next, entry)? == Known::No {
                    return Ok(Stretch::Lost);
                }
            }
            skip = false;
            if self.backtrack.is_empty() {
                return Ok(Stretch::Placed);
            }
            next = at;
            let is_only = left == 1 && entry.is_some();
            if at == first && (left == 0 || is_only) {
                return Ok(Stretch::Beginning);
            }
            at = match entry {
                Some(entry) => {
                    left -= 1;
                    entry.prev
                }
                None => at.wrapping_sub(1),
            };
        }
    }

    /// Places marks in a kept state; those that are there already end.
    fn place(&mut self, id: StateId) -> Step {
        let state = &mut self.explored.get_mut(id).state;
        for frame in (0..=self.backtrack.frame).rev() {
            let (regs, slots) = (&mut self.backtrack.regs[frame], &mut self.backtrack.slots[frame]);
            let Some(func) = state.frames.get_mut(frame) else {
                return Stop::bug("the walk back is deeper than the state");
            };
            for at in bits(u64::from(*regs)) {
                if !place_in(&mut func.regs[at], &mut self.changed) {
                    *regs &= !(1 << at);
                }
            }
            for at in bits(*slots) {
                let Some(slot) = func.stack.get_mut(at) else {
                    return Stop::bug("the walk back looks for a slot outside the stack");
                };
                let is_spill = slot.is_scalar_spill();
                if !is_spill || !place_in(&mut slot.spilled, &mut self.changed) {
                    *slots &= !(1 << at);
                }
            }
            self.trace.placed(frame, *regs, *slots, state);
        }
        Ok(())
    }

    /// The beginning of a global subprogram: only its arguments may be left to look for.
    fn place_args(&mut self, id: StateId) -> Step {
        let state = &mut self.explored.get_mut(id).state;
        let frame = &mut state.frames[0];
        let regs = self.backtrack.regs[self.backtrack.frame];
        let is_entry = self.backtrack.frame == 0
            && frame.subprog > 0
            && frame.callsite == NO_CALLSITE
            && self.backtrack.slots[0] == 0
            && regs & !0b11_1110 == 0;
        if !is_entry {
            return Stop::bug("the walk back reached the beginning with marks left");
        }
        for at in bits(u64::from(regs)) {
            if frame.regs[at].is_scalar() {
                frame.regs[at].precise = true;
                self.changed = true;
            }
        }
        self.backtrack.clear();
        Ok(())
    }

    fn mark_all(&mut self, from: Option<StateId>) {
        mark_all_precise(self.explored, from);
    }
}

/// How a walk along the path of one state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stretch {
    /// Nothing is looked for any more.
    Placed,
    /// At its beginning.
    Beginning,
    /// Something was met that marks cannot be followed through.
    Lost,
}

/// Marks a register; false when it is no number, or was marked before.
fn place_in(reg: &mut RegState, changed: &mut bool) -> bool {
    if !reg.is_scalar() || reg.precise {
        return false;
    }
    reg.precise = true;
    *changed = true;
    true
}

/// The bits that are set, lowest first.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        (mask != 0).then(|| {
            let at = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            at
        })
    })
}

/// Makes every number of a kept state, and of those before it, precise (`mark_all_scalars_precise`).
pub(super) fn mark_all_precise(explored: &mut Explored, from: Option<StateId>) {
    let mut next = from;
    while let Some(id) = next {
        let state = &mut explored.get_mut(id).state;
        next = state.parent;
        set_precise(state, true);
    }
}

/// Makes every number of a state precise, or none (`mark_all_scalars_imprecise`).
pub(crate) fn set_precise(state: &mut State, precise: bool) {
    for frame in &mut state.frames {
        for reg in frame.regs[..10].iter_mut().filter(|reg| reg.is_scalar()) {
            reg.precise = precise;
        }
        for slot in frame.stack.iter_mut().filter(|slot| slot.is_scalar_spill()) {
            slot.spilled.precise = precise;
        }
    }
}
