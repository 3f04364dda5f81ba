//! What every consumer may ask about one helper or kfunc.

use crate::{KernelVersion, ProgType};

bitflags::bitflags! {
    /// `KF_*` flags as `include/linux/btf.h` numbers them (6.19).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct KfuncFlags: u32 {
        /// Returns a reference that must be released.
        const ACQUIRE = 1 << 0;
        /// Takes a reference away.
        const RELEASE = 1 << 1;
        /// May return null.
        const RET_NULL = 1 << 2;
        /// Pointer arguments must be trusted or referenced.
        const TRUSTED_ARGS = 1 << 4;
        /// May sleep.
        const SLEEPABLE = 1 << 5;
        /// May do damage; needs `CAP_SYS_BOOT`.
        const DESTRUCTIVE = 1 << 6;
        /// Pointer arguments may be RCU pointers.
        const RCU = 1 << 7;
        /// Starts an iterator.
        const ITER_NEW = 1 << 8;
        /// Advances an iterator.
        const ITER_NEXT = 1 << 9;
        /// Ends an iterator.
        const ITER_DESTROY = 1 << 10;
        /// Must be called under an RCU read lock.
        const RCU_PROTECTED = 1 << 11;
        /// Spares the caller-saved registers.
        const FASTCALL = 1 << 12;
        /// Returns an arena address.
        const ARENA_RET = 1 << 13;
        /// First argument is an arena address.
        const ARENA_ARG1 = 1 << 14;
        /// Second argument is an arena address.
        const ARENA_ARG2 = 1 << 15;
        /// The verifier supplies trailing arguments (7.0).
        const IMPLICIT_ARGS = 1 << 16;
    }
}

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

/// What the verifier demands of one argument register (`enum bpf_arg_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgType {
    /// Any initialised register.
    Anything,
    /// A scalar of this width in bytes.
    Scalar {
        /// 1, 2, 4 or 8.
        bytes: u8,
        /// Whether the C type is signed.
        signed: bool,
    },
    /// The program's context.
    Ctx,
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
    /// A NUL-terminated string in a read-only map.
    ConstStr,
    /// A callback: `PTR_TO_FUNC`.
    Func,
    /// The context of a callback: a stack pointer or null.
    StackOrNull,
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
    /// A value of the map argument, or null.
    MapValueOrNull,
    /// Memory of the size argument, or null (`bpf_ringbuf_reserve`).
    AllocMemOrNull,
    /// A kernel object, or null where the flags say so.
    BtfPtr {
        /// The struct's name in kernel BTF.
        strukt: &'static str,
        /// Trusted, so that fields may be walked.
        trusted: bool,
    },
    /// Memory of a known size that a per-CPU or ksym address designates.
    MemOrBtf,
}

/// What a call does to the state of a program beyond its signature; the verifier matches on this, never on a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Leaves the program for another one (`bpf_tail_call`).
    TailCall,
    /// Runs the callback argument up to a number of times (`bpf_loop`).
    CallbackLoop,
    /// Runs the callback argument once for each element of the map argument.
    CallbackMapElem,
    /// Acquires a ring buffer record.
    RingbufReserve,
    /// Gives up a ring buffer record.
    RingbufRelease,
    /// Walks the stack: the event must deliver call chains when it is precise.
    CallsStackWalk,
    /// Enters an RCU read-side critical section.
    RcuLock,
    /// Leaves an RCU read-side critical section.
    RcuUnlock,
}

/// Whether a call is a helper (numbered by the uapi) or a kfunc (named by BTF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// `BPF_FUNC_*` number.
    Helper(u32),
    /// Kernel function.
    Kfunc,
}

/// The first release in which each program type may make the call.
pub type Avail = &'static [(ProgType, KernelVersion)];

/// One callable: everything any consumer may ask about it.
#[derive(Clone, Copy, Debug)]
pub struct CallSpec {
    /// Helper or kfunc.
    pub kind: CallKind,
    /// Full kernel name, such as `bpf_map_lookup_elem`.
    pub name: &'static str,
    /// The doc comment of the implementing function.
    pub doc: &'static str,
    /// Arguments, R1 first.
    pub args: &'static [ArgType],
    /// Names of the arguments, as the implementing function spells them.
    pub arg_names: &'static [&'static str],
    /// R0 afterwards.
    pub ret: RetType,
    /// Who may call it, since when.
    pub avail: Avail,
    /// Kfunc flags by the release that introduced them, oldest first.
    pub history: &'static [(KernelVersion, KfuncFlags)],
    /// Whether the program's licence must be GPL-compatible.
    pub gpl_only: bool,
    /// Whether only sleepable programs may call it.
    pub might_sleep: bool,
    /// Beyond the signature.
    pub effect: Option<Effect>,
    /// Source file of the implementing function.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
}

impl CallSpec {
    /// The release since which `prog` may make this call.
    #[must_use]
    pub fn since(&self, prog: ProgType) -> Option<KernelVersion> {
        self.avail.iter().find(|(p, _)| *p == prog).map(|(_, since)| *since)
    }

    /// The flags in force, or `None` where `prog` may not make this call on `version`.
    #[must_use]
    pub fn flags_at(&self, prog: ProgType, version: KernelVersion) -> Option<KfuncFlags> {
        self.since(prog).filter(|since| *since <= version)?;
        let step = self.history.iter().rev().find(|(since, _)| *since <= version);
        Some(step.map_or(KfuncFlags::empty(), |(_, flags)| *flags))
    }
}
