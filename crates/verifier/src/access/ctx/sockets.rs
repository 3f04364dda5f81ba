//! Sockets as contexts: creation and bind in a cgroup, messages, choice of a socket of a group, lookup.

use skep_abi::AttachType;

use super::span::{Fields, Rule};
use super::traced::read_only;
use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::access::socket::SOCK;
use crate::state::Base;

/// `struct sk_msg_md`.
static SK_MSG: Fields = Fields {
    size: 80,
    spans: &[(0, 16, Rule::Whole(8)), (16, 72, Rule::Whole(4)), (72, 80, Rule::Whole(8))],
    other: Rule::No,
};

/// `struct sk_reuseport_md`.
static SK_REUSEPORT: Fields = Fields {
    size: 56,
    spans: &[
        // data, data_end
        (0, 1, Rule::Whole(8)),
        (8, 9, Rule::Whole(8)),
        // len
        (16, 20, Rule::Narrow(4)),
        // eth_protocol, of which one byte alone makes no sense
        (20, 24, Rule::Between(2, 4)),
        // ip_protocol, bind_inany
        (24, 32, Rule::Narrow(4)),
        // hash
        (32, 33, Rule::Whole(4)),
        // sk, migrating_sk
        (40, 41, Rule::Whole(8)),
        (48, 49, Rule::Whole(8)),
    ],
    other: Rule::No,
};

/// `struct bpf_sk_lookup`.
static SK_LOOKUP: Fields = Fields {
    size: 72,
    spans: &[
        // sk
        (0, 8, Rule::Whole(8)),
        // family, protocol, remote_ip4, remote_ip6
        (8, 36, Rule::Narrow(4)),
        // remote_port is two bytes, but four may be read; then padding
        (36, 38, Rule::NarrowOrFour),
        (38, 40, Rule::Narrow(2)),
        // local_ip4, local_ip6, local_port, ingress_ifindex
        (40, 68, Rule::Narrow(4)),
    ],
    other: Rule::No,
};

/// `sock_filter_is_valid_access`.
pub(super) fn cgroup_sock(query: &Query) -> Answer {
    use AttachType as A;
    if !SOCK.allows(query.off, query.size) {
        return refused();
    }
    // 0 means creation (`bpf_prog_load_fixup_attach_type`).
    let attach = match query.attach_type {
        A::CgroupInetIngress => A::CgroupInetSockCreate,
        attach => attach,
    };
    let is_fine = match query.off {
        // bound_dev_if, mark, priority
        0 | 16 | 20 => matches!(attach, A::CgroupInetSockCreate | A::CgroupInetSockRelease),
        // src_ip4, src_ip6, src_port
        24..28 => attach == A::CgroupInet4PostBind && query.rw == Rw::Read,
        28..44 => attach == A::CgroupInet6PostBind && query.rw == Rw::Read,
        44..48 => {
            matches!(attach, A::CgroupInet4PostBind | A::CgroupInet6PostBind)
                && query.rw == Rw::Read
        }
        _ => query.rw == Rw::Read,
    };
    if is_fine { Ok(Yields::Number) } else { refused() }
}

/// `sk_msg_is_valid_access`.
pub(super) fn sk_msg(query: &Query) -> Answer {
    if !read_only(&SK_MSG, query) {
        return refused();
    }
    Ok(match query.off {
        0..8 => Yields::base(Base::Packet),
        8..16 => Yields::base(Base::PacketEnd),
        72..80 => Yields::base(Base::Socket),
        _ => Yields::Number,
    })
}

/// `sk_reuseport_is_valid_access`.
pub(super) fn sk_reuseport(query: &Query) -> Answer {
    if !read_only(&SK_REUSEPORT, query) {
        return refused();
    }
    Ok(match query.off {
        0 => Yields::base(Base::Packet),
        8 => Yields::base(Base::PacketEnd),
        40 => Yields::base(Base::Socket),
        48 => Yields::or_null(Base::SockCommon),
        _ => Yields::Number,
    })
}

/// `sk_lookup_is_valid_access`.
pub(super) fn sk_lookup(query: &Query) -> Answer {
    if !read_only(&SK_LOOKUP, query) {
        return refused();
    }
    Ok(if query.off == 0 { Yields::or_null(Base::Socket) } else { Yields::Number })
}
