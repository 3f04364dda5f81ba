//! Whether one stack covers another (`stacksafe`).

use crate::features::Features;
use crate::state::{Frame, IdMap, Payload, RegState, SlotKind, StackSlot};

use super::Exactness;
use super::reg::covers as reg_covers;

/// Whether whatever is fine with the stack of `old` is fine with that of `cur`. Slots that only `cur` has do not
/// matter: `old` was fine without them.
pub(super) fn covers(
    old: &Frame,
    cur: &Frame,
    ids: &mut IdMap,
    exactness: Exactness,
    features: Features,
) -> bool {
    let unknown = RegState::unknown();
    let reads_uninit = features.reads_uninit_stack();
    old.stack.iter().enumerate().all(|(spi, slot)| {
        Pair { old: slot, cur: cur.stack.get(spi), unknown: &unknown, exactness, reads_uninit }
            .is_covered(ids)
    })
}

/// The same slot of both stacks.
struct Pair<'s> {
    old: &'s StackSlot,
    cur: Option<&'s StackSlot>,
    unknown: &'s RegState,
    exactness: Exactness,
    /// Whether bytes that were never written may be read.
    reads_uninit: bool,
}

impl Pair<'_> {
    fn is_covered(&self, ids: &mut IdMap) -> bool {
        let kinds = self.old.kinds;
        if self.exactness != Exactness::Covers && self.cur.map(|cur| cur.kinds) != Some(kinds) {
            return false;
        }
        if kinds.iter().all(|&kind| self.asks_nothing(kind)) {
            return true;
        }
        let Some(cur) = self.cur else {
            return false;
        };
        // A load from plain data gives any number, as a load of a spilled unknown number does.
        if let (Some(old), Some(cur)) = (self.as_number(self.old), self.as_number(cur)) {
            return reg_covers(old, cur, ids, self.exactness);
        }
        let bytes = kinds.iter().zip(&cur.kinds);
        let bytes_match = bytes.into_iter().all(|(&old, &cur)| {
            // Zero is one of the values that plain data may have.
            self.asks_nothing(old) || old == cur || old == SlotKind::Misc && cur == SlotKind::Zero
        });
        bytes_match && (self.asks_nothing(kinds[7]) || self.contents_match(cur, ids))
    }

    /// Whether a byte that `old` has may be anything.
    fn asks_nothing(&self, kind: SlotKind) -> bool {
        kind == SlotKind::Invalid || kind == SlotKind::Misc && self.reads_uninit
    }

    /// The number that a load of all eight bytes gives.
    fn as_number<'s>(&'s self, slot: &'s StackSlot) -> Option<&'s RegState> {
        if slot.is_scalar_spill64() {
            return Some(&slot.spilled);
        }
        let is_plain = slot.kinds.iter().all(|&kind| match kind {
            SlotKind::Misc => true,
            SlotKind::Invalid => self.reads_uninit,
            _ => false,
        });
        is_plain.then_some(self.unknown)
    }

    /// Both have the same kind in the lowest byte; compares what is there.
    fn contents_match(&self, cur: &StackSlot, ids: &mut IdMap) -> bool {
        if cur.kinds[7] != self.old.kinds[7] {
            // Zero where plain data was.
            return true;
        }
        let (old, cur) = (&self.old.spilled, &cur.spilled);
        match self.old.kinds[7] {
            SlotKind::Spill => reg_covers(old, cur, ids, self.exactness),
            SlotKind::Dynptr | SlotKind::IrqFlag => {
                old.payload == cur.payload && ids.check(old.ref_id, cur.ref_id)
            }
            SlotKind::Iter => {
                old.ty == cur.ty && iters_match(old, cur) && ids.check(old.ref_id, cur.ref_id)
            }
            SlotKind::Misc | SlotKind::Zero | SlotKind::Invalid => true,
        }
    }
}

/// How often an iterator was advanced does not matter: loops would never meet an earlier round.
fn iters_match(old: &RegState, cur: &RegState) -> bool {
    match (old.payload, cur.payload) {
        (
            Payload::Iter { btf: old_btf, state: old_state, .. },
            Payload::Iter { btf: cur_btf, state: cur_state, .. },
        ) => old_btf == cur_btf && old_state == cur_state,
        (old, cur) => old == cur,
    }
}
