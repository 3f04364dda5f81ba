//! `kernel/bpf/helpers.c`, `net/core/filter.c`: dynptrs, whose bounds are checked when they are used.

mod bytes;
mod memory;
mod packet;
mod shape;

use skep_abi::{Addr, Errno, KernelVersion};
use skep_machine::{Fault, Kernel, Width};

pub(crate) use bytes::DynptrBytes;
pub(crate) use memory::Dynptrs;
pub(crate) use packet::PacketDynptrs;
pub(crate) use shape::DynptrShape;

use crate::filter;
use crate::ret::Answer;

/// Most bytes behind one (`DYNPTR_MAX_SIZE`).
pub(crate) const MAX: u32 = (1 << 24) - 1;
/// First release that takes offsets and lengths of 64 bits.
const WIDE_SINCE: KernelVersion = KernelVersion::new(6, 19);

/// Where the words of a dynptr lie: the address, the size below the type (4 bits) and the bit of what is read-only, and the
/// offset from the address.
const SIZE: i64 = 8;
const OFFSET: i64 = 12;
const TYPE_SHIFT: u32 = 28;
const READ_ONLY: u32 = 1 << 31;

/// What a dynptr points to (`enum bpf_dynptr_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Memory of the program.
    Local = 1,
    /// A record of a ring buffer.
    Ringbuf = 2,
    /// A socket buffer.
    Skb = 3,
    /// An XDP buffer.
    Xdp = 4,
}

/// A dynptr as it lies on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    /// Null where there is nothing behind it; a packet's context.
    pub(crate) data: Addr,
    size: u32,
    offset: u32,
}

impl Value {
    pub(crate) fn new(data: Addr, kind: Kind, size: u32) -> Self {
        Self { data, size: size | (kind as u32) << TYPE_SHIFT, offset: 0 }
    }

    pub(crate) const NULL: Self = Self { data: Addr::NULL, size: 0, offset: 0 };

    pub(crate) fn load(k: &Kernel<'_, '_>, at: Addr) -> Result<Self, Fault> {
        let memory = k.run.memory();
        Ok(Self {
            data: Addr(memory.load(at, Width::Dw)?),
            size: memory.load(at.offset(SIZE), Width::W)? as u32,
            offset: memory.load(at.offset(OFFSET), Width::W)? as u32,
        })
    }

    pub(crate) fn store(self, k: &Kernel<'_, '_>, at: Addr) -> Result<(), Fault> {
        let memory = k.run.memory();
        memory.store(at, Width::Dw, self.data.0)?;
        memory.store(at.offset(SIZE), Width::W, self.size.into())?;
        memory.store(at.offset(OFFSET), Width::W, self.offset.into())
    }

    const fn read_only(self) -> Self {
        Self { size: self.size | READ_ONLY, ..self }
    }

    const fn is_null(self) -> bool {
        self.data.is_null()
    }

    const fn is_read_only(self) -> bool {
        self.size & READ_ONLY != 0
    }

    const fn kind(self) -> u32 {
        (self.size & !READ_ONLY) >> TYPE_SHIFT
    }

    const fn is_packet(self) -> bool {
        self.kind() == Kind::Skb as u32 || self.kind() == Kind::Xdp as u32
    }

    const fn len(self) -> u64 {
        (self.size & MAX) as u64
    }

    /// Whether `len` bytes are there at an offset (`bpf_dynptr_check_off_len`).
    fn check(self, offset: u64, len: u64) -> Result<(), Errno> {
        match len > self.len() || offset > self.len() - len {
            true => Err(Errno::E2BIG),
            false => Ok(()),
        }
    }

    /// The address of bytes that are there, where they lie in one piece.
    fn linear(self, k: &Kernel<'_, '_>, offset: u64, len: u64) -> Result<Option<Addr>, Fault> {
        let offset = u64::from(self.offset) + offset;
        match self.is_packet() {
            true => filter::packet(k, |packet| packet.addr_of(offset, len)),
            false => Ok(Some(self.data.offset(offset.cast_signed()))),
        }
    }

    /// Bytes that are there.
    fn read(self, k: &Kernel<'_, '_>, offset: u64, len: u64) -> Answer<Vec<u8>> {
        self.check(offset, len)?;
        let at = u64::from(self.offset) + offset;
        if self.is_packet() {
            return Ok(filter::packet(k, |packet| filter::load(packet, at, len))??);
        }
        Ok(k.run.memory().read_vec(self.data.offset(at.cast_signed()), len)?)
    }

    /// Writes bytes where there are as many.
    fn write(self, k: &Kernel<'_, '_>, offset: u64, bytes: &[u8], flags: u64) -> Answer<()> {
        let at = u64::from(self.offset) + offset;
        if self.kind() == Kind::Skb as u32 {
            return filter::store(k, at, bytes, flags);
        }
        if flags != 0 {
            return Err(Errno::EINVAL.into());
        }
        if self.kind() == Kind::Xdp as u32 {
            let is_there = filter::packet(k, |packet| packet.write(at, bytes))?;
            return if is_there { Ok(()) } else { Err(Errno::EINVAL.into()) };
        }
        Ok(k.run.memory().write(self.data.offset(at.cast_signed()), bytes)?)
    }
}

/// An offset or length as the release sees it.
fn cut(k: &Kernel<'_, '_>, number: u64) -> u64 {
    if k.run.machine.version() >= WIDE_SINCE { number } else { number & 0xffff_ffff }
}
