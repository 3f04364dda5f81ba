//! One register (`struct bpf_reg_state`).

use skep_abi::TypeFlags;
use skep_btf::TypeId;
use skep_domain::Scalar;

use super::{Base, RegType};

/// Marks the id of a scalar that differs from its siblings by a constant, held in `off`.
pub(crate) const ADD_CONST64: u32 = 1 << 31;
/// The same where the constant was added to the low half, so that the high one is zero.
pub(crate) const ADD_CONST32: u32 = 1 << 30;
/// Either.
pub(crate) const ADD_CONST: u32 = ADD_CONST64 | ADD_CONST32;

/// What a dynptr refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DynptrKind {
    /// Memory of the program.
    Local,
    /// A ring buffer record.
    Ringbuf,
    /// A socket buffer.
    Skb,
    /// An XDP buffer.
    Xdp,
    /// Metadata of a socket buffer.
    SkbMeta,
    /// A file.
    File,
}

/// Where an open-coded iterator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IterState {
    /// Created; may yield.
    Active,
    /// Yielded null.
    Drained,
}

/// Which pair of calls saved an interrupt flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IrqClass {
    /// `bpf_local_irq_save`.
    Native,
    /// `bpf_res_spin_lock_irqsave`.
    Lock,
}

/// What a type needs beside offset and ranges: the union of `struct bpf_reg_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Nothing.
    None,
    /// Packet pointers: bytes known to be readable from `off`; negative values are AT_PKT_END and BEYOND_PKT_END.
    Packet { range: i32 },
    /// Maps: index into the program's maps; `inner` for the map template of a map of maps; `uid` tells inner maps
    /// of different lookups apart.
    Map { map: u32, inner: bool, uid: u32 },
    /// BTF pointers. `local` when the type is of the program's BTF, not the kernel's.
    Btf { local: bool, id: TypeId },
    /// Memory of a known size. `dynptr_id` ties a slice to its dynptr.
    Mem { size: u32, dynptr_id: u32 },
    /// A dynptr; `first` for the slot that begins it.
    Dynptr { kind: DynptrKind, first: bool },
    /// An iterator on the stack; `depth` counts how often it was advanced.
    Iter { btf: TypeId, state: IterState, depth: u32 },
    /// An interrupt flag on the stack.
    Irq { class: IrqClass },
    /// A subprogram by number.
    Func { subprog: u32 },
}

/// What is known about one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegState {
    /// Kind of value.
    pub(crate) ty: RegType,
    /// Constant part of a pointer's offset; for a scalar with [`ADD_CONST`], the distance to its siblings.
    pub(crate) off: i32,
    /// What the type needs besides.
    pub(crate) payload: Payload,
    /// The number, or the variable part of a pointer's offset.
    pub(crate) num: Scalar,
    /// Ties registers that came from one value: null checks, packet ranges, linked scalars, dynptrs, iterators.
    pub(crate) id: u32,
    /// The reference that this pointer is, or depends on.
    pub(crate) ref_id: u32,
    /// For stack pointers: the frame whose stack it is.
    pub(crate) frameno: u32,
    /// Whether the exact value decided a verdict; pruning must then compare it.
    pub(crate) precise: bool,
}

impl RegState {
    /// Nothing is known, and reading it is refused.
    pub(crate) fn not_init() -> Self {
        Self { ty: RegType::NOT_INIT, ..Self::unknown() }
    }

    /// Any number, imprecise.
    pub(crate) fn unknown() -> Self {
        Self {
            ty: RegType::SCALAR,
            off: 0,
            payload: Payload::None,
            num: Scalar::unknown(),
            id: 0,
            ref_id: 0,
            frameno: 0,
            precise: false,
        }
    }

    /// This number, imprecise.
    pub(crate) fn constant(value: u64) -> Self {
        Self { num: Scalar::constant(value), ..Self::unknown() }
    }

    /// A pointer with offset 0.
    pub(crate) fn pointer(ty: RegType) -> Self {
        Self { ty, num: Scalar::constant(0), ..Self::unknown() }
    }

    /// Whether it is a number.
    pub(crate) fn is_scalar(&self) -> bool {
        self.ty == RegType::SCALAR
    }

    /// Whether it is a pointer.
    pub(crate) fn is_pointer(&self) -> bool {
        !matches!(self.ty.base, Base::Scalar | Base::NotInit)
    }

    /// The number, where only one is possible.
    pub(crate) fn const_value(&self) -> Option<u64> {
        self.is_scalar().then(|| self.num.const_value()).flatten()
    }

    /// Whether it is the constant zero (`register_is_null`).
    pub(crate) fn is_null(&self) -> bool {
        self.const_value() == Some(0)
    }

    /// Whether the variable part of a pointer's offset is constant.
    pub(crate) fn has_const_off(&self) -> bool {
        self.num.is_const()
    }

    /// The id without [`ADD_CONST`].
    pub(crate) fn base_id(&self) -> u32 {
        self.id & !ADD_CONST
    }

    /// Whether it points to something that is alive: trusted, referenced, or of a kind that never dies.
    pub(crate) fn is_trusted(&self) -> bool {
        if self.ref_id != 0 {
            return true;
        }
        let trusting = TypeFlags::MEM_ALLOC | TypeFlags::PTR_TRUSTED | TypeFlags::NON_OWN_REF;
        if !(self.ty.flags - trusting).is_empty() {
            return false;
        }
        let is_socket = matches!(self.ty.base, Base::Socket | Base::SockCommon | Base::TcpSock);
        is_socket || self.ty.base == Base::MapPtr || !self.ty.flags.is_empty()
    }

    /// Forgets the identity of a scalar.
    pub(crate) fn clear_id(&mut self) {
        self.id = 0;
        self.off = 0;
    }
}
