//! What a call leaves unusable: registers, and pointers into packets that may have moved.

use skep_isa::Reg;

use super::refs::invalidate;
use crate::state::{Base, Frame, RegState, State};

/// Registers that a call does not preserve.
pub(crate) const CALLER_SAVED: [Reg; 6] = [Reg::R0, Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5];

/// Makes R0 to R5 unreadable (`clear_caller_saved_regs`).
pub(crate) fn caller_saved(frame: &mut Frame) {
    for reg in CALLER_SAVED {
        frame.regs[reg.at()] = RegState::not_init();
    }
}

/// Turns pointers into packets, and slices of dynptrs to packets, into numbers (`clear_all_pkt_pointers`).
pub(crate) fn packet_pointers(state: &mut State) {
    state.for_each_reg(|reg| {
        if points_to_packet(reg) {
            invalidate(reg);
        }
    });
}

fn points_to_packet(reg: &RegState) -> bool {
    use skep_abi::TypeFlags;
    let of_packet =
        TypeFlags::DYNPTR_TYPE_SKB | TypeFlags::DYNPTR_TYPE_XDP | TypeFlags::DYNPTR_TYPE_SKB_META;
    reg.ty.is_packet()
        || reg.ty.base == Base::PacketEnd
        || (reg.ty.base == Base::Mem && reg.ty.flags.intersects(of_packet))
}
