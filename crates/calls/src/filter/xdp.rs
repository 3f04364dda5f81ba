//! XDP buffers.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_macros::calls;

use super::packet;
use crate::arg::{Anything, Ctx, ReadMem, Size, UninitMem};
use crate::ret::{Answer, Success};

/// Offsets and lengths are at most this.
const MAX: u64 = 0xffff;

/// XDP buffers.
pub(crate) struct XdpCalls;

#[calls(avail { Xdp })]
impl XdpCalls {
    /// Moves the start of the packet by `delta` bytes, with the metadata before it. Returns 0.
    ///
    /// *Errors*: `EINVAL` where there is no room before the packet, or less than an Ethernet header is left.
    #[helper(44, since = "4.10")]
    fn bpf_xdp_adjust_head(k: &mut Kernel<'_, '_>, _xdp: Ctx, delta: Anything) -> Answer<Success> {
        packet(k, |packet| packet.adjust_head(delta.0 as i32))??;
        Ok(Success)
    }

    /// Moves the start of the metadata by `delta` bytes. Returns 0.
    ///
    /// *Errors*: `EINVAL` outside of the room before the packet, `EACCES` for more than 255 bytes or no multiple of 4.
    #[helper(54, since = "4.15")]
    fn bpf_xdp_adjust_meta(k: &mut Kernel<'_, '_>, _xdp: Ctx, delta: Anything) -> Answer<Success> {
        packet(k, |packet| packet.adjust_meta(delta.0 as i32))??;
        Ok(Success)
    }

    /// Moves the end of the packet by `delta` bytes; new ones are zero. Returns 0.
    ///
    /// *Errors*: `EINVAL` where there is no room after the packet, or less than an Ethernet header is left.
    // DEVIATION(linux): the end of a packet of several fragments cannot be moved.
    #[helper(65, since = "4.18")]
    fn bpf_xdp_adjust_tail(k: &mut Kernel<'_, '_>, _xdp: Ctx, delta: Anything) -> Answer<Success> {
        packet(k, |packet| packet.adjust_tail(delta.0 as i32))??;
        Ok(Success)
    }

    /// Copies `len` bytes of the packet, from `offset` on, to `buf`, across fragments. Returns 0.
    ///
    /// *Errors*: `EFAULT` for an offset or length above 65535, `EINVAL` when the packet is shorter.
    #[helper(189, since = "5.18")]
    fn bpf_xdp_load_bytes(
        k: &mut Kernel<'_, '_>,
        _xdp: Ctx,
        offset: Anything,
        buf: UninitMem,
        len: Size,
    ) -> Answer<Success> {
        let (offset, len) = (u64::from(offset.0 as u32), u64::from(len.cut()));
        if offset > MAX || len > MAX {
            return Err(Errno::EFAULT.into());
        }
        let mut bytes = vec![0; len as usize];
        let found = packet(k, |packet| packet.read(offset.cast_signed(), &mut bytes))?;
        if !found {
            return Err(Errno::EINVAL.into());
        }
        k.run.memory().write(buf.0, &bytes)?;
        Ok(Success)
    }

    /// Copies `len` bytes from `buf` into the packet, at `offset`, across fragments. Returns 0.
    ///
    /// *Errors*: as for `bpf_xdp_load_bytes`.
    #[helper(190, since = "5.18")]
    fn bpf_xdp_store_bytes(
        k: &mut Kernel<'_, '_>,
        _xdp: Ctx,
        offset: Anything,
        buf: ReadMem,
        len: Size,
    ) -> Answer<Success> {
        let (offset, len) = (u64::from(offset.0 as u32), u64::from(len.cut()));
        if offset > MAX || len > MAX {
            return Err(Errno::EFAULT.into());
        }
        let bytes = k.run.memory().read_vec(buf.0, len)?;
        match packet(k, |packet| packet.write(offset, &bytes))? {
            true => Ok(Success),
            false => Err(Errno::EINVAL.into()),
        }
    }
}
