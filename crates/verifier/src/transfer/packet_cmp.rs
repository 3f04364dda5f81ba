//! Packet pointers compared with the packet's end (`try_match_pkt_pointers`): how much of the packet is there.

use skep_domain::CondOp;
use skep_isa::Reg;

use super::branch::Ways;
use crate::state::{Base, Payload, RegState, RegType, State};

/// Offsets into a packet stay below this (`MAX_PACKET_OFF`).
const MAX_PACKET_OFF: u64 = 0xffff;
/// The pointer is at the packet's end or beyond.
const AT_PKT_END: i32 = -1;
/// The pointer is beyond the packet's end.
const BEYOND_PKT_END: i32 = -2;

/// Whether it points into a packet, or to its end.
pub(super) fn is_any(reg: &RegState) -> bool {
    reg.ty.is_packet() || reg.ty.base == Base::PacketEnd
}

/// Whether the comparison is decided by an earlier one (`is_pkt_ptr_branch_taken`).
pub(super) fn predict(a: &RegState, b: &RegState, cond: CondOp) -> Option<bool> {
    let (packet, cond) = if b.ty.is(Base::PacketEnd) {
        (a, cond)
    } else if a.ty.is(Base::PacketEnd) {
        (b, cond.flipped())
    } else {
        return None;
    };
    let Payload::Packet { range } = packet.payload else { return None };
    match cond {
        CondOp::Le | CondOp::Gt if range == BEYOND_PKT_END => Some(cond == CondOp::Gt),
        CondOp::Lt | CondOp::Ge if range < 0 => Some(cond == CondOp::Ge),
        _ => None,
    }
}

/// Packet data against its end, or metadata against the packet's start.
fn is_pair(pointer: &RegState, end: &RegState) -> bool {
    let is_start =
        end.ty.is(Base::Packet) && end.off == 0 && end.num.const_value() == Some(0) && end.id == 0;
    pointer.ty.is(Base::Packet) && end.ty.is(Base::PacketEnd)
        || pointer.ty.is(Base::PacketMeta) && is_start
}

/// What the comparison of `dst` with `src` teaches on either way.
pub(super) fn learn(
    ways: Ways<'_>,
    cond: CondOp,
    (dst_reg, dst): (Reg, &RegState),
    (src_reg, src): (Reg, &RegState),
) {
    let Ways { this, other } = ways;
    // Brought into the form `pointer cond end`.
    let (regno, pointer, cond, plain) = if is_pair(dst, src) {
        (dst_reg, dst, cond, true)
    } else if is_pair(src, dst) {
        (src_reg, src, cond.flipped(), false)
    } else {
        return;
    };
    let _ = plain;
    match cond {
        CondOp::Gt => {
            extend(this, pointer, false);
            mark_end(other, regno, true);
        }
        CondOp::Lt => {
            extend(other, pointer, true);
            mark_end(this, regno, false);
        }
        CondOp::Ge => {
            extend(this, pointer, true);
            mark_end(other, regno, false);
        }
        CondOp::Le => {
            extend(other, pointer, false);
            mark_end(this, regno, true);
        }
        _ => {}
    }
}

/// Below the end (`find_good_pkt_pointers`): all pointers of the same origin know that `pointer.off` bytes are there,
/// one more where the pointer itself is below the end.
fn extend(state: &mut State, pointer: &RegState, is_open: bool) {
    let off = pointer.off;
    if off < 0 || off == 0 && is_open {
        return;
    }
    let reach = pointer.num.umax.checked_add(off.unsigned_abs().into());
    if pointer.num.umax > MAX_PACKET_OFF || reach.is_none_or(|reach| reach > MAX_PACKET_OFF) {
        return;
    }
    let known = off + i32::from(is_open);
    let (ty, id): (RegType, u32) = (pointer.ty, pointer.id);
    state.for_each_reg(|reg| {
        if let Payload::Packet { range } = &mut reg.payload
            && reg.ty == ty
            && reg.id == id
        {
            *range = known.max(*range);
        }
    });
}

/// At the end or beyond (`mark_pkt_end`).
fn mark_end(state: &mut State, reg: Reg, is_beyond: bool) {
    let reg = state.reg_mut(reg);
    if reg.ty.is(Base::Packet) {
        let range = if is_beyond { BEYOND_PKT_END } else { AT_PKT_END };
        reg.payload = Payload::Packet { range };
    }
}
