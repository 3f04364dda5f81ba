//! `struct __sk_buff`: socket filters, traffic control, cgroups, tunnels and stream parsers
//! (`bpf_skb_is_valid_access` and the functions around it in `net/core/filter.c`).

use skep_abi::ProgType;

use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::state::Base;

/// A field: first offset and end.
type Field = (i32, i32);

const MARK: Field = (8, 12);
const QUEUE_MAPPING: Field = (12, 16);
const PRIORITY: Field = (32, 36);
const TC_INDEX: Field = (44, 48);
const CB: Field = (48, 68);
const TC_CLASSID: Field = (72, 76);
pub(super) const DATA: Field = (76, 80);
pub(super) const DATA_END: Field = (80, 84);
const FAMILY_TO_LOCAL_PORT: Field = (88, 140);
const ADDRESSES: Field = (92, 132);
const DATA_META: Field = (140, 144);
pub(super) const FLOW_KEYS: Field = (144, 152);
const TSTAMP: Field = (152, 160);
const WIRE_LEN: Field = (160, 164);
const SK: Field = (168, 176);
const TSTAMP_TYPE: i32 = 180;
const HWTSTAMP: Field = (184, 192);
/// Bytes of the struct.
pub(super) const SIZE: i32 = 192;

/// What one type of program may do.
struct Rules {
    /// Fields that it may not touch.
    hidden: &'static [Field],
    /// Fields that it may write.
    writable: &'static [Field],
    /// Whether it sees the packet.
    has_packet: bool,
}

const SOCKET_FILTER: Rules = Rules {
    hidden: &[
        TC_CLASSID,
        DATA,
        DATA_META,
        DATA_END,
        FAMILY_TO_LOCAL_PORT,
        TSTAMP,
        WIRE_LEN,
        HWTSTAMP,
    ],
    writable: &[CB],
    has_packet: false,
};

const TRAFFIC_CONTROL: Rules = Rules {
    hidden: &[FAMILY_TO_LOCAL_PORT],
    writable: &[MARK, TC_INDEX, PRIORITY, TC_CLASSID, CB, TSTAMP, QUEUE_MAPPING],
    has_packet: true,
};

const CGROUP: Rules = Rules {
    hidden: &[TC_CLASSID, DATA_META, WIRE_LEN],
    writable: &[MARK, PRIORITY, CB, TSTAMP],
    has_packet: true,
};

const TUNNEL: Rules = Rules {
    hidden: &[TC_CLASSID, FAMILY_TO_LOCAL_PORT, DATA_META, TSTAMP, WIRE_LEN, HWTSTAMP],
    writable: &[MARK, PRIORITY, CB],
    has_packet: true,
};

const STREAM: Rules = Rules {
    hidden: &[TC_CLASSID, DATA_META, TSTAMP, WIRE_LEN, HWTSTAMP, MARK],
    writable: &[TC_INDEX, PRIORITY],
    has_packet: true,
};

/// An access by a program of one of these types.
pub(super) fn access(query: &Query) -> Answer {
    let rules = match query.prog_type {
        ProgType::SocketFilter => SOCKET_FILTER,
        ProgType::SchedCls | ProgType::SchedAct => TRAFFIC_CONTROL,
        ProgType::CgroupSkb => CGROUP,
        ProgType::SkSkb => STREAM,
        _ => TUNNEL,
    };
    let is_in = |field: &Field| query.within(field.0, field.1);
    if rules.hidden.iter().any(is_in) {
        return refused();
    }
    if query.rw == Rw::Write && !rules.writable.iter().any(is_in) {
        return refused();
    }
    let is_traffic_control = matches!(query.prog_type, ProgType::SchedCls | ProgType::SchedAct);
    if is_traffic_control && query.off == TSTAMP_TYPE {
        return if query.size == 1 { Ok(Yields::Number) } else { refused() };
    }
    let yields = match query.off {
        at if is_in(&SK) => {
            debug_assert!(at >= 0);
            Yields::or_null(Base::SockCommon)
        }
        _ if !rules.has_packet => Yields::Number,
        _ if is_in(&DATA) => Yields::base(Base::Packet),
        _ if is_in(&DATA_END) => Yields::base(Base::PacketEnd),
        _ if is_in(&DATA_META) => Yields::base(Base::PacketMeta),
        _ => Yields::Number,
    };
    if is_valid(query) { Ok(yields) } else { refused() }
}

/// What holds for all (`bpf_skb_is_valid_access`).
fn is_valid(query: &Query) -> bool {
    let Query { off, size, rw, .. } = *query;
    if !query.within(0, SIZE) || !query.is_aligned() {
        return false;
    }
    let is_in = |field: Field| query.within(field.0, field.1);
    if is_in(CB) {
        return off + size as i32 <= CB.1;
    }
    if is_in(DATA) || is_in(DATA_META) || is_in(DATA_END) {
        return !query.sign_extend && size == 4;
    }
    if is_in(ADDRESSES) {
        return size == 4;
    }
    if is_in(HWTSTAMP) || is_in(SK) {
        return rw == Rw::Read && size == 8;
    }
    if is_in(TSTAMP) {
        return size == 8;
    }
    // The padding after tstamp_type too.
    if is_in(FLOW_KEYS) || query.within(TSTAMP_TYPE, HWTSTAMP.0) {
        return false;
    }
    if rw == Rw::Write { size == 4 } else { size <= 4 }
}
