//! Which kinds of register an argument takes (`check_reg_type`).

use skep_abi::{ArgBase, ArgProto, Effect, TypeFlags};
use skep_isa::Reg;

use super::btf_id;
use crate::call::{Meta, kptr};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::features::Features;
use crate::state::{Base, RegType};

rejections! {
    /// An allocated object is passed that may be null, or that the program does not own.
    ///
    /// The kernel's verifier has no rule for it and calls that a bug of its own.
    UnexpectedObject("object-not-expected", EFAULT, help: "check the pointer for null first") {
    } => "verifier bug: invalid PTR_TO_BTF_ID register for type match";

    /// A value of the wrong kind is passed to a helper.
    ///
    /// `R` and a number is the argument's register: R1 is the first argument. The sentence names the kind that the
    /// program passes and the kinds that the helper takes: `fp` is the stack, `map_value` a value of a map, `scalar` a
    /// plain number, `ptr_` a kernel object. A kind that ends in `_or_null` was not compared with null yet.
    ArgTypeMismatch("helper-arg-type", EACCES, help: "pass a value of one of the kinds that the helper takes; compare pointers with null first") {
        regno: u8, found: RegType, expected: String,
    } => "R{regno} type={found} expected={expected}";

    /// A helper that may write is given memory of a kernel object.
    MayWriteKernelObject("helper-may-write-object", EACCES, help: "copy the object to the stack first") {
        name: &'static str, regno: u8, found: RegType,
    } => "{name}() may write into memory pointed by R{regno} type={found}";

    /// A pointer that may be null is passed to a helper which takes no null.
    PossiblyNullArg("helper-arg-may-be-null", EACCES, help: "compare the pointer with null first") {
        regno: u8,
    } => "Possibly NULL pointer passed to helper arg{regno}";
}

const BTF: Base = Base::BtfId;
const NONE: TypeFlags = TypeFlags::empty();
const TRUSTED: TypeFlags = TypeFlags::PTR_TRUSTED;
const RCU: TypeFlags = TypeFlags::MEM_RCU;
const PERCPU: TypeFlags = TypeFlags::MEM_PERCPU;
const ALLOC: TypeFlags = TypeFlags::MEM_ALLOC;
const RINGBUF: TypeFlags = TypeFlags::MEM_RINGBUF;

const fn ty(base: Base, flags: TypeFlags) -> RegType {
    RegType::with(base, flags)
}

static MEM: [RegType; 9] = [
    RegType::new(Base::Stack),
    RegType::new(Base::Packet),
    RegType::new(Base::PacketMeta),
    RegType::new(Base::MapKey),
    RegType::new(Base::MapValue),
    RegType::new(Base::Mem),
    ty(Base::Mem, RINGBUF),
    RegType::new(Base::Buf),
    ty(BTF, TRUSTED),
];
static SOCK: [RegType; 4] = [
    RegType::new(Base::SockCommon),
    RegType::new(Base::Socket),
    RegType::new(Base::TcpSock),
    RegType::new(Base::XdpSock),
];
static SOCK_BTF: [RegType; 6] = [
    RegType::new(Base::SockCommon),
    RegType::new(Base::Socket),
    RegType::new(Base::TcpSock),
    RegType::new(Base::XdpSock),
    ty(BTF, NONE),
    ty(BTF, TRUSTED),
];
static OBJECT: [RegType; 3] = [ty(BTF, NONE), ty(BTF, TRUSTED), ty(BTF, RCU)];
static PERCPU_OBJECT: [RegType; 3] =
    [ty(BTF, PERCPU), ty(BTF, PERCPU.union(RCU)), ty(BTF, PERCPU.union(TRUSTED))];
static FIELD: [RegType; 2] = [RegType::new(Base::MapValue), ty(BTF, ALLOC)];
static DYNPTR: [RegType; 2] = [RegType::new(Base::Stack), RegType::new(Base::Dynptr)];
static SCALAR: [RegType; 1] = [RegType::SCALAR];
static MAP_VALUE: [RegType; 1] = [RegType::new(Base::MapValue)];
static STACK: [RegType; 1] = [RegType::new(Base::Stack)];

/// The kinds that an argument takes, in the order in which the kernel lists them.
fn compatible(base: ArgBase, features: Features) -> &'static [RegType] {
    static MAP_PTR: [RegType; 1] = [RegType::new(Base::MapPtr)];
    static CTX: [RegType; 1] = [RegType::new(Base::Ctx)];
    static FULL_SOCK: [RegType; 1] = [RegType::new(Base::Socket)];
    static RECORD: [RegType; 1] = [ty(Base::Mem, RINGBUF)];
    static FUNC: [RegType; 1] = [RegType::new(Base::Func)];
    match base {
        ArgBase::MapKey | ArgBase::MapValue if !features.takes_map_keys_from_memory() => &MEM[..5],
        ArgBase::MapKey | ArgBase::MapValue | ArgBase::Mem => &MEM,
        ArgBase::ConstSize | ArgBase::ConstSizeOrZero | ArgBase::ConstAllocSizeOrZero => &SCALAR,
        ArgBase::ConstMapPtr => &MAP_PTR,
        ArgBase::Ctx => &CTX,
        ArgBase::SockCommon => &SOCK,
        ArgBase::BtfIdSockCommon => &SOCK_BTF,
        ArgBase::Socket => &FULL_SOCK,
        ArgBase::BtfId => &OBJECT,
        ArgBase::SpinLock | ArgBase::KptrXchgDest => &FIELD,
        ArgBase::RingbufMem => &RECORD,
        ArgBase::PercpuBtfId => &PERCPU_OBJECT,
        ArgBase::Func => &FUNC,
        ArgBase::Stack => &STACK,
        ArgBase::ConstStr | ArgBase::Timer => &MAP_VALUE,
        ArgBase::Dynptr => &DYNPTR,
        ArgBase::DontCare | ArgBase::Anything | ArgBase::Arena => &[],
    }
}

/// The type that an argument demands of a kernel object, when a global subprogram asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// What the prototype names.
    Named(Option<&'static str>),
    /// This type of the kernel.
    Type(skep_btf::TypeId),
}

/// What is asked of a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'m> {
    /// Kind.
    pub(crate) base: ArgBase,
    /// Modifiers.
    pub(crate) flags: TypeFlags,
    /// Which object.
    pub(crate) object: Wanted,
    /// The call; none for a subprogram's argument.
    pub(crate) meta: Option<&'m Meta>,
}

impl<'m> Expected<'m> {
    /// What a helper's prototype asks.
    pub(crate) fn of(arg: ArgProto, meta: &'m Meta) -> Self {
        let object = Wanted::Named(arg.btf);
        Self { base: arg.base, flags: arg.flags, object, meta: Some(meta) }
    }

    fn effect(self) -> Option<Effect> {
        self.meta.and_then(|meta| meta.proto.effect)
    }
}

/// Checks the kind of a register, and of what it points to.
pub(crate) fn check(env: &Env<'_>, regno: Reg, want: Expected<'_>) -> Step {
    let found = env.reg(regno).ty;
    let kinds = compatible(want.base, env.features);
    let mut folded = found.flags;
    folded -= want.flags & (TypeFlags::MEM_RDONLY | TypeFlags::PTR_MAYBE_NULL);
    if want.base == ArgBase::Mem {
        folded -= DYNPTR_FLAGS;
    }
    let exchanges = want.effect() == Some(Effect::KptrXchg);
    if exchanges && folded.contains(ALLOC) && regno == Reg::R2 {
        folded -= ALLOC | PERCPU;
    }
    if !kinds.contains(&RegType::with(found.base, folded)) {
        let expected: Vec<_> = kinds.iter().map(ToString::to_string).collect();
        let expected = expected.join(", ");
        return Err(ArgTypeMismatch { regno: regno.0, found, expected }.into());
    }
    if found.base != BTF {
        return Ok(());
    }
    if core::ptr::eq(kinds, &raw const MEM as *const [RegType]) {
        if want.flags.contains(TypeFlags::MEM_RDONLY) {
            return Ok(());
        }
        let name = want.meta.map_or("", |meta| meta.proto.name);
        return Err(MayWriteKernelObject { name, regno: regno.0, found }.into());
    }
    object(env, regno, found, want, exchanges)
}

/// Modifiers that tell which dynptr memory came from.
pub(crate) const DYNPTR_FLAGS: TypeFlags = TypeFlags::DYNPTR_TYPE_LOCAL
    .union(TypeFlags::DYNPTR_TYPE_RINGBUF)
    .union(TypeFlags::DYNPTR_TYPE_SKB)
    .union(TypeFlags::DYNPTR_TYPE_XDP)
    .union(TypeFlags::DYNPTR_TYPE_SKB_META)
    .union(TypeFlags::DYNPTR_TYPE_FILE);

/// Checks which kernel object is pointed to.
fn object(env: &Env<'_>, regno: Reg, found: RegType, want: Expected<'_>, exchanges: bool) -> Step {
    if found.has(ALLOC) {
        let non_owning = ALLOC | TypeFlags::NON_OWN_REF;
        let known = [ALLOC, ALLOC | PERCPU, non_owning, non_owning | TypeFlags::MEM_RCU];
        if !known.contains(&found.flags) {
            return Err(UnexpectedObject {}.into());
        }
        return match want.meta.and_then(|meta| meta.kptr) {
            Some(field) if exchanges && regno == Reg::R2 => kptr::match_type(env, field, regno),
            _ => Ok(()),
        };
    }
    if found.has(PERCPU) {
        return Ok(());
    }
    let releases = want.flags.contains(TypeFlags::OBJ_RELEASE);
    let takes_null = want.flags.contains(TypeFlags::PTR_MAYBE_NULL);
    if found.may_be_null() && (!takes_null || releases) {
        return Err(PossiblyNullArg { regno: regno.0 }.into());
    }
    if exchanges {
        return match want.meta.and_then(|meta| meta.kptr) {
            Some(field) => kptr::match_type(env, field, regno),
            None => Stop::bug("an object is exchanged before its field is known"),
        };
    }
    // The only helper that releases sockets takes any that begins with a `sock_common`.
    let is_strict = releases && want.base != ArgBase::BtfIdSockCommon;
    let wanted = match (want.object, want.base) {
        (Wanted::Type(id), _) => id,
        (Wanted::Named(None), ArgBase::BtfIdSockCommon) => btf_id::named(env, "sock_common")?,
        (Wanted::Named(Some(name)), _) => btf_id::named(env, name)?,
        (Wanted::Named(None), _) => return Stop::bug("an argument lacks the name of its type"),
    };
    btf_id::check(env, regno, wanted, is_strict)
}
