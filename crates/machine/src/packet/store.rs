//! The packets that programs of a machine have at hand, by the addresses of their contexts.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use skep_abi::Addr;

use super::{BUFFER_SIZE, Packet, PacketKind, no_packet};
use crate::Fault;
use crate::memory::{Label, OutOfMemory, Slab, SlabSpec, Window};
use crate::object::World;

/// Bytes that a context has at most.
const CTX_SIZE: u64 = super::skb::SKB_CTX_SIZE;
/// Bytes of `struct bpf_sock` and `struct bpf_flow_keys` at most.
const COMPANION_SIZE: u64 = 80;

/// A buffer, a context and an object beside it, which packets use one after the other.
#[derive(Debug)]
struct Frame {
    buffer: Slab,
    ctx: Slab,
    companion: Slab,
}

/// All live packets of a machine.
#[derive(Debug)]
pub struct Packets {
    world: World,
    live: Mutex<BTreeMap<u64, Packet>>,
    free: Mutex<Vec<Frame>>,
}

impl Packets {
    pub(crate) fn new(world: World) -> Self {
        Self { world, live: Mutex::default(), free: Mutex::default() }
    }

    fn frame(&self) -> Result<Frame, OutOfMemory> {
        if let Some(frame) = self.free.lock().pop() {
            frame.buffer.clear(0);
            frame.ctx.clear(0);
            frame.companion.clear(0);
            return Ok(frame);
        }
        let alloc = |window, size, label, has_span| {
            let mut spec = SlabSpec::new(window, size, 1, Label::new(label, ""));
            spec.has_span = has_span;
            self.world.memory.alloc(&spec)
        };
        Ok(Frame {
            buffer: alloc(Window::Contexts, BUFFER_SIZE, "packet", true)?,
            ctx: alloc(Window::Contexts, CTX_SIZE, "packet context", true)?,
            companion: alloc(Window::Contexts, COMPANION_SIZE, "object of a packet", true)?,
        })
    }

    /// Makes a packet of `bytes` that begins at `headroom` in its buffer, of which `linear` bytes are accessible by
    /// pointers.
    pub(super) fn make(
        &self,
        kind: PacketKind,
        headroom: u64,
        bytes: &[u8],
        linear: u64,
        ctx_size: u64,
        companion_size: u64,
    ) -> Result<Packet, OutOfMemory> {
        let len = bytes.len() as u64;
        let fits = headroom.checked_add(len).is_some_and(|end| end <= BUFFER_SIZE);
        if !fits {
            return Err(OutOfMemory { bytes: len, window: Window::Contexts });
        }
        let Frame { buffer, ctx, companion } = self.frame()?;
        self.world.memory.set_span(&ctx, 0, ctx_size);
        self.world.memory.set_span(&companion, 0, companion_size);
        buffer.write(0, headroom, bytes);
        let packet = Packet {
            kind,
            memory: Arc::clone(&self.world.memory),
            buffer,
            ctx,
            meta: headroom,
            data: headroom,
            linear_end: headroom + linear.min(len),
            end: headroom + len,
            limit: BUFFER_SIZE,
            mac: headroom,
            network: headroom,
            companion: Some(companion),
            tunnel: None,
        };
        packet.settle();
        Ok(packet)
    }

    /// Puts a packet into the hands of programs; gives the address of its context.
    pub fn insert(&self, packet: Packet) -> Addr {
        let ctx = packet.ctx();
        self.live.lock().insert(ctx.0, packet);
        ctx
    }

    /// Takes a packet out of the hands of programs.
    #[must_use]
    pub fn remove(&self, ctx: Addr) -> Option<Packet> {
        self.live.lock().remove(&ctx.0)
    }

    /// Ends a packet: pointers into it fault from now on.
    pub fn free(&self, packet: Packet) {
        let Packet { buffer, ctx, companion, .. } = packet;
        let Some(companion) = companion else { return };
        // The socket goes with its packet.
        self.world.storages.destroy(companion.addr(0));
        for slab in [&buffer, &ctx, &companion] {
            self.world.memory.set_span(slab, 0, 0);
        }
        self.free.lock().push(Frame { buffer, ctx, companion });
    }

    /// Lets `act` have the packet of a context.
    ///
    /// # Errors
    /// When there is none.
    pub fn with<T>(&self, ctx: Addr, act: impl FnOnce(&mut Packet) -> T) -> Result<T, Fault> {
        let mut live = self.live.lock();
        let packet = live.get_mut(&ctx.0).ok_or_else(|| no_packet(&self.world.memory, ctx))?;
        Ok(act(packet))
    }

    /// Makes sure that a whole socket is at an address: that of a packet.
    ///
    /// # Errors
    /// When there is none.
    pub fn socket(&self, sock: Addr) -> Result<(), Fault> {
        let is_its = |packet: &Packet| {
            let is_skb = packet.kind() == PacketKind::Skb;
            is_skb && packet.companion().is_some_and(|own| own.addr(0) == sock)
        };
        if self.live.lock().values().any(is_its) {
            return Ok(());
        }
        let found = self.world.memory.describe(sock);
        Err(Fault::WrongObject { addr: sock, what: "socket", found })
    }

    /// What loads of the packet pointers in a context give.
    #[must_use]
    pub fn pointers(&self, ctx: Addr) -> Option<super::Pointers> {
        self.live.lock().get(&ctx.0).map(Packet::pointers)
    }
}
