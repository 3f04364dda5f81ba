//! Packets: within the range that a comparison with their end proved (`check_packet_access`); and flow keys.

use skep_abi::{Errno, ProgType};
use skep_isa::Reg;

use super::mem::unknown;
use super::region::{NegativeIndex, Span};
use super::{Access, Rw};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::Payload;

/// Bytes of `struct bpf_flow_keys`.
const FLOW_KEYS_SIZE: i64 = 56;

rejections! {
    /// The program writes to a packet, and programs of its type may not.
    PacketWrite("packet-write", EACCES, help: "change the packet through a helper, or in a program type that may write it") {
    } => "cannot write into packet";

    /// The access lies outside of what the program has proven the packet to have.
    ///
    /// Before a packet is accessed, a pointer to the end of the access must be compared with `data_end`.
    PacketBounds("packet-out-of-bounds", EACCES, help: "compare the end of the access with data_end first") {
        first: String, regno: u8,
    } => "{first}R{regno} offset is outside of the packet";

    /// The access lies outside of the flow keys.
    FlowKeysBounds("flow-keys-out-of-bounds", EACCES, help: "stay within struct bpf_flow_keys") {
        off: i32, size: u32,
    } => "invalid access to flow keys off={off} size={size}";
}

/// Whether a program may use packet pointers (`may_access_direct_pkt_data`); `call` is asked for calls: whether the
/// call takes them.
pub(crate) fn may_access_packet(env: &mut Env<'_>, call: Option<bool>, rw: Rw) -> bool {
    let (may_read, may_write) = match env.prog.prog_type {
        ProgType::LwtIn
        | ProgType::LwtOut
        | ProgType::LwtSeg6local
        | ProgType::SkReuseport
        | ProgType::FlowDissector
        | ProgType::CgroupSkb => (true, false),
        ProgType::SchedCls
        | ProgType::SchedAct
        | ProgType::Xdp
        | ProgType::LwtXmit
        | ProgType::SkSkb
        | ProgType::SkMsg => (true, true),
        ProgType::CgroupSockopt => {
            env.seen_direct_write |= rw == Rw::Write;
            return true;
        }
        _ => (false, false),
    };
    if !(if rw == Rw::Read { may_read } else { may_write }) {
        return false;
    }
    if let Some(call_takes) = call {
        return call_takes;
    }
    env.seen_direct_write = true;
    true
}

/// A load or store.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    if access.rw == Rw::Write && !may_access_packet(env, None, Rw::Write) {
        return Err(PacketWrite {}.into());
    }
    check(env, access.base, Span { off, size: access.size, zero_ok: false })?;
    unknown(env, access);
    Ok(())
}

/// Checks that bytes lie within the proven part of the packet.
pub(super) fn check(env: &Env<'_>, regno: Reg, span: Span) -> Step {
    let reg = env.reg(regno);
    if reg.num.smin < 0 {
        return Err(NegativeIndex { regno: regno.0 }.into());
    }
    let range = match reg.payload {
        Payload::Packet { range } => range,
        _ => 0,
    };
    let regno = regno.0;
    let Ok(proven) = u32::try_from(range) else {
        let stop: Box<Stop> = PacketBounds { first: String::new(), regno }.into();
        return Err(stop.with_errno(Errno::EINVAL));
    };
    if span.is_within(0, proven).is_ok() {
        return Ok(());
    }
    let (Span { off, size, .. }, id) = (span, reg.id);
    let first = format!(
        "invalid access to packet, off={off} size={size}, R{regno}(id={id},off={off},r={proven})\n"
    );
    Err(PacketBounds { first, regno }.into())
}

/// A load or store of flow keys.
pub(super) fn flow_keys(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let size = access.size;
    if off < 0 || i64::from(off) + i64::from(size) > FLOW_KEYS_SIZE {
        return Err(FlowKeysBounds { off, size }.into());
    }
    unknown(env, access);
    Ok(())
}
