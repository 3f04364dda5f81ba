//! Sockets as the uapi shows them: `struct bpf_sock`, `bpf_tcp_sock`, `bpf_xdp_sock` (`check_sock_access`).

use super::ctx::span::{Fields, Rule};
use super::mem::{WriteReadOnly, unknown};
use super::region::NegativeIndex;
use super::{Access, Rw};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::Base;

rejections! {
    /// A field of a socket that does not exist, or not with that size, is read.
    SocketField("socket-field", EACCES, help: "read a field of the uapi struct with the field's size") {
        regno: u8, ty: String, off: i32, size: u32,
    } => "R{regno} invalid {ty} access off={off} size={size}";
}

/// `struct bpf_sock`: 80 bytes.
pub(super) static SOCK: Fields = Fields {
    size: 80,
    spans: &[
        // family, type, protocol, and src_ip4 to src_port
        (4, 16, Rule::Start(4)),
        (24, 44, Rule::Narrow(4)),
        (44, 48, Rule::Start(4)),
        // dst_port is two bytes, but four may be read
        (48, 50, Rule::NarrowOrFour),
        (50, 52, Rule::No),
        (52, 72, Rule::Narrow(4)),
        // state, rx_queue_mapping
        (72, 80, Rule::Start(4)),
    ],
    other: Rule::Whole(4),
};

/// `struct bpf_tcp_sock` up to `icsk_retransmits`.
static TCP_SOCK: Fields = Fields {
    size: 112,
    spans: &[(80, 81, Rule::Whole(8)), (88, 89, Rule::Whole(8))],
    other: Rule::Whole(4),
};

/// `struct bpf_xdp_sock`.
static XDP_SOCK: Fields = Fields { size: 4, spans: &[], other: Rule::Whole(4) };

/// A load.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let reg = env.reg(access.base);
    let (ty, regno) = (reg.ty, access.base.0);
    if access.rw == Rw::Write {
        return Err(WriteReadOnly { regno, ty: ty.to_string() }.into());
    }
    if reg.num.smin < 0 {
        return Err(NegativeIndex { regno }.into());
    }
    let size = access.size;
    let is_valid = match ty.base {
        // type to priority are those of full sockets
        Base::SockCommon if (8..24).contains(&off) => false,
        Base::Socket | Base::SockCommon => SOCK.allows(off, size),
        Base::TcpSock => TCP_SOCK.allows(off, size),
        _ => XDP_SOCK.allows(off, size),
    };
    if !is_valid {
        return Err(SocketField { regno, ty: ty.to_string(), off, size }.into());
    }
    unknown(env, access);
    Ok(())
}
