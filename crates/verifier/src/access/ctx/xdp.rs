//! `struct xdp_md` (`xdp_is_valid_access`).

use skep_abi::AttachType;

use super::span::{Fields, Rule};
use super::traced::read_only;
use super::{Answer, Query, Yields, refused};
use crate::state::Base;

static XDP_MD: Fields = Fields { size: 24, spans: &[], other: Rule::Whole(4) };

const DATA: i32 = 0;
const DATA_END: i32 = 4;
const DATA_META: i32 = 8;
const EGRESS_IFINDEX: i32 = 20;

/// An access.
pub(super) fn access(query: &Query) -> Answer {
    let yields = match query.off {
        EGRESS_IFINDEX if query.attach_type != AttachType::XdpDevmap => return refused(),
        DATA => Yields::base(Base::Packet),
        DATA_END => Yields::base(Base::PacketEnd),
        DATA_META => Yields::base(Base::PacketMeta),
        _ => Yields::Number,
    };
    let is_pointer = yields != Yields::Number;
    if read_only(&XDP_MD, query) && !(is_pointer && query.sign_extend) {
        Ok(yields)
    } else {
        refused()
    }
}
