//! Flow dissectors: the packet and the keys of `struct __sk_buff` only (`flow_dissector_is_valid_access`).

use super::skb::{DATA, DATA_END, FLOW_KEYS};
use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::state::Base;

/// An access.
pub(super) fn access(query: &Query) -> Answer {
    if query.rw == Rw::Write || !query.is_aligned() {
        return refused();
    }
    let is_in = |field: (i32, i32)| query.within(field.0, field.1);
    let is_packet_load = query.size == 4 && !query.sign_extend;
    if is_in(DATA) && is_packet_load {
        return Ok(Yields::base(Base::Packet));
    }
    if is_in(DATA_END) && is_packet_load {
        return Ok(Yields::base(Base::PacketEnd));
    }
    if is_in(FLOW_KEYS) && query.size == 8 {
        return Ok(Yields::base(Base::FlowKeys));
    }
    refused()
}
