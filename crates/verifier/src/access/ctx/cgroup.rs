//! Contexts of programs attached to cgroups that see no packet: devices, sysctls, socket options
//! (`kernel/bpf/cgroup.c`).

use skep_abi::AttachType;

use super::span::{Fields, Rule};
use super::traced::read_only;
use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::state::Base;

/// `struct bpf_cgroup_dev_ctx`: `access_type` may be read in parts.
static DEVICE: Fields =
    Fields { size: 12, spans: &[(0, 4, Rule::Narrow(4))], other: Rule::Whole(4) };

/// `struct bpf_sysctl`: `write` and `file_pos`.
static SYSCTL: Fields = Fields { size: 8, spans: &[], other: Rule::Narrow(4) };

/// `struct bpf_sockopt`: three pointers, then `level`, `optname`, `optlen`, `retval`.
static SOCKOPT: Fields =
    Fields { size: 40, spans: &[(0, 24, Rule::Whole(8))], other: Rule::Whole(4) };

const FILE_POS: (i32, i32) = (4, 8);
const LEVEL: i32 = 24;
const OPTNAME: i32 = 28;
const OPTLEN: i32 = 32;
const RETVAL: i32 = 36;

/// `cgroup_dev_is_valid_access`.
pub(super) fn device(query: &Query) -> Answer {
    if read_only(&DEVICE, query) { Ok(Yields::Number) } else { refused() }
}

/// `sysctl_is_valid_access`.
pub(super) fn sysctl(query: &Query) -> Answer {
    let writes_position =
        query.rw == Rw::Write && query.within(FILE_POS.0, FILE_POS.1) && query.size == 4;
    let is_fine = read_only(&SYSCTL, query) || (writes_position && query.is_aligned());
    if is_fine { Ok(Yields::Number) } else { refused() }
}

/// `cg_sockopt_is_valid_access`.
pub(super) fn sockopt(query: &Query) -> Answer {
    if !SOCKOPT.allows(query.off, query.size) {
        return refused();
    }
    let gets = query.attach_type == AttachType::CgroupGetsockopt;
    let sets = query.attach_type == AttachType::CgroupSetsockopt;
    let is_fine = match (query.rw, query.off) {
        (_, RETVAL) => gets,
        (Rw::Write, LEVEL | OPTNAME) => sets,
        (Rw::Write, OPTLEN) | (Rw::Read, _) => true,
        (Rw::Write, _) => false,
    };
    if !is_fine {
        return refused();
    }
    Ok(match query.off {
        0 => Yields::base(Base::Socket),
        8 => Yields::base(Base::Packet),
        16 => Yields::base(Base::PacketEnd),
        _ => Yields::Number,
    })
}
