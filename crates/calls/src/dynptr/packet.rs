//! `net/core/filter.c`: dynptrs of packets.

use skep_abi::{Errno, ProgType};
use skep_machine::{Kernel, Packet};
use skep_macros::calls;

use super::{Kind, Value};
use crate::arg::{NewDynptr, Skb, XdpMd};
use crate::filter;
use crate::ret::{Answer, Success};

/// Dynptrs of packets.
pub(crate) struct PacketDynptrs;

/// Types whose programs may write to their packets (`may_access_direct_pkt_data`).
const WRITERS: &[ProgType] =
    &[ProgType::SchedCls, ProgType::SchedAct, ProgType::LwtXmit, ProgType::SkSkb, ProgType::Xdp];

fn make(k: &Kernel<'_, '_>, flags: u64, ptr: NewDynptr, kind: Kind) -> Answer<Success> {
    if flags != 0 {
        Value::NULL.store(k, ptr.0)?;
        return Err(Errno::EINVAL.into());
    }
    let len = filter::packet(k, |packet| Packet::len(packet))?;
    let value = Value::new(k.run.ctx, kind, len as u32);
    let is_writer = WRITERS.contains(&k.run.prog_type);
    (if is_writer { value } else { value.read_only() }).store(k, ptr.0)?;
    Ok(Success)
}

#[calls(since = "6.4", gpl)]
impl PacketDynptrs {
    /// Makes a dynptr of the packet; read-only for programs that may not write to it. Returns 0.
    ///
    /// *Errors*: `EINVAL` for `flags` but 0; there is nothing behind the dynptr then.
    #[kfunc(
        hooks { TC, TRACING, CGROUP, SCHED_ACT, SK_SKB, SOCKET_FILTER, LWT, NETFILTER },
        flags { "6.4": TRUSTED_ARGS, "7.0": NONE },
        effect = DynptrFromSkb,
    )]
    fn bpf_dynptr_from_skb(
        k: &mut Kernel<'_, '_>,
        _s: Skb,
        flags: u64,
        ptr_uninit: NewDynptr,
    ) -> Answer<Success> {
        make(k, flags, ptr_uninit, Kind::Skb)
    }

    /// Makes a dynptr of the packet. Returns 0.
    ///
    /// *Errors*: `EINVAL` for `flags` but 0; there is nothing behind the dynptr then.
    #[kfunc(hooks { XDP }, flags { "6.4": NONE }, effect = DynptrFromXdp)]
    fn bpf_dynptr_from_xdp(
        k: &mut Kernel<'_, '_>,
        _x: XdpMd,
        flags: u64,
        ptr_uninit: NewDynptr,
    ) -> Answer<Success> {
        make(k, flags, ptr_uninit, Kind::Xdp)
    }
}
