//! `struct bpf_sock_ops` (`sock_ops_is_valid_access`).

use super::span::{Fields, Rule};
use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::state::Base;

const SK: (i32, i32) = (184, 192);
const SKB_DATA: (i32, i32) = (192, 200);
const SKB_DATA_END: (i32, i32) = (200, 208);

/// Fields that may be read.
static READ: Fields = Fields {
    size: 224,
    spans: &[
        // bytes_received, bytes_acked, sk
        (168, 192, Rule::Whole(8)),
        // skb_data, skb_data_end
        (192, 208, Rule::Whole(8)),
        // skb_tcp_flags
        (212, 213, Rule::Narrow(4)),
        // skb_hwtstamp
        (216, 224, Rule::Whole(8)),
    ],
    other: Rule::Whole(4),
};

/// `reply` and `sk_txhash` may be written.
static WRITE: Fields = Fields {
    size: 224,
    spans: &[(4, 5, Rule::Whole(4)), (164, 165, Rule::Whole(4))],
    other: Rule::No,
};

/// An access.
pub(super) fn access(query: &Query) -> Answer {
    let fields = if query.rw == Rw::Read { &READ } else { &WRITE };
    if !fields.allows(query.off, query.size) {
        return refused();
    }
    let is_in = |field: (i32, i32)| query.within(field.0, field.1);
    Ok(if is_in(SK) {
        Yields::or_null(Base::Socket)
    } else if is_in(SKB_DATA) {
        Yields::base(Base::Packet)
    } else if is_in(SKB_DATA_END) {
        Yields::base(Base::PacketEnd)
    } else {
        Yields::Number
    })
}
