//! What a call takes and leaves: `enum bpf_arg_type` and `enum bpf_return_type` with their modifiers.

/// What a call does with memory that is passed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemAccess {
    /// Reads: the bytes must be initialised.
    Read,
    /// Writes every byte: they need not be initialised.
    WriteUninit,
    /// Reads and writes.
    ReadWrite,
}

/// Where the size of a memory argument comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRule {
    /// The next argument (`ConstSize`, `ConstSizeOrZero`).
    NextArg,
    /// A fixed number of bytes.
    Fixed(u32),
}

/// What a call does with a dynptr on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynptrUse {
    /// Goes through it.
    Use,
    /// Makes it, of what another argument says.
    New,
    /// Makes it, to memory of the program.
    NewLocal,
    /// Makes it, to a record of a ring buffer, which must be given up.
    NewRingbuf,
    /// Gives up its record of a ring buffer.
    ReleaseRingbuf,
}

/// What the verifier demands of one argument register (`enum bpf_arg_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgType {
    /// Any initialised register.
    Anything,
    /// A register that nobody looks at; it need not be initialised.
    DontCare,
    /// A scalar of this width in bytes.
    Scalar {
        /// 1, 2, 4 or 8.
        bytes: u8,
        /// Whether the C type is signed.
        signed: bool,
    },
    /// The program's context.
    Ctx,
    /// The program's context, as the kfunc's struct.
    KfuncCtx {
        /// `__sk_buff`, `xdp_md`.
        strukt: &'static str,
    },
    /// A map known at load time.
    ConstMapPtr,
    /// Initialised memory of the map's key size.
    MapKey,
    /// Memory of the map's value size.
    MapValue {
        /// Null is allowed.
        nullable: bool,
        /// The call fills it, so that it need not be initialised.
        uninit: bool,
    },
    /// Memory.
    Mem {
        /// What the call does with it.
        access: MemAccess,
        /// Its size.
        size: SizeRule,
        /// Null is allowed.
        nullable: bool,
    },
    /// The size of the memory before it; not zero.
    ConstSize,
    /// The size of the memory before it; zero is allowed.
    ConstSizeOrZero,
    /// The size of an allocation; a constant.
    ConstAllocSize,
    /// A ring buffer record that was reserved and is given up.
    RingbufMem,
    /// A kptr field of a value or an allocated object (`bpf_kptr_xchg`).
    KptrXchgDest,
    /// A reference to a kernel object that the call takes away, or null.
    OwnedOrNull,
    /// A NUL-terminated string in a read-only map.
    ConstStr,
    /// A callback: `PTR_TO_FUNC`.
    Func,
    /// The context of a callback: a stack pointer or null.
    StackOrNull,
    /// A socket of any state.
    SockCommon,
    /// A socket of any state, in either of its forms: `struct bpf_sock` or `struct sock_common` of the kernel.
    BtfIdSockCommon,
    /// A socket whose reference is given up.
    SockRelease,
    /// A `struct bpf_spin_lock` in a map value or an object.
    SpinLock,
    /// An iterator on the stack, by its struct.
    Iter {
        /// The struct's name, such as `bpf_iter_num`.
        strukt: &'static str,
        /// Its bytes.
        bytes: u32,
        /// The call makes it.
        uninit: bool,
    },
    /// A dynptr on the stack: 16 bytes.
    Dynptr(DynptrUse),
    /// An object that the program allocated (`bpf_obj_new`).
    AllocObj,
    /// The root of a list or tree.
    GraphRoot {
        /// `bpf_list_head`, `bpf_rb_root`.
        strukt: &'static str,
    },
    /// The node of an object that the program allocated.
    GraphNode {
        /// `bpf_list_node`, `bpf_rb_node`.
        strukt: &'static str,
    },
    /// A per-CPU variable of the kernel or of an allocated object.
    PercpuBtfId,
    /// A kernel object by its struct name.
    BtfPtr {
        /// The struct's name in kernel BTF.
        strukt: &'static str,
        /// `const` in C.
        konst: bool,
        /// Null is allowed.
        nullable: bool,
    },
}

/// What a call leaves in R0 (`enum bpf_return_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetType {
    /// Nothing: R0 is not readable afterwards.
    Void,
    /// A scalar.
    Integer,
    /// A value of the map argument.
    MapValue,
    /// A value of the map argument, or null.
    MapValueOrNull,
    /// Memory of the size argument, or null (`bpf_ringbuf_reserve`).
    AllocMemOrNull,
    /// A socket, or null.
    SocketOrNull,
    /// A socket of any state, or null.
    SockCommonOrNull,
    /// A TCP socket, or null.
    TcpSockOrNull,
    /// Memory behind a dynptr, of the size argument, or null.
    DynptrMemOrNull,
    /// An element of an iterator, a C `int`, or null.
    IterElemOrNull,
    /// A reference to a kernel object of the type of an argument, or null (`bpf_kptr_xchg`).
    OwnedOrNull,
    /// A kernel object, or null where the flags say so.
    BtfPtr {
        /// The struct's name in kernel BTF.
        strukt: &'static str,
        /// Trusted, so that fields may be walked.
        trusted: bool,
    },
    /// An object that the program allocated, or null where the flags say so.
    AllocObj,
    /// The node of an object that the program allocated, or null where the flags say so.
    GraphNode {
        /// `bpf_list_node`, `bpf_rb_node`.
        strukt: &'static str,
    },
    /// Memory of a known size that a per-CPU address designates.
    MemOrBtf,
    /// The same, or null.
    MemOrBtfOrNull,
}

impl ArgType {
    /// The kernel's name, as `struct bpf_func_proto` spells it.
    ///
    /// A kfunc's arguments have no such names; theirs are what a helper's equivalent would be called.
    #[must_use]
    pub const fn kernel_name(&self) -> &'static str {
        match self {
            Self::Anything => "ARG_ANYTHING",
            Self::DontCare => "ARG_DONTCARE",
            Self::Scalar { .. } => "ARG_SCALAR",
            Self::Ctx | Self::KfuncCtx { .. } => "ARG_PTR_TO_CTX",
            Self::ConstMapPtr => "ARG_CONST_MAP_PTR",
            Self::MapKey => "ARG_PTR_TO_MAP_KEY",
            Self::MapValue { nullable: true, .. } => "ARG_PTR_TO_MAP_VALUE_OR_NULL",
            Self::MapValue { uninit: true, .. } => "ARG_PTR_TO_MAP_VALUE | MEM_UNINIT | MEM_WRITE",
            Self::MapValue { .. } => "ARG_PTR_TO_MAP_VALUE",
            Self::Mem { access: MemAccess::Read, nullable: false, .. } => {
                "ARG_PTR_TO_MEM | MEM_RDONLY"
            }
            Self::Mem { access: MemAccess::Read, nullable: true, .. } => {
                "ARG_PTR_TO_MEM | PTR_MAYBE_NULL | MEM_RDONLY"
            }
            Self::Mem { access: MemAccess::WriteUninit, size: SizeRule::Fixed(8), .. } => {
                "ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE | MEM_FIXED_SIZE(8) | MEM_ALIGNED"
            }
            Self::Mem { access: MemAccess::ReadWrite, size: SizeRule::Fixed(4), .. } => {
                "ARG_PTR_TO_MEM | MEM_WRITE | MEM_FIXED_SIZE(4) | MEM_ALIGNED"
            }
            Self::Mem { access: MemAccess::WriteUninit, .. } => "ARG_PTR_TO_UNINIT_MEM",
            Self::Mem { access: MemAccess::ReadWrite, nullable: false, .. } => {
                "ARG_PTR_TO_MEM | MEM_WRITE"
            }
            Self::Mem { access: MemAccess::ReadWrite, nullable: true, .. } => {
                "ARG_PTR_TO_MEM_OR_NULL | MEM_WRITE"
            }
            Self::ConstSize => "ARG_CONST_SIZE",
            Self::ConstSizeOrZero => "ARG_CONST_SIZE_OR_ZERO",
            Self::ConstAllocSize => "ARG_CONST_ALLOC_SIZE_OR_ZERO",
            Self::RingbufMem => "ARG_PTR_TO_RINGBUF_MEM | OBJ_RELEASE",
            Self::KptrXchgDest => "ARG_KPTR_XCHG_DEST",
            Self::OwnedOrNull => "ARG_PTR_TO_BTF_ID_OR_NULL | OBJ_RELEASE",
            Self::ConstStr => "ARG_PTR_TO_CONST_STR",
            Self::Func => "ARG_PTR_TO_FUNC",
            Self::StackOrNull => "ARG_PTR_TO_STACK_OR_NULL",
            Self::SockCommon => "ARG_PTR_TO_SOCK_COMMON",
            Self::BtfIdSockCommon => "ARG_PTR_TO_BTF_ID_SOCK_COMMON",
            Self::SockRelease => "ARG_PTR_TO_BTF_ID_SOCK_COMMON | OBJ_RELEASE",
            Self::SpinLock => "ARG_PTR_TO_SPIN_LOCK",
            Self::Iter { .. } => "ARG_PTR_TO_ITER",
            Self::Dynptr(DynptrUse::Use) => "ARG_PTR_TO_DYNPTR",
            Self::Dynptr(DynptrUse::New) => "ARG_PTR_TO_DYNPTR | MEM_UNINIT | MEM_WRITE",
            Self::Dynptr(DynptrUse::NewLocal) => {
                "ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_LOCAL | MEM_UNINIT | MEM_WRITE"
            }
            Self::Dynptr(DynptrUse::NewRingbuf) => {
                "ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_RINGBUF | MEM_UNINIT | MEM_WRITE"
            }
            Self::Dynptr(DynptrUse::ReleaseRingbuf) => {
                "ARG_PTR_TO_DYNPTR | DYNPTR_TYPE_RINGBUF | OBJ_RELEASE"
            }
            Self::PercpuBtfId => "ARG_PTR_TO_PERCPU_BTF_ID",
            Self::BtfPtr { nullable: false, .. }
            | Self::AllocObj
            | Self::GraphRoot { .. }
            | Self::GraphNode { .. } => "ARG_PTR_TO_BTF_ID",
            Self::BtfPtr { nullable: true, .. } => "ARG_PTR_TO_BTF_ID_OR_NULL",
        }
    }
}

impl RetType {
    /// The kernel's name, as `struct bpf_func_proto` spells it.
    #[must_use]
    pub const fn kernel_name(&self) -> &'static str {
        match self {
            Self::Void => "RET_VOID",
            Self::Integer => "RET_INTEGER",
            Self::MapValue => "RET_PTR_TO_MAP_VALUE",
            Self::MapValueOrNull => "RET_PTR_TO_MAP_VALUE_OR_NULL",
            Self::AllocMemOrNull => "RET_PTR_TO_RINGBUF_MEM_OR_NULL",
            Self::SocketOrNull => "RET_PTR_TO_SOCKET_OR_NULL",
            Self::SockCommonOrNull => "RET_PTR_TO_SOCK_COMMON_OR_NULL",
            Self::TcpSockOrNull => "RET_PTR_TO_TCP_SOCK_OR_NULL",
            Self::DynptrMemOrNull => "RET_PTR_TO_DYNPTR_MEM_OR_NULL",
            Self::IterElemOrNull => "RET_PTR_TO_MEM_OR_NULL",
            Self::OwnedOrNull => "RET_PTR_TO_BTF_ID_OR_NULL",
            Self::BtfPtr { trusted: true, .. } => "RET_PTR_TO_BTF_ID_TRUSTED",
            Self::BtfPtr { .. } | Self::AllocObj | Self::GraphNode { .. } => "RET_PTR_TO_BTF_ID",
            Self::MemOrBtf => "RET_PTR_TO_MEM_OR_BTF_ID | MEM_RDONLY",
            Self::MemOrBtfOrNull => "RET_PTR_TO_MEM_OR_BTF_ID | PTR_MAYBE_NULL | MEM_RDONLY",
        }
    }
}
