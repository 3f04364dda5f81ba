//! `struct sk_buff` as `struct __sk_buff` shows it, and how a packet becomes one (`net/ethernet/eth.c`).

use super::{Packet, PacketKind, Packets};
use crate::memory::{OutOfMemory, Width};

/// Bytes of an Ethernet header.
pub const ETH_HLEN: u64 = 14;
/// Bytes of `struct __sk_buff`.
pub const SKB_CTX_SIZE: u64 = 192;
/// Bytes before the packet in a fresh buffer: `NET_SKB_PAD`, and a page for a packet that needs more, which the kernel
/// would allocate then. The packet's place within its page is the kernel's.
const HEADROOM: u64 = 4096 + 64;
/// Bytes of `struct bpf_sock`.
const SOCK_SIZE: u64 = 80;

/// Offsets in `struct __sk_buff`.
#[derive(Clone, Copy, Debug)]
pub struct SkbField;

#[expect(missing_docs, reason = "they have the names of the uapi")]
impl SkbField {
    pub const LEN: u64 = 0;
    pub const PKT_TYPE: u64 = 4;
    pub const MARK: u64 = 8;
    pub const QUEUE_MAPPING: u64 = 12;
    pub const PROTOCOL: u64 = 16;
    pub const VLAN_PRESENT: u64 = 20;
    pub const VLAN_TCI: u64 = 24;
    pub const VLAN_PROTO: u64 = 28;
    pub const PRIORITY: u64 = 32;
    pub const INGRESS_IFINDEX: u64 = 36;
    pub const IFINDEX: u64 = 40;
    pub const TC_INDEX: u64 = 44;
    pub const CB: u64 = 48;
    pub const HASH: u64 = 68;
    pub const TC_CLASSID: u64 = 72;
    pub const DATA: u64 = 76;
    pub const DATA_END: u64 = 80;
    pub const FAMILY: u64 = 88;
    pub const REMOTE_IP4: u64 = 92;
    pub const LOCAL_IP4: u64 = 96;
    pub const REMOTE_IP6: u64 = 100;
    pub const LOCAL_IP6: u64 = 116;
    pub const DATA_META: u64 = 140;
    pub const FLOW_KEYS: u64 = 144;
    pub const TSTAMP: u64 = 152;
    pub const WIRE_LEN: u64 = 160;
    pub const GSO_SEGS: u64 = 164;
    pub const SK: u64 = 168;
    pub const GSO_SIZE: u64 = 176;
    pub const TSTAMP_TYPE: u64 = 180;
    pub const HWTSTAMP: u64 = 184;
}

/// Offsets in `struct bpf_sock`.
mod sock {
    pub(super) const FAMILY: u64 = 4;
    pub(super) const TYPE: u64 = 8;
    pub(super) const SRC_IP4: u64 = 24;
    pub(super) const SRC_IP6: u64 = 28;
    pub(super) const DST_IP4: u64 = 52;
    pub(super) const DST_IP6: u64 = 56;
    pub(super) const STATE: u64 = 72;
    pub(super) const RX_QUEUE_MAPPING: u64 = 76;
}

/// `AF_INET`, `AF_INET6`
const INET: u32 = 2;
const INET6: u32 = 10;
/// `TCP_CLOSE`, the state of a socket that was never connected.
const CLOSE: u32 = 7;
/// The loopback device, which is where a packet of a test arrives.
const LOOPBACK: u32 = 1;

/// `skb->pkt_type`
const PACKET_HOST: u32 = 0;
const PACKET_BROADCAST: u32 = 1;
const PACKET_MULTICAST: u32 = 2;
const PACKET_OTHERHOST: u32 = 3;

/// `ETH_P_*`
const ETH_P_IP: u16 = 0x0800;
const ETH_P_IPV6: u16 = 0x86dd;
const ETH_P_802_3: u16 = 0x0001;
const ETH_P_802_2: u16 = 0x0004;
/// Types from here on are protocols, those below are lengths.
const ETH_P_802_3_MIN: u16 = 0x0600;

/// The loopback device's address is all zero; the test's socket belongs to it.
const LOOPBACK_MAC: [u8; 6] = [0; 6];

/// `eth_type_trans`: the kind of packet and its protocol.
fn classify(frame: &[u8]) -> (u32, u16) {
    let dest: [u8; 6] = std::array::from_fn(|at| frame.get(at).copied().unwrap_or(0));
    let kind = match dest {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => PACKET_BROADCAST,
        _ if dest[0] & 1 != 0 => PACKET_MULTICAST,
        LOOPBACK_MAC => PACKET_HOST,
        _ => PACKET_OTHERHOST,
    };
    let half = |at: usize| {
        u16::from_be_bytes(std::array::from_fn(|i| frame.get(at + i).copied().unwrap_or(0)))
    };
    let protocol = match half(12) {
        ether if ether >= ETH_P_802_3_MIN => ether,
        // Novell's frames have a checksum of all ones where 802.2 has its header.
        _ if frame.len() >= 16 && half(14) == 0xffff => ETH_P_802_3,
        _ => ETH_P_802_2,
    };
    (kind, protocol)
}

impl Packets {
    /// Makes the packet that a test of an skb program gets (`bpf_prog_test_run_skb`): arrived at the loopback device,
    /// with a socket of its own. With `is_l2` it begins at the link layer header, else after it.
    ///
    /// The caller has checked that there are [`ETH_HLEN`] bytes.
    ///
    /// # Errors
    /// When the machine has no room.
    pub fn skb(&self, frame: &[u8], is_l2: bool) -> Result<Packet, OutOfMemory> {
        let kind = PacketKind::Skb;
        let len = frame.len() as u64;
        let mut packet = self.make(kind, HEADROOM, frame, len, SKB_CTX_SIZE, SOCK_SIZE)?;
        let (pkt_type, protocol) = classify(frame);
        packet.set_network_offset(ETH_HLEN as i64);
        let ctx = &packet.ctx;
        let set = |offset, value: u32| ctx.store(0, offset, Width::W, u64::from(value));
        set(SkbField::PKT_TYPE, pkt_type);
        set(SkbField::PROTOCOL, u32::from(protocol.to_be()));
        set(SkbField::IFINDEX, LOOPBACK);
        packet.connect(protocol, &frame[(ETH_HLEN as usize).min(frame.len())..]);
        if !is_l2 {
            packet.pull(ETH_HLEN);
        }
        Ok(packet)
    }
}

impl Packet {
    /// The test's socket takes its addresses from the packet.
    fn connect(&self, protocol: u16, network: &[u8]) {
        let Some(sock) = &self.companion else { return };
        let set = |offset, value: u32| sock.store(0, offset, Width::W, u64::from(value));
        let copy = |ctx_at: u64, sock_at: u64, bytes: &[u8]| {
            self.ctx.write(0, ctx_at, bytes);
            sock.write(0, sock_at, bytes);
        };
        match protocol {
            ETH_P_IP => {
                set(sock::FAMILY, INET);
                self.set_ctx_word(SkbField::FAMILY, INET);
                if let Some(header) = network.get(..20) {
                    copy(SkbField::LOCAL_IP4, sock::SRC_IP4, &header[12..16]);
                    copy(SkbField::REMOTE_IP4, sock::DST_IP4, &header[16..20]);
                }
            }
            ETH_P_IPV6 => {
                set(sock::FAMILY, INET6);
                self.set_ctx_word(SkbField::FAMILY, INET6);
                if let Some(header) = network.get(..40) {
                    copy(SkbField::LOCAL_IP6, sock::SRC_IP6, &header[8..24]);
                    copy(SkbField::REMOTE_IP6, sock::DST_IP6, &header[24..40]);
                }
            }
            _ => {}
        }
        set(sock::TYPE, 0);
        set(sock::STATE, CLOSE);
        set(sock::RX_QUEUE_MAPPING, u32::MAX);
        self.ctx.store(0, SkbField::SK, Width::Dw, sock.addr(0).0);
    }
}
