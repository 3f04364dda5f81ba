//! Packets: what `struct sk_buff` and `struct xdp_buff` are to the programs that see them.
//!
//! A packet is bytes in a buffer, of which the part between `data` and `data_end` (and the metadata before it) is alive
//! for programs, and a context in the form of the uapi struct. The kernel rewrites each access to that struct to the
//! fields of its own; here the struct itself lies in memory, and the few words that it cannot hold as they are have
//! rows in [`ctx`].

pub mod ctx;
mod flow;
mod skb;
mod store;
pub mod tunnel;
mod xdp;

use std::sync::Arc;

use skep_abi::Addr;

pub use ctx::{CtxStore, Pointers};
pub use flow::FLOW_KEYS_SIZE;
pub use skb::{ETH_HLEN, SKB_CTX_SIZE, SkbField};
pub use store::Packets;
pub use tunnel::{Tunnel, TunnelAddrs};
pub(crate) use xdp::is_bad_metalen;
pub use xdp::{XDP_CTX_SIZE, XDP_FRAME_SIZE, XDP_HEADROOM};

use crate::Fault;
use crate::memory::{Memory, Slab, Width};

/// Bytes of a buffer: the largest packet, room before it, and room to grow.
pub const BUFFER_SIZE: u64 = 80 << 10;

/// What kind of context a packet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// `struct __sk_buff` over a `struct sk_buff`.
    Skb,
    /// `struct xdp_md` over a `struct xdp_buff`.
    Xdp,
    /// `struct __sk_buff` of a flow dissector that has nothing but bytes and keys.
    FlowDissector,
}

/// A packet. Positions are bytes from the start of its buffer.
#[derive(Debug)]
pub struct Packet {
    kind: PacketKind,
    memory: Arc<Memory>,
    buffer: Slab,
    ctx: Slab,
    /// Start of the metadata; `data` where there is none.
    meta: u64,
    /// First byte of the packet.
    data: u64,
    /// End of the part that programs access by pointers.
    linear_end: u64,
    /// End of the packet.
    end: u64,
    /// Where the packet may grow to.
    limit: u64,
    /// Link layer header.
    mac: u64,
    /// Network layer header.
    network: u64,
    /// Address of `struct bpf_flow_keys` or `struct bpf_sock` that belongs to it.
    companion: Option<Slab>,
    /// Tunnel metadata, once a program has set it.
    tunnel: Option<Tunnel>,
}

impl Packet {
    /// Address of its context.
    #[must_use]
    pub fn ctx(&self) -> Addr {
        self.ctx.addr(0)
    }

    /// The kind of its context.
    #[must_use]
    pub fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Number of bytes (`skb->len`, `xdp_get_buff_len`).
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end - self.data
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that programs access by pointers (`skb_headlen`).
    #[must_use]
    pub fn headlen(&self) -> u64 {
        self.linear_end - self.data
    }

    /// Bytes before the packet that nothing uses yet.
    #[must_use]
    pub fn headroom(&self) -> u64 {
        self.data
    }

    /// Bytes of metadata before the packet.
    #[must_use]
    pub fn metalen(&self) -> u64 {
        self.data.saturating_sub(self.meta)
    }

    /// Offset of the link layer header from the first byte; negative once it was pulled.
    #[must_use]
    pub fn mac_offset(&self) -> i64 {
        self.mac.cast_signed() - self.data.cast_signed()
    }

    /// Offset of the network layer header from the first byte.
    #[must_use]
    pub fn network_offset(&self) -> i64 {
        self.network.cast_signed() - self.data.cast_signed()
    }

    /// Copies bytes out, from an offset that may lie before the packet where headers were pulled; `false` where they
    /// are not all there.
    #[must_use]
    pub fn read(&self, offset: i64, into: &mut [u8]) -> bool {
        let Some(at) = self.data.checked_add_signed(offset) else { return false };
        let fits = at.checked_add(into.len() as u64).is_some_and(|end| end <= self.end);
        if fits {
            self.buffer.read(0, at, into);
        }
        fits
    }

    /// Copies bytes in; `false` where they do not all lie in the packet.
    pub fn write(&mut self, offset: u64, from: &[u8]) -> bool {
        let fits = offset.checked_add(from.len() as u64).is_some_and(|end| end <= self.len());
        if fits {
            self.buffer.write(0, self.data + offset, from);
        }
        fits
    }

    /// All bytes, metadata first.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; (self.end - self.meta) as usize];
        self.buffer.read(0, self.meta, &mut bytes);
        bytes
    }

    /// What loads of the packet pointers in its context give.
    #[must_use]
    pub fn pointers(&self) -> Pointers {
        let at = |position: u64| self.buffer.addr(0).offset(position.cast_signed());
        Pointers {
            ctx: self.ctx(),
            data: at(self.data),
            data_end: at(self.linear_end),
            data_meta: at(self.meta),
        }
    }

    /// The machine address of a byte of the packet that lies in its linear part.
    #[must_use]
    pub fn addr_of(&self, offset: u64, len: u64) -> Option<Addr> {
        let end = offset.checked_add(len)?;
        (end <= self.headlen()).then(|| self.pointers().data.offset(offset.cast_signed()))
    }

    /// A word of its context.
    #[must_use]
    pub fn ctx_word(&self, offset: u64) -> u32 {
        self.ctx.load(0, offset, Width::W) as u32
    }

    /// Sets a word of its context.
    pub fn set_ctx_word(&self, offset: u64, value: u32) {
        self.ctx.store(0, offset, Width::W, u64::from(value));
    }

    /// Takes over parts of a context that somebody gives.
    pub fn take_ctx(&self, ctx: &[u8], parts: &[(u64, u64)]) {
        for (start, end) in parts {
            if let Some(bytes) = ctx.get(*start as usize..*end as usize) {
                self.ctx.write(0, *start, bytes);
            }
        }
    }

    /// All bytes of its context.
    #[must_use]
    pub fn ctx_bytes(&self) -> Vec<u8> {
        self.ctx.bytes(0)
    }

    /// Tells the memory which bytes are alive, and the context how many there are.
    fn settle(&self) {
        self.memory.set_span(&self.buffer, self.meta.min(self.data), self.linear_end);
        if self.kind == PacketKind::Skb {
            self.set_ctx_word(SkbField::LEN, self.len() as u32);
        }
    }

    /// Removes bytes at the front (`skb_pull`); the caller has checked that they are there.
    pub fn pull(&mut self, len: u64) {
        self.data = (self.data + len).min(self.linear_end);
        self.meta = self.data;
        self.settle();
    }

    /// Adds bytes at the front (`skb_push`), which keep what was there; `false` without room.
    #[must_use]
    pub fn push(&mut self, len: u64) -> bool {
        let Some(data) = self.data.checked_sub(len) else { return false };
        (self.data, self.meta) = (data, data);
        self.settle();
        true
    }

    /// Makes the whole packet, or its first bytes, accessible by pointers; `false` where it is shorter.
    #[must_use]
    pub fn may_pull(&mut self, len: u64) -> bool {
        if len > self.len() {
            return false;
        }
        self.linear_end = self.linear_end.max(self.data + len);
        self.settle();
        true
    }

    /// Cuts the packet, or adds zeroes, so that it has `len` bytes; `false` where there is no room.
    #[must_use]
    pub fn resize(&mut self, len: u64) -> bool {
        let end = self.data + len;
        if end > self.limit {
            return false;
        }
        if end > self.end {
            let zeroes = vec![0; (end - self.end) as usize];
            self.buffer.write(0, self.end, &zeroes);
        }
        let was_linear = self.linear_end == self.end;
        self.end = end;
        self.linear_end = if was_linear { end } else { self.linear_end.min(end) };
        self.settle();
        true
    }

    /// Opens a gap of `len` zeroes at `offset`, by moving what is before it towards the head; headers before it move
    /// along. `false` without room.
    #[must_use]
    pub fn insert(&mut self, offset: u64, len: u64) -> bool {
        let mut head = vec![0; offset as usize];
        if !self.read(0, &mut head) || !self.push(len) {
            return false;
        }
        head.resize((offset + len) as usize, 0);
        self.write(0, &head)
    }

    /// Removes `len` bytes at `offset`, by moving what is before it towards the tail.
    #[must_use]
    pub fn remove(&mut self, offset: u64, len: u64) -> bool {
        let mut head = vec![0; offset as usize];
        if offset + len > self.headlen() || !self.read(0, &mut head) {
            return false;
        }
        self.pull(len);
        self.write(0, &head)
    }

    /// The headers begin here (`skb_reset_mac_header` with a push or pull before it).
    pub fn set_mac_offset(&mut self, offset: i64) {
        self.mac = self.data.saturating_add_signed(offset);
    }

    /// The network layer header begins here.
    pub fn set_network_offset(&mut self, offset: i64) {
        self.network = self.data.saturating_add_signed(offset);
    }

    /// Its tunnel metadata.
    #[must_use]
    pub const fn tunnel(&self) -> Option<&Tunnel> {
        self.tunnel.as_ref()
    }

    /// The same, to be set.
    pub const fn tunnel_mut(&mut self) -> &mut Option<Tunnel> {
        &mut self.tunnel
    }

    /// The object that its context points to.
    #[must_use]
    pub fn companion(&self) -> Option<&Slab> {
        self.companion.as_ref()
    }
}

/// There is no packet of the kind behind a context.
pub(crate) fn no_packet(memory: &Memory, ctx: Addr) -> Fault {
    Fault::WrongObject { addr: ctx, what: "packet context", found: memory.describe(ctx) }
}
