//! Whether one register covers another (`regsafe`).

use skep_domain::{Scalar, Tnum};

use crate::state::{ADD_CONST, Base, IdMap, Payload, RegState};

use super::Exactness;

/// Whether two registers hold the same but for the ids (`regs_exact`).
pub(crate) fn regs_exact(old: &RegState, cur: &RegState, ids: &mut IdMap) -> bool {
    same_but_ids(old, cur) && ids.check(old.id, cur.id) && ids.check(old.ref_id, cur.ref_id)
}

fn same_but_ids(old: &RegState, cur: &RegState) -> bool {
    old.num == cur.num && same_but_numbers(old, cur)
}

fn same_but_numbers(old: &RegState, cur: &RegState) -> bool {
    old.ty == cur.ty && old.off == cur.off && old.payload == cur.payload
}

/// Whether whatever is fine with `old` is fine with `cur`.
pub(super) fn covers(
    old: &RegState,
    cur: &RegState,
    ids: &mut IdMap,
    exactness: Exactness,
) -> bool {
    if exactness == Exactness::Equal {
        return regs_exact(old, cur, ids);
    }
    let is_lax = exactness == Exactness::Covers;
    if old.ty.base == Base::NotInit && (is_lax || cur.ty.base == Base::NotInit) {
        return true;
    }
    // Other modifiers are other types: a pointer that was compared with null told siblings about it.
    if old.ty != cur.ty {
        return false;
    }
    match old.ty.base {
        Base::Scalar => {
            (is_lax && !old.precise)
                || ids_cover(old, cur, ids) && numbers_cover(&old.num, &cur.num)
        }
        Base::MapKey | Base::MapValue | Base::Mem | Base::Buf | Base::TpBuffer => {
            same_but_numbers(old, cur)
                && numbers_cover(&old.num, &cur.num)
                && ids.check(old.id, cur.id)
                && ids.check(old.ref_id, cur.ref_id)
        }
        Base::PacketMeta | Base::Packet => {
            range_covers(old.payload, cur.payload)
                && old.off == cur.off
                && ids.check(old.id, cur.id)
                && numbers_cover(&old.num, &cur.num)
        }
        Base::Stack => regs_exact(old, cur, ids) && old.frameno == cur.frameno,
        Base::Arena => true,
        _ => regs_exact(old, cur, ids),
    }
}

/// A number that is linked to others must be linked to the same ones, at the same distance; one that is not linked
/// may be anything.
fn ids_cover(old: &RegState, cur: &RegState, ids: &mut IdMap) -> bool {
    if old.id == 0 {
        return true;
    }
    let (old_adds, cur_adds) = (old.id & ADD_CONST, cur.id & ADD_CONST);
    old_adds == cur_adds
        && (old_adds == 0 || old.off == cur.off)
        && ids.check_scalar(old.id, cur.id)
}

/// The old ranges and bits allow whatever the new ones allow.
fn numbers_cover(old: &Scalar, cur: &Scalar) -> bool {
    old.umin <= cur.umin
        && old.umax >= cur.umax
        && old.smin <= cur.smin
        && old.smax >= cur.smax
        && old.u32_min <= cur.u32_min
        && old.u32_max >= cur.u32_max
        && old.s32_min <= cur.s32_min
        && old.s32_max >= cur.s32_max
        && Tnum::is_in(old.var_off, cur.var_off)
}

/// At least as many bytes of the packet are known to be there; a pointer at or behind the end must be just that.
fn range_covers(old: Payload, cur: Payload) -> bool {
    let (Payload::Packet { range: old }, Payload::Packet { range: cur }) = (old, cur) else {
        return old == cur;
    };
    if old < 0 || cur < 0 { old == cur } else { old <= cur }
}
