//! The context, by type of program (`check_ctx_access` and each type's `is_valid_access`): which offsets and sizes may
//! be read and written, and what a load yields.

mod cgroup;
mod flow;
mod iter_args;
mod lsm;
mod netfilter;
mod null_args;
mod skb;
mod sock_addr;
mod sock_ops;
mod sockets;
pub(in crate::access) mod span;
mod syscall;
pub(crate) mod traced;
mod tracing;
mod xdp;

pub(crate) use tracing::ref_args;

use skep_abi::{AttachType, ProgType, TypeFlags};
use skep_btf::TypeId;

use super::region::{self, Span};
use super::{Access, Rw, check_ptr_off};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::scalar::mark_unknown;
use crate::state::{Base, Payload, RegState, RegType};

rejections! {
    /// The context has nothing at the offset that programs of this type may access in this way.
    ///
    /// Each program type has a context of its own, and for each field the kernel says with which sizes it may be read
    /// or written.
    InvalidContext("ctx-invalid-access", EACCES, help: "access a field of the context struct of this program type, with the field's size") {
        first: String, off: i32, size: u32,
    } => "{first}invalid bpf_context access off={off} size={size}";

    /// The context's argument is a reference that was given up before.
    ContextReleased("ctx-reference-released", EACCES, help: "read the argument before its reference is released") {
        off: i32,
    } => "invalid bpf_context access off={off}. Reference may already be released";
}

/// What a program asks of its context.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    /// Offset.
    pub(super) off: i32,
    /// Bytes.
    pub(super) size: u32,
    /// Reads or writes.
    pub(super) rw: Rw,
    /// Whether a load extends the sign.
    pub(super) sign_extend: bool,
    /// The program's type.
    pub(super) prog_type: ProgType,
    /// What it expects to be attached to.
    pub(super) attach_type: AttachType,
}

impl Query {
    /// Whether it begins within these offsets.
    const fn within(&self, start: i32, end: i32) -> bool {
        start <= self.off && self.off < end
    }

    /// Whether it is aligned to its size, which every context demands.
    const fn is_aligned(&self) -> bool {
        (self.off as u32).is_multiple_of(self.size)
    }
}

/// What a load yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Yields {
    /// A number.
    Number,
    /// What a hook or function returned, within these bounds.
    Retval(i32, i32),
    /// A pointer of this type.
    Pointer(RegType),
    /// A kernel object.
    Object {
        /// Its struct.
        id: TypeId,
        /// Modifiers.
        flags: TypeFlags,
        /// The reference that it is; 0 when none.
        ref_id: u32,
    },
}

impl Yields {
    const fn base(base: Base) -> Self {
        Self::Pointer(RegType::new(base))
    }

    const fn or_null(base: Base) -> Self {
        Self::Pointer(RegType::with(base, TypeFlags::PTR_MAYBE_NULL))
    }
}

/// Whether an access is fine, and what a load then yields; a refusal may have a sentence that comes before the last.
pub(super) type Answer = Result<Yields, String>;

/// A refusal without further words.
pub(super) const fn refused() -> Answer {
    Err(String::new())
}

/// A load or store of the context.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let off = check_pointer(env, access, off)?;
    let size = access.size;
    let query = Query {
        off,
        size,
        rw: access.rw,
        sign_extend: access.sign_extend,
        prog_type: env.prog.prog_type,
        attach_type: env.prog.attach_type,
    };
    let yields = match ask(env, &query)? {
        Ok(yields) => yields,
        Err(first) => return Err(InvalidContext { first, off, size }.into()),
    };
    if let Yields::Object { ref_id, .. } = yields
        && ref_id != 0
        && !env.state.refs.has(ref_id)
    {
        return Err(ContextReleased { off }.into());
    }
    // Unsigned as in the kernel: an offset below the context makes attaching fail.
    let end = off.cast_unsigned().wrapping_add(size);
    env.max_ctx_offset = env.max_ctx_offset.max(end);
    if let Yields::Object { flags, .. } = yields
        && flags.contains(TypeFlags::PTR_TRUSTED)
        && let Ok(word) = u32::try_from(off / 8)
    {
        env.ctx_ptrs |= 1_u16.checked_shl(word).unwrap_or(0);
    }
    if access.rw == Rw::Read
        && let Some(value) = access.value
    {
        load(env, value, yields);
    }
    Ok(())
}

/// The pointer must be the context as it came; its offset from there.
fn check_pointer(env: &Env<'_>, access: &Access, off: i32) -> Step<i32> {
    if !env.features.moves_plain_ctx() {
        check_ptr_off(env, access.base, false)?;
        return Ok(off);
    }
    if env.prog.prog_type == ProgType::Syscall {
        let span = Span { off, size: access.size, zero_ok: false };
        region::check(env, access.base, span, syscall::MAX)?;
        let umax = env.reg(access.base).num.umax;
        return Ok(off.wrapping_add(umax as i32));
    }
    let is_plain = !super::call_mem::converts_ctx(env.prog.prog_type);
    check_ptr_off(env, access.base, is_plain)?;
    Ok(off)
}

fn load(env: &mut Env<'_>, value: skep_isa::Reg, yields: Yields) {
    match yields {
        Yields::Number => mark_unknown(env, value),
        Yields::Retval(min, max) => {
            mark_unknown(env, value);
            let num = &mut env.reg_mut(value).num;
            (num.s32_min, num.s32_max) = (min, max);
            (num.smin, num.smax) = (i64::from(min), i64::from(max));
            num.sync();
        }
        Yields::Pointer(ty) => {
            let id = if ty.may_be_null() { env.new_id() } else { 0 };
            let payload = match ty.base {
                Base::Packet | Base::PacketMeta => Payload::Packet { range: 0 },
                Base::Mem => Payload::Mem { size: 0, dynptr_id: 0 },
                _ => Payload::None,
            };
            *env.reg_mut(value) = RegState { id, payload, ..RegState::pointer(ty) };
        }
        Yields::Object { id: ty, flags, ref_id } => {
            let id = if flags.contains(TypeFlags::PTR_MAYBE_NULL) { env.new_id() } else { 0 };
            let pointer = RegState::pointer(RegType::with(Base::BtfId, flags));
            let payload = Payload::Btf { local: false, id: ty };
            *env.reg_mut(value) = RegState { id, ref_id, payload, ..pointer };
        }
    }
}

/// Asks the rules of the program's type.
fn ask(env: &Env<'_>, query: &Query) -> Step<Answer> {
    Ok(match query.prog_type {
        ProgType::PerfEvent => traced::perf_event(query),
        ProgType::Kprobe => traced::kprobe(query),
        ProgType::Tracepoint => traced::tracepoint(query),
        ProgType::RawTracepoint => traced::raw_tracepoint(query),
        ProgType::RawTracepointWritable => traced::raw_tracepoint_writable(query),
        ProgType::Tracing | ProgType::Lsm | ProgType::StructOps => tracing::access(env, query)?,
        ProgType::Syscall => syscall::access(query),
        ProgType::SocketFilter
        | ProgType::SchedCls
        | ProgType::SchedAct
        | ProgType::CgroupSkb
        | ProgType::LwtIn
        | ProgType::LwtOut
        | ProgType::LwtXmit
        | ProgType::LwtSeg6local
        | ProgType::SkSkb => skb::access(query),
        ProgType::Xdp => xdp::access(query),
        ProgType::CgroupSock => sockets::cgroup_sock(query),
        ProgType::CgroupSockAddr => sock_addr::access(query),
        ProgType::CgroupDevice => cgroup::device(query),
        ProgType::CgroupSysctl => cgroup::sysctl(query),
        ProgType::CgroupSockopt => cgroup::sockopt(query),
        ProgType::SockOps if query.off >= 216 && !env.features.has_sock_ops_hwtstamp() => refused(),
        ProgType::SockOps => sock_ops::access(query),
        ProgType::SkMsg => sockets::sk_msg(query),
        ProgType::SkReuseport => sockets::sk_reuseport(query),
        ProgType::SkLookup => sockets::sk_lookup(query),
        ProgType::FlowDissector => flow::access(query),
        ProgType::Netfilter => netfilter::access(env, query),
        ProgType::LircMode2 => traced::lirc(query),
        ProgType::Ext | ProgType::Unspec => {
            return Stop::unsupported(format!(
                "the context of {} programs",
                query.prog_type.name()
            ));
        }
    })
}
