//! Rust types of what a call takes: each carries what the verifier demands of the register.

use std::marker::PhantomData;

use skep_abi::{Addr, ArgType, DynptrUse, MemAccess, SizeRule};

/// A Rust type that stands for one argument register.
#[diagnostic::on_unimplemented(message = "`{Self}` is not what a helper or kfunc can take")]
pub(crate) trait Arg: Sized {
    /// What the verifier demands.
    const TYPE: ArgType;

    /// From the register's 64 bits.
    fn from_reg(raw: u64) -> Self;
}

/// C scalars of kfuncs: the register is cut to the width of the C type.
macro_rules! scalars {
    ($($ty:ty: $bytes:literal, $signed:literal;)*) => {
        $(impl Arg for $ty {
            const TYPE: ArgType = ArgType::Scalar { bytes: $bytes, signed: $signed };

            fn from_reg(raw: u64) -> Self {
                raw as Self
            }
        })*
    };
}

scalars! {
    u8: 1, false;
    u32: 4, false;
    i32: 4, true;
    u64: 8, false;
    i64: 8, true;
}

/// Arguments that are addresses.
macro_rules! addresses {
    ($($(#[doc = $doc:literal])+ $name:ident: $ty:expr;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name(pub(crate) Addr);

            impl Arg for $name {
                const TYPE: ArgType = $ty;

                fn from_reg(raw: u64) -> Self {
                    Self(Addr(raw))
                }
            }
        )*
    };
}

const fn mem(access: MemAccess, nullable: bool) -> ArgType {
    ArgType::Mem { access, size: SizeRule::NextArg, nullable }
}

const fn fixed(access: MemAccess, bytes: u32) -> ArgType {
    ArgType::Mem { access, size: SizeRule::Fixed(bytes), nullable: false }
}

addresses! {
    /// A map known at load time.
    ConstMap: ArgType::ConstMapPtr;
    /// A key of the map.
    MapKey: ArgType::MapKey;
    /// A value of the map, to be read.
    MapValue: ArgType::MapValue { nullable: false, uninit: false };
    /// A value of the map, to be read, or null.
    MapValueOrNull: ArgType::MapValue { nullable: true, uninit: false };
    /// Room for a value of the map.
    UninitMapValue: ArgType::MapValue { nullable: false, uninit: true };
    /// Memory to be read, as long as the next argument says.
    ReadMem: mem(MemAccess::Read, false);
    /// The same, or null.
    ReadMemOrNull: mem(MemAccess::Read, true);
    /// Memory to be filled.
    UninitMem: mem(MemAccess::WriteUninit, false);
    /// A C `bool` to be written.
    BoolPtr: ArgType::Mem { access: MemAccess::ReadWrite, size: SizeRule::Fixed(1), nullable: false };
    /// Memory to be read and written.
    WriteMem: mem(MemAccess::ReadWrite, false);
    /// Memory to be written in part, or null.
    WriteMemOrNull: mem(MemAccess::ReadWrite, true);
    /// A string in a read-only map.
    ConstStr: ArgType::ConstStr;
    /// A record that `bpf_ringbuf_reserve` gave.
    RingbufMem: ArgType::RingbufMem;
    /// A socket of any state.
    Sock: ArgType::SockCommon;
    /// A socket of any state, also as the kernel's own struct.
    AnySock: ArgType::BtfIdSockCommon;
    /// A socket that is given up.
    SockRef: ArgType::SockRelease;
    /// A spin lock.
    SpinLock: ArgType::SpinLock;
    /// Eight bytes that the call fills.
    UninitU64: fixed(MemAccess::WriteUninit, 8);
    /// Four bytes that the call reads and writes.
    InOutU32: fixed(MemAccess::ReadWrite, 4);
    /// A numeric iterator that the call makes.
    NewIterNum: ArgType::Iter { strukt: "bpf_iter_num", bytes: 8, uninit: true };
    /// A numeric iterator.
    IterNum: ArgType::Iter { strukt: "bpf_iter_num", bytes: 8, uninit: false };
    /// An iterator over bits that the call makes.
    NewIterBits: ArgType::Iter { strukt: "bpf_iter_bits", bytes: 16, uninit: true };
    /// An iterator over bits.
    IterBits: ArgType::Iter { strukt: "bpf_iter_bits", bytes: 16, uninit: false };
    /// A dynptr.
    Dynptr: ArgType::Dynptr(DynptrUse::Use);
    /// A dynptr that the call makes, of what another argument says.
    NewDynptr: ArgType::Dynptr(DynptrUse::New);
    /// Room for a slice, or null.
    SliceBuffer: ArgType::Mem { access: MemAccess::WriteUninit, size: SizeRule::NextArg, nullable: true };
    /// A dynptr to memory of the program that the call makes.
    NewLocalDynptr: ArgType::Dynptr(DynptrUse::NewLocal);
    /// A dynptr to a record of a ring buffer that the call makes.
    NewRingbufDynptr: ArgType::Dynptr(DynptrUse::NewRingbuf);
    /// A dynptr whose record the call gives up.
    RingbufDynptr: ArgType::Dynptr(DynptrUse::ReleaseRingbuf);
    /// Memory that is read without a look at what it is.
    UnsafePtr: mem(MemAccess::Read, true);
    /// A kptr field of a value.
    KptrField: ArgType::KptrXchgDest;
    /// A reference that the call takes away, or null.
    OwnedOrNull: ArgType::OwnedOrNull;
    /// An object that the program allocated.
    AllocObj: ArgType::AllocObj;
    /// The head of a list.
    ListHead: ArgType::GraphRoot { strukt: "bpf_list_head" };
    /// A node of a list.
    ListNode: ArgType::GraphNode { strukt: "bpf_list_node" };
    /// The root of a tree.
    RbRoot: ArgType::GraphRoot { strukt: "bpf_rb_root" };
    /// A node of a tree.
    RbNode: ArgType::GraphNode { strukt: "bpf_rb_node" };
    /// A per-CPU variable.
    PercpuPtr: ArgType::PercpuBtfId;
    /// A callback.
    Func: ArgType::Func;
    /// What the callback gets as its context.
    StackOrNull: ArgType::StackOrNull;
}

/// The program's context, which calls know from the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctx;

impl Arg for Ctx {
    const TYPE: ArgType = ArgType::Ctx;

    fn from_reg(_raw: u64) -> Self {
        Self
    }
}

/// Contexts of packets as kfuncs take them.
macro_rules! packet_contexts {
    ($($(#[doc = $doc:literal])+ $name:ident: $strukt:literal;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name;

            impl Arg for $name {
                const TYPE: ArgType = ArgType::KfuncCtx { strukt: $strukt };

                fn from_reg(_raw: u64) -> Self {
                    Self
                }
            }
        )*
    };
}

packet_contexts! {
    /// `struct __sk_buff *`
    Skb: "__sk_buff";
    /// `struct xdp_md *`
    XdpMd: "xdp_md";
}

/// Arguments that are numbers.
macro_rules! numbers {
    ($($(#[doc = $doc:literal])+ $name:ident: $ty:expr;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name(pub(crate) u64);

            impl Arg for $name {
                const TYPE: ArgType = $ty;

                fn from_reg(raw: u64) -> Self {
                    Self(raw)
                }
            }
        )*
    };
}

numbers! {
    /// Any initialised register: flags, addresses that are only tried, numbers.
    Anything: ArgType::Anything;
    /// A C `u32` of which the call sees the whole register.
    WholeU32: ArgType::Scalar { bytes: 4, signed: false };
    /// A register that the verifier does not look at.
    DontCare: ArgType::DontCare;
    /// Size of the memory argument before it, not zero.
    Size: ArgType::ConstSize;
    /// The same, or zero.
    SizeOrZero: ArgType::ConstSizeOrZero;
    /// The same as a C `size_t` of a kfunc, whose other sizes are `u32`.
    SizeT: ArgType::ConstSizeOrZero;
    /// Size of an allocation.
    AllocSize: ArgType::ConstAllocSize;
}

impl Size {
    /// The size where the kernel's function takes a `u32`.
    pub(crate) const fn cut(self) -> u32 {
        self.0 as u32
    }
}

impl SizeOrZero {
    /// The size where the kernel's function takes a `u32`.
    pub(crate) const fn cut(self) -> u32 {
        self.0 as u32
    }
}

/// A struct of the kernel, by its name in BTF.
pub(crate) trait Strukt {
    /// The name.
    const NAME: &'static str;
}

/// Structs of the kernel.
macro_rules! structs {
    ($($(#[doc = $doc:literal])+ $name:ident: $of:literal;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name;

            impl Strukt for $name {
                const NAME: &'static str = $of;
            }
        )*
    };
}

structs! {
    /// A mask of CPUs, somebody's.
    Cpumask: "cpumask";
    /// A mask of CPUs that programs made.
    BpfCpumask: "bpf_cpumask";
    /// A task.
    TaskStruct: "task_struct";
    /// A control group.
    CgroupStruct: "cgroup";
    /// An inode.
    Inode: "inode";
    /// Arguments of `__scx_bpf_select_cpu_and`.
    SelectCpuArgs: "scx_bpf_select_cpu_and_args";
}

/// Pointers to objects of the kernel.
macro_rules! objects {
    ($($(#[doc = $doc:literal])+ $name:ident: const $konst:literal, null $nullable:literal;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name<S>(Addr, PhantomData<S>);

            impl<S> $name<S> {
                /// The object's address.
                pub(crate) const fn addr(self) -> Addr
                where
                    S: Copy,
                {
                    self.0
                }
            }

            impl<S: Strukt> Arg for $name<S> {
                const TYPE: ArgType =
                    ArgType::BtfPtr { strukt: S::NAME, konst: $konst, nullable: $nullable };

                fn from_reg(raw: u64) -> Self {
                    Self(Addr(raw), PhantomData)
                }
            }
        )*
    };
}

objects! {
    /// `struct S *`
    Kptr: const false, null false;
    /// `struct S *`, or null
    KptrOrNull: const false, null true;
    /// `const struct S *`
    ConstKptr: const true, null false;
}
