//! `struct xdp_buff` as `struct xdp_md` shows it.

use skep_abi::Errno;

use super::skb::ETH_HLEN;
use super::{Packet, PacketKind, Packets};
use crate::memory::OutOfMemory;

/// Bytes of `struct xdp_md`.
pub const XDP_CTX_SIZE: u64 = 24;
/// Bytes before the packet (`XDP_PACKET_HEADROOM`).
pub const XDP_HEADROOM: u64 = 256;
/// Bytes of a frame: a page.
pub const XDP_FRAME_SIZE: u64 = 4096;
/// Bytes at a frame's end that belong to `struct skb_shared_info`.
pub(crate) const TAILROOM: u64 = 320;
/// Bytes at a frame's start that `struct xdp_frame` may need.
const FRAME_HEADER: u64 = 40;
/// Metadata at most (`xdp_metalen_invalid`).
const MAX_METALEN: u64 = 255;
/// Bytes of a packet that lie in the frame at most.
pub(crate) const MAX_LINEAR: u64 = XDP_FRAME_SIZE - XDP_HEADROOM - TAILROOM;

/// Whether there cannot be this much metadata.
pub(crate) const fn is_bad_metalen(len: u64) -> bool {
    len > MAX_METALEN || !len.is_multiple_of(4)
}

impl Packets {
    /// Makes the packet that a test of an XDP program gets: `frame` begins with `metalen` bytes of metadata.
    ///
    /// # Errors
    /// When the machine has no room.
    pub fn xdp(&self, frame: &[u8], metalen: u64) -> Result<Packet, OutOfMemory> {
        let headroom = XDP_HEADROOM - metalen;
        let mut packet =
            self.make(PacketKind::Xdp, headroom, frame, MAX_LINEAR + metalen, XDP_CTX_SIZE, 0)?;
        packet.data += metalen;
        packet.limit = XDP_FRAME_SIZE - TAILROOM;
        packet.settle();
        Ok(packet)
    }
}

impl Packet {
    /// `bpf_xdp_adjust_head`
    ///
    /// # Errors
    /// `EINVAL` without room.
    pub fn adjust_head(&mut self, offset: i32) -> Result<(), Errno> {
        let metalen = self.metalen();
        let data = self.data.checked_add_signed(offset.into()).ok_or(Errno::EINVAL)?;
        if data < FRAME_HEADER + metalen || data + ETH_HLEN > self.linear_end {
            return Err(Errno::EINVAL);
        }
        let mut meta = vec![0; metalen as usize];
        self.buffer.read(0, self.meta, &mut meta);
        self.buffer.write(0, data - metalen, &meta);
        (self.meta, self.data) = (data - metalen, data);
        self.settle();
        Ok(())
    }

    /// `bpf_xdp_adjust_meta`
    ///
    /// # Errors
    /// `EINVAL` outside of the room before the packet, `EACCES` for a length that metadata cannot have.
    pub fn adjust_meta(&mut self, offset: i32) -> Result<(), Errno> {
        let meta = self.meta.checked_add_signed(offset.into()).ok_or(Errno::EINVAL)?;
        if meta < FRAME_HEADER || meta > self.data {
            return Err(Errno::EINVAL);
        }
        if is_bad_metalen(self.data - meta) {
            return Err(Errno::EACCES);
        }
        self.meta = meta;
        self.settle();
        Ok(())
    }

    /// `bpf_xdp_adjust_tail` of a packet that lies in one frame.
    ///
    /// # Errors
    /// `EINVAL` without room, and where too little would be left.
    pub fn adjust_tail(&mut self, offset: i32) -> Result<(), Errno> {
        let len = self.len().checked_add_signed(offset.into()).ok_or(Errno::EINVAL)?;
        if len < ETH_HLEN || self.end != self.linear_end || !self.resize(len) {
            return Err(Errno::EINVAL);
        }
        Ok(())
    }
}
