//! Bytes of an skb, copied out and in.

use skep_abi::Errno;
use skep_machine::Kernel;
use skep_machine::packet::SkbField;
use skep_macros::calls;

use super::{MAX_OFFSET, load, packet};
use crate::arg::{Anything, Ctx, ReadMem, Size, UninitMem};
use crate::ret::{Answer, Success};

/// `BPF_F_RECOMPUTE_CSUM`, `BPF_F_INVALIDATE_HASH`
const RECOMPUTE_CSUM: u64 = 1;
const INVALIDATE_HASH: u64 = 2;

/// Writes bytes of the packet, of which the kernel takes the offset as a `u32`.
pub(crate) fn store(k: &Kernel<'_, '_>, offset: u64, bytes: &[u8], flags: u64) -> Answer<()> {
    if flags & !(RECOMPUTE_CSUM | INVALIDATE_HASH) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let offset = u64::from(offset as u32);
    packet(k, |packet| {
        if offset > MAX_OFFSET || !packet.write(offset, bytes) {
            return Err(Errno::EFAULT);
        }
        // What is written becomes part of the linear bytes.
        let _ = packet.may_pull(offset + bytes.len() as u64);
        if flags & INVALIDATE_HASH != 0 {
            packet.set_ctx_word(SkbField::HASH, 0);
        }
        Ok(())
    })??;
    Ok(())
}

/// Copies.
pub(crate) struct SkbBytes;

#[calls(avail { SK_FILTER, TC, SkSkb, FlowDissector, LWT, SkReuseport })]
impl SkbBytes {
    /// Copies `len` bytes of the packet, from `offset` on, to `to`. Returns 0.
    ///
    /// *Errors*: `EFAULT` when they are not all there; `to` is zeroed then.
    #[helper(26, since = "4.5")]
    fn bpf_skb_load_bytes(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        offset: Anything,
        to: UninitMem,
        len: Size,
    ) -> Answer<Success> {
        let len = u64::from(len.cut());
        let bytes = packet(k, |packet| load(packet, offset.0, len))?;
        fill(k, to, len, bytes)
    }

    /// The same from the link layer header (`start_header` 0) or the network header (1), wherever the packet begins.
    ///
    /// *Errors*: `EFAULT` when the bytes are not all there, or for another header; `to` is zeroed then.
    #[helper(68, since = "4.18", avail { SK_FILTER, TC, SkReuseport })]
    fn bpf_skb_load_bytes_relative(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        offset: Anything,
        to: UninitMem,
        len: Size,
        start_header: Anything,
    ) -> Answer<Success> {
        let (len, offset) = (u64::from(len.cut()), u64::from(offset.0 as u32));
        let bytes = packet(k, |packet| {
            let start = match start_header.0 as u32 {
                0 => packet.mac_offset(),
                1 => packet.network_offset(),
                _ => return Err(Errno::EFAULT),
            };
            let mut bytes = vec![0; len.min(packet.len() + 64) as usize];
            let fits = offset <= 0xffff && bytes.len() as u64 == len;
            let is_there = fits && packet.read(start + offset.cast_signed(), &mut bytes);
            if is_there { Ok(bytes) } else { Err(Errno::EFAULT) }
        })?;
        fill(k, to, len, bytes)
    }

    /// Copies `len` bytes from `from` into the packet, at `offset`. Returns 0.
    ///
    /// `flags`: `BPF_F_RECOMPUTE_CSUM` (1), `BPF_F_INVALIDATE_HASH` (2), after which the packet's hash is 0.
    ///
    /// *Errors*: `EINVAL` for other flags, `EFAULT` when the packet is shorter.
    #[helper(9, since = "4.1", avail { TC, SkSkb, LwtXmit })]
    fn bpf_skb_store_bytes(
        k: &mut Kernel<'_, '_>,
        _skb: Ctx,
        offset: Anything,
        from: ReadMem,
        len: Size,
        flags: Anything,
    ) -> Answer<Success> {
        let bytes = k.run.memory().read_vec(from.0, u64::from(len.cut()))?;
        store(k, offset.0, &bytes, flags.0)?;
        Ok(Success)
    }

    /// Makes the first `len` bytes of the packet, or all that pointers reach when it is 0, accessible by pointers.
    /// Returns 0.
    ///
    /// *Errors*: `ENOMEM` when the packet is shorter.
    #[helper(39, since = "4.9", avail { TC, SkSkb, LWT_PLAIN, LwtSeg6local: "6.13" })]
    fn bpf_skb_pull_data(k: &mut Kernel<'_, '_>, _skb: Ctx, len: Anything) -> Answer<Success> {
        packet(k, |packet| match u64::from(len.0 as u32) {
            0 => Ok(()),
            len if packet.may_pull(len) => Ok(()),
            _ => Err(Errno::ENOMEM),
        })??;
        Ok(Success)
    }
}

/// Gives bytes to the program, zeroes where there are none.
fn fill(
    k: &Kernel<'_, '_>,
    to: UninitMem,
    len: u64,
    bytes: Result<Vec<u8>, Errno>,
) -> Answer<Success> {
    match bytes {
        Ok(bytes) => {
            k.run.memory().write(to.0, &bytes)?;
            Ok(Success)
        }
        Err(errno) => {
            k.run.memory().fill(to.0, len, 0)?;
            Err(errno.into())
        }
    }
}
