//! Tunnel metadata of a packet (`struct metadata_dst`, `struct ip_tunnel_info`): what a program sets for the tunnel device
//! that sends the packet.

/// Most bytes of options (`IP_TUNNEL_OPTS_MAX`).
pub const MAX_OPTIONS: usize = 255;

/// Bits of [`Tunnel::flags`] (`IP_TUNNEL_*_BIT`), as a word.
pub mod flag {
    /// Checksums.
    pub const CSUM: u32 = 1 << 0;
    /// There is a key.
    pub const KEY: u32 = 1 << 2;
    /// Sequence numbers.
    pub const SEQ: u32 = 1 << 3;
    /// Packets are not fragmented.
    pub const DONT_FRAGMENT: u32 = 1 << 8;
    /// The route is not kept.
    pub const NOCACHE: u32 = 1 << 13;
    /// There are options: of GENEVE, VXLAN, ERSPAN, GTP or PFCP.
    pub const OPTIONS: u32 = 1 << 11 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 18;
}

/// The addresses of a tunnel, in the order of bytes in which the program has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelAddrs {
    /// Source and destination over IPv4.
    V4 {
        /// Source.
        src: [u8; 4],
        /// Destination.
        dst: [u8; 4],
    },
    /// Source and destination over IPv6, and the flow label.
    V6 {
        /// Source.
        src: [u8; 16],
        /// Destination.
        dst: [u8; 16],
        /// Flow label, 20 bits.
        label: u32,
    },
}

/// The metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// Number of the tunnel.
    pub id: u32,
    /// Type of service.
    pub tos: u8,
    /// Hops.
    pub ttl: u8,
    /// [`flag`] bits.
    pub flags: u32,
    /// Its ends.
    pub addrs: TunnelAddrs,
    /// Options of the protocol; at most [`MAX_OPTIONS`] bytes.
    pub options: Vec<u8>,
}
