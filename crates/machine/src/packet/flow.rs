//! What a flow dissector sees: bytes, and the keys that it fills (`struct bpf_flow_keys`).

use super::skb::{ETH_HLEN, SKB_CTX_SIZE, SkbField};
use super::{Packet, PacketKind, Packets};
use crate::memory::{OutOfMemory, Width};

/// Bytes of `struct bpf_flow_keys`.
pub const FLOW_KEYS_SIZE: u64 = 56;
/// Offsets in it.
const NHOFF: u64 = 0;
const THOFF: u64 = 2;
const N_PROTO: u64 = 10;
const FLAGS: u64 = 48;

impl Packets {
    /// Makes what a test of a flow dissector gets.
    ///
    /// # Errors
    /// When the machine has no room.
    pub fn flow(&self, frame: &[u8]) -> Result<Packet, OutOfMemory> {
        let (kind, len) = (PacketKind::FlowDissector, frame.len() as u64);
        let packet = self.make(kind, 64, frame, len, SKB_CTX_SIZE, FLOW_KEYS_SIZE)?;
        if let Some(keys) = &packet.companion {
            packet.ctx.store(0, SkbField::FLOW_KEYS, Width::Dw, keys.addr(0).0);
        }
        Ok(packet)
    }
}

impl Packet {
    /// Sets the keys as they are before a run.
    pub fn begin_flow(&mut self, flags: u32) {
        let Some(keys) = &self.companion else { return };
        keys.clear(0);
        let mut protocol = [0; 2];
        // The test begins with an Ethernet header, of which the kernel knows the protocol already.
        let _ = self.read(12, &mut protocol);
        keys.write(0, N_PROTO, &protocol);
        keys.store(0, NHOFF, Width::H, ETH_HLEN);
        keys.store(0, THOFF, Width::H, ETH_HLEN);
        keys.store(0, FLAGS, Width::W, u64::from(flags));
    }

    /// The keys after a run: offsets lie in the packet (`bpf_flow_dissect`).
    #[must_use]
    pub fn end_flow(&mut self) -> Vec<u8> {
        let Some(keys) = &self.companion else { return Vec::new() };
        let nhoff = keys.load(0, NHOFF, Width::H).clamp(ETH_HLEN, self.len());
        keys.store(0, NHOFF, Width::H, nhoff);
        let thoff = keys.load(0, THOFF, Width::H).clamp(nhoff, self.len());
        keys.store(0, THOFF, Width::H, thoff);
        keys.bytes(0)[..FLOW_KEYS_SIZE as usize].to_vec()
    }
}
