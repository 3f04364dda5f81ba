//! Packets: pointers that the context yields, and loads by offset (`bpf_skb_load_helper_*` of `net/core/filter.c`).

use skep_abi::Addr;
use skep_isa::Size;
use skep_machine::Run;
use skep_machine::packet::Pointers;
use skep_machine::packet::ctx;

use crate::{Program, TrapKind};

/// Offsets from here on count from the network header, those below from the link layer header (`SKF_NET_OFF`).
const NET_OFF: i32 = -0x10_0000;
/// Offsets from here on to [`NET_OFF`] count from the link layer header (`SKF_LL_OFF`).
const LL_OFF: i32 = -0x20_0000;

/// The packet pointers of the run, for programs that see a packet.
#[inline]
pub(crate) fn pointers(run: &Run<'_>, program: &Program) -> Option<Pointers> {
    ctx::has_packet(program.prog_type()).then(|| run.machine.packets().pointers(run.ctx)).flatten()
}

/// Bytes of the packet in network order; `None` where they are not there.
pub(crate) fn load(
    run: &Run<'_>,
    ctx: Addr,
    size: Size,
    offset: i32,
) -> Result<Option<u64>, TrapKind> {
    let mut bytes = [0; 8];
    let len = size.bytes() as usize;
    let found = run.machine.packets().with(ctx, |packet| {
        let offset = i64::from(offset);
        let at = match offset {
            0.. => Some(offset),
            _ if offset >= NET_OFF.into() => {
                Some(packet.network_offset() + offset - i64::from(NET_OFF))
            }
            _ if offset >= LL_OFF.into() => Some(packet.mac_offset() + offset - i64::from(LL_OFF)),
            _ => None,
        };
        at.is_some_and(|at| packet.read(at, &mut bytes[8 - len..]))
    })?;
    Ok(found.then(|| u64::from_be_bytes(bytes)))
}
