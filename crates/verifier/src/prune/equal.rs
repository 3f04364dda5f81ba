//! Whether one state covers another (`states_equal`).

use crate::env::InsnAux;
use crate::features::Features;
use crate::state::{Frame, IdMap, IterState, Payload, RegState, SlotKind, State};

use super::{Exactness, held, reg, slots};

/// What a comparison needs beside the two states.
pub(super) struct Comparison<'e> {
    pub(super) aux: &'e [InsnAux],
    pub(super) features: Features,
    pub(super) ids: &'e mut IdMap,
    /// Ids from here on are used by nobody.
    pub(super) last_id: u32,
}

impl Comparison<'_> {
    /// Whether whatever is fine after `old` is fine after `cur`.
    pub(super) fn covers(&mut self, old: &State, cur: &State, exactness: Exactness) -> bool {
        if old.frames.len() != cur.frames.len() {
            return false;
        }
        self.ids.reset(self.last_id);
        if old.in_sleepable != cur.in_sleepable || !held::same(&old.refs, &cur.refs, self.ids) {
            return false;
        }
        old.frames.iter().zip(&cur.frames).enumerate().all(|(at, (old_frame, cur_frame))| {
            old_frame.callsite == cur_frame.callsite
                && self.frame_covers(old_frame, cur_frame, old.frame_insn(at), exactness)
        })
    }

    fn frame_covers(&mut self, old: &Frame, cur: &Frame, insn: u32, exactness: Exactness) -> bool {
        if old.callback_depth > cur.callback_depth {
            return false;
        }
        let live = self.aux[insn as usize].live_regs;
        let mut regs = old.regs.iter().zip(&cur.regs).enumerate();
        regs.all(|(at, (old, cur))| {
            live >> at & 1 == 0 || reg::covers(old, cur, self.ids, exactness)
        }) && slots::covers(old, cur, self.ids, exactness, self.features)
    }
}

/// A quick test before an infinite loop is suspected: all registers of the running frame are the same
/// (`states_maybe_looping`).
pub(super) fn may_loop(old: &State, cur: &State) -> bool {
    let same = |old: &RegState, cur: &RegState| {
        old.num == cur.num
            && old.ty == cur.ty
            && old.off == cur.off
            && old.payload == cur.payload
            && old.id == cur.id
            && old.ref_id == cur.ref_id
    };
    old.frames.len() == cur.frames.len()
        && old.frame().regs.iter().zip(&cur.frame().regs).all(|(old, cur)| same(old, cur))
}

/// Whether an iterator that may still yield was advanced between the two (`iter_active_depths_differ`).
pub(super) fn iters_advanced(old: &State, cur: &State) -> bool {
    old.frames.iter().zip(&cur.frames).any(|(old, cur)| {
        old.stack.iter().zip(&cur.stack).any(|(old, cur)| {
            old.kinds[0] == SlotKind::Iter
                && matches!(old.spilled.payload, Payload::Iter { state: IterState::Active, depth, .. }
                    if iter_depth(&cur.spilled) != depth)
        })
    })
}

fn iter_depth(reg: &RegState) -> u32 {
    match reg.payload {
        Payload::Iter { depth, .. } => depth,
        _ => 0,
    }
}
