//! Prototypes of calls as `struct bpf_func_proto` spells them, and the table that a verifier asks (Linux 6.18).

use crate::{AttachType, Effect, KernelVersion, KfuncFlags, MapType, ProgType};

bitflags::bitflags! {
    /// `enum bpf_type_flag`: what qualifies an argument's, a result's or a register's type.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct TypeFlags: u32 {
        /// May be null.
        const PTR_MAYBE_NULL = 1 << 0;
        /// Only to be read.
        const MEM_RDONLY = 1 << 1;
        /// Lies in a ring buffer.
        const MEM_RINGBUF = 1 << 2;
        /// Lies in user memory.
        const MEM_USER = 1 << 3;
        /// Lies in per-CPU memory.
        const MEM_PERCPU = 1 << 4;
        /// The call takes the reference away.
        const OBJ_RELEASE = 1 << 5;
        /// May have been freed: to be read with exception handling only.
        const PTR_UNTRUSTED = 1 << 6;
        /// Need not be initialised.
        const MEM_UNINIT = 1 << 7;
        /// A dynptr to local memory.
        const DYNPTR_TYPE_LOCAL = 1 << 8;
        /// A dynptr to a ring buffer record.
        const DYNPTR_TYPE_RINGBUF = 1 << 9;
        /// Size is fixed by the prototype.
        const MEM_FIXED_SIZE = 1 << 10;
        /// Allocated by the program (`bpf_obj_new`), or a kptr to such.
        const MEM_ALLOC = 1 << 11;
        /// Trusted: not null, refcounted or alive for the program's run.
        const PTR_TRUSTED = 1 << 12;
        /// Protected by RCU.
        const MEM_RCU = 1 << 13;
        /// Non-owning reference to a graph node.
        const NON_OWN_REF = 1 << 14;
        /// A dynptr to a socket buffer.
        const DYNPTR_TYPE_SKB = 1 << 15;
        /// A dynptr to an XDP buffer.
        const DYNPTR_TYPE_XDP = 1 << 16;
        /// Must be aligned to its size.
        const MEM_ALIGNED = 1 << 17;
        /// The call writes it.
        const MEM_WRITE = 1 << 18;
        /// A dynptr to a socket buffer's metadata (6.18).
        const DYNPTR_TYPE_SKB_META = 1 << 19;
        /// A dynptr to a file (6.19).
        const DYNPTR_TYPE_FILE = 1 << 20;
    }
}

/// `enum bpf_arg_type` without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArgBase {
    /// Not an argument.
    DontCare,
    /// A map known at load time.
    ConstMapPtr,
    /// Memory of the map's key size.
    MapKey,
    /// Memory of the map's value size.
    MapValue,
    /// Memory.
    Mem,
    /// Arena memory.
    Arena,
    /// Size of the memory before it, not zero.
    ConstSize,
    /// Size of the memory before it.
    ConstSizeOrZero,
    /// The context.
    Ctx,
    /// Any initialised register.
    Anything,
    /// A `bpf_spin_lock` in a map value or allocated object.
    SpinLock,
    /// `sock_common`.
    SockCommon,
    /// `bpf_sock`, full.
    Socket,
    /// A kernel object.
    BtfId,
    /// A ring buffer record.
    RingbufMem,
    /// Size of an allocation: a constant.
    ConstAllocSizeOrZero,
    /// `sock_common` by BTF id or by socket pointer.
    BtfIdSockCommon,
    /// A per-CPU variable.
    PercpuBtfId,
    /// A callback.
    Func,
    /// Stack memory.
    Stack,
    /// NUL-terminated text in a read-only map.
    ConstStr,
    /// A `bpf_timer` in a map value.
    Timer,
    /// A kptr field (`bpf_kptr_xchg`).
    KptrXchgDest,
    /// A dynptr.
    Dynptr,
}

/// One argument of a helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgProto {
    /// Kind.
    pub base: ArgBase,
    /// Modifiers.
    pub flags: TypeFlags,
    /// The struct's name, for [`ArgBase::BtfId`].
    pub btf: Option<&'static str>,
    /// Bytes, for [`TypeFlags::MEM_FIXED_SIZE`].
    pub size: u32,
}

/// `enum bpf_return_type` without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetBase {
    /// A scalar.
    Integer,
    /// Nothing.
    Void,
    /// A value of the map argument.
    MapValue,
    /// A full socket.
    Socket,
    /// A TCP socket.
    TcpSock,
    /// `sock_common`.
    SockCommon,
    /// Memory.
    Mem,
    /// Memory or a kernel object, as the BTF of the per-CPU argument says.
    MemOrBtfId,
    /// A kernel object.
    BtfId,
}

/// What a helper leaves in R0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetProto {
    /// Kind.
    pub base: RetBase,
    /// Modifiers.
    pub flags: TypeFlags,
    /// The struct's name, for [`RetBase::BtfId`].
    pub btf: Option<&'static str>,
}

/// How a scalar result is bounded beyond its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetBound {
    /// By nothing.
    None,
    /// At most the largest size passed with a memory argument; negative errors down to -4095.
    MemSize,
    /// A CPU number below `nr_cpu_ids`.
    Cpu,
}

/// When a helper's result is a reference that must be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquires {
    /// Never.
    No,
    /// Always.
    Always,
    /// When the map argument is a SOCKMAP or SOCKHASH.
    FromSockmap,
}

/// A helper's prototype in one kernel release.
#[derive(Clone, Copy, Debug)]
pub struct HelperProto {
    /// `BPF_FUNC_*` number.
    pub id: u32,
    /// Full name, such as `bpf_map_lookup_elem`.
    pub name: &'static str,
    /// R1 to R5.
    pub args: [ArgProto; 5],
    /// R0.
    pub ret: RetProto,
    /// Whether the licence must be GPL-compatible.
    pub gpl_only: bool,
    /// Whether packet pointers may be passed as memory.
    pub pkt_access: bool,
    /// Whether only sleepable programs may call it.
    pub might_sleep: bool,
    /// Whether it can be called without clobbering R1 to R5.
    pub allow_fastcall: bool,
    /// Whether packet pointers are invalid afterwards.
    pub changes_pkt_data: bool,
    /// Whether the result carries on the argument's reference (`bpf_sk_fullsock`).
    pub ptr_cast: bool,
    /// Whether the result is a reference.
    pub acquires: Acquires,
    /// Bounds of a scalar result.
    pub ret_bound: RetBound,
    /// Beyond the signature.
    pub effect: Option<Effect>,
}

/// What the verifier needs of a kfunc beyond its BTF prototype.
#[derive(Clone, Copy, Debug)]
pub struct KfuncProto {
    /// Full name in this release.
    pub name: &'static str,
    /// Flags in this release for the asking program.
    pub flags: KfuncFlags,
    /// Beyond the signature.
    pub effect: Option<Effect>,
}

/// The program that makes a call, as far as availability depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Its type.
    pub prog_type: ProgType,
    /// What it expects to be attached to.
    pub attach_type: AttachType,
    /// Whether it may sleep.
    pub sleepable: bool,
    /// The kernel function, hook, iterator or tracepoint that it is attached to.
    pub attach_target: Option<&'a str>,
    /// For struct_ops: the struct's name and the member's.
    pub struct_ops: Option<(&'a str, &'a str)>,
    /// The kernel.
    pub version: KernelVersion,
}

/// The answer to "may this program call that helper?".
#[derive(Clone, Copy, Debug)]
pub enum HelperAnswer {
    /// No such number in this release ("invalid func").
    Unknown,
    /// Exists, but not for this program type ("program of this type cannot use helper").
    Denied,
    /// Listed for the type, but refused with `-ENOTSUPP` after its arguments were checked ("func … not supported for
    /// program type", "… supported only for fentry/fexit/fmod_ret programs").
    Unsupported(&'static HelperProto),
    /// Listed for the type, but refused where this program attaches, after the question of the licence ("helper call
    /// is not allowed in probe").
    NotAllowed(&'static HelperProto),
    /// Yes.
    Proto(&'static HelperProto),
    /// skep has no prototype for it yet.
    NotModelled,
}

/// The answer to "may this program call that kfunc?".
#[derive(Clone, Copy, Debug)]
pub enum KfuncAnswer {
    /// Not registered, or not for this program ("calling kernel function … is not allowed").
    Denied,
    /// Yes.
    Proto(KfuncProto),
    /// skep does not know it.
    NotModelled,
}

/// The answer to "may this program pass such a map to that helper?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapAnswer {
    /// Yes.
    Takes,
    /// "cannot pass map_type … into func …".
    Refused,
    /// The same, after "cannot update sockmap in this context".
    NoSockmapUpdate,
}

/// All calls of all releases, as a verifier asks for them.
pub trait CallTable: Sync {
    /// Looks up a helper by number.
    fn helper(&self, id: u32, caller: &Caller<'_>) -> HelperAnswer;
    /// The name of a helper of any release, `bpf_`-prefixed.
    fn helper_name(&self, id: u32) -> Option<&'static str>;
    /// Looks up a kfunc by name.
    fn kfunc(&self, name: &str, caller: &Caller<'_>) -> KfuncAnswer;
    /// Tells whether a map of this kind and that helper go together (`check_map_func_compatibility`).
    fn map_takes(&self, map: MapType, helper: u32, caller: &Caller<'_>) -> MapAnswer;
}
