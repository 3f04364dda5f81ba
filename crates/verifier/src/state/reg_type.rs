//! What kind of value a register holds (`enum bpf_reg_type`).

use skep_abi::TypeFlags;

/// `enum bpf_reg_type` without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Base {
    /// Nothing was written yet, or a call clobbered it.
    NotInit,
    /// A number.
    Scalar,
    /// The context.
    Ctx,
    /// A map.
    MapPtr,
    /// A value in a map.
    MapValue,
    /// A key of a map.
    MapKey,
    /// A frame's stack.
    Stack,
    /// `data_meta` of a packet.
    PacketMeta,
    /// `data` of a packet.
    Packet,
    /// `data_end` of a packet.
    PacketEnd,
    /// `struct bpf_flow_keys`.
    FlowKeys,
    /// `struct bpf_sock`.
    Socket,
    /// `struct sock_common`.
    SockCommon,
    /// `struct bpf_tcp_sock`.
    TcpSock,
    /// The buffer of a writable raw tracepoint.
    TpBuffer,
    /// `struct bpf_xdp_sock`.
    XdpSock,
    /// A kernel object, or one of a type of the program's, by BTF.
    BtfId,
    /// Memory of a known size.
    Mem,
    /// Arena memory.
    Arena,
    /// A buffer of a known maximal size (iterators, socket options).
    Buf,
    /// A subprogram.
    Func,
    /// A constant dynptr (argument of a callback or global subprogram).
    Dynptr,
}

/// A register's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RegType {
    /// Kind.
    pub(crate) base: Base,
    /// Modifiers.
    pub(crate) flags: TypeFlags,
}

impl RegType {
    /// A number.
    pub(crate) const SCALAR: Self = Self::new(Base::Scalar);
    /// Nothing.
    pub(crate) const NOT_INIT: Self = Self::new(Base::NotInit);

    /// Without modifiers.
    pub(crate) const fn new(base: Base) -> Self {
        Self { base, flags: TypeFlags::empty() }
    }

    /// With modifiers.
    pub(crate) const fn with(base: Base, flags: TypeFlags) -> Self {
        Self { base, flags }
    }

    /// Whether it has all of these modifiers.
    pub(crate) const fn has(self, flags: TypeFlags) -> bool {
        self.flags.contains(flags)
    }

    /// Whether it may be null.
    pub(crate) const fn may_be_null(self) -> bool {
        self.flags.contains(TypeFlags::PTR_MAYBE_NULL)
    }

    /// Whether it is exactly this kind, without modifiers.
    pub(crate) fn is(self, base: Base) -> bool {
        self.base == base && self.flags.is_empty()
    }

    /// Whether it points to a packet, its metadata or its end.
    pub(crate) const fn is_packet(self) -> bool {
        matches!(self.base, Base::Packet | Base::PacketMeta)
    }
}
