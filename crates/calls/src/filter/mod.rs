//! `net/core/filter.c`: what network programs do with their packets and sockets.

mod bytes;
mod change;
mod csum;
mod fib;
mod redirect;
mod sk_lookup;
mod tunnel;
mod xdp;

use skep_abi::Errno;
use skep_machine::{Fault, Kernel, Packet};

pub(crate) use bytes::{SkbBytes, store};
pub(crate) use change::SkbChange;
pub(crate) use csum::Csum;
pub(crate) use fib::Routes;
pub(crate) use redirect::Redirects;
pub(crate) use sk_lookup::SkLookups;
pub(crate) use tunnel::Tunnels;
pub(crate) use xdp::XdpCalls;

/// Offsets above this are none (`INT_MAX`).
const MAX_OFFSET: u64 = 0x7fff_ffff;

/// Lets a call have the packet of the program's context.
pub(crate) fn packet<T>(
    k: &Kernel<'_, '_>,
    act: impl FnOnce(&mut Packet) -> T,
) -> Result<T, Fault> {
    k.run.machine.packets().with(k.run.ctx, act)
}

/// Bytes of the packet, of which the kernel takes the offset as a `u32`.
pub(crate) fn load(packet: &Packet, offset: u64, len: u64) -> Result<Vec<u8>, Errno> {
    let offset = u64::from(offset as u32);
    if offset > MAX_OFFSET || offset + len > packet.len() {
        return Err(Errno::EFAULT);
    }
    let mut bytes = vec![0; len as usize];
    if packet.read(offset.cast_signed(), &mut bytes) { Ok(bytes) } else { Err(Errno::EFAULT) }
}
