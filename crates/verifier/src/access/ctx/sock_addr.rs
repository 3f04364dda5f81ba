//! `struct bpf_sock_addr`: bind, connect, sendmsg, recvmsg, getpeername, getsockname
//! (`sock_addr_is_valid_access`).

use skep_abi::AttachType;

use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::state::Base;

const USER_FAMILY: (i32, i32) = (0, 4);
const USER_IP4: (i32, i32) = (4, 8);
const USER_IP6: (i32, i32) = (8, 24);
const USER_PORT: (i32, i32) = (24, 28);
/// `family`, `type`, `protocol`.
const SOCKET_KIND: (i32, i32) = (28, 40);
const MSG_SRC_IP4: (i32, i32) = (40, 44);
const MSG_SRC_IP6: (i32, i32) = (44, 60);
const SK: (i32, i32) = (64, 72);
const SIZE: i32 = 72;

/// An access.
pub(super) fn access(query: &Query) -> Answer {
    if !query.within(0, SIZE) || !query.is_aligned() || !is_of_family(query) {
        return refused();
    }
    let is_in = |field: (i32, i32)| query.within(field.0, field.1);
    let size = query.size;
    let reads = query.rw == Rw::Read;
    if [USER_IP4, USER_IP6, USER_PORT, MSG_SRC_IP4, MSG_SRC_IP6].into_iter().any(is_in) {
        let is_wide = |field: (i32, i32)| size == 8 && is_in(field) && query.off + 8 <= field.1;
        let is_fine =
            is_wide(USER_IP6) || is_wide(MSG_SRC_IP6) || if reads { size <= 4 } else { size == 4 };
        return if is_fine { Ok(Yields::Number) } else { refused() };
    }
    if !reads {
        return refused();
    }
    if is_in(SK) {
        return if size == 8 { Ok(Yields::base(Base::Socket)) } else { refused() };
    }
    let is_kind = is_in(USER_FAMILY) || is_in(SOCKET_KIND);
    if is_kind && size == 4 { Ok(Yields::Number) } else { refused() }
}

/// Addresses can be accessed only where sockets of their family come by.
fn is_of_family(query: &Query) -> bool {
    use AttachType as A;
    let is_in = |field: (i32, i32)| query.within(field.0, field.1);
    let attach = query.attach_type;
    if is_in(USER_IP4) {
        return matches!(
            attach,
            A::CgroupInet4Bind
                | A::CgroupInet4Connect
                | A::CgroupInet4Getpeername
                | A::CgroupInet4Getsockname
                | A::CgroupUdp4Sendmsg
                | A::CgroupUdp4Recvmsg
        );
    }
    if is_in(USER_IP6) {
        return matches!(
            attach,
            A::CgroupInet6Bind
                | A::CgroupInet6Connect
                | A::CgroupInet6Getpeername
                | A::CgroupInet6Getsockname
                | A::CgroupUdp6Sendmsg
                | A::CgroupUdp6Recvmsg
        );
    }
    if is_in(MSG_SRC_IP4) {
        return attach == A::CgroupUdp4Sendmsg;
    }
    !is_in(MSG_SRC_IP6) || attach == A::CgroupUdp6Sendmsg
}
