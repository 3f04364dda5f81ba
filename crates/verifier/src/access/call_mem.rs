//! Memory that calls read and write (`check_helper_mem_access` and those that call it).

use skep_abi::{MapType, ProgType, TypeFlags};
use skep_isa::Reg;

use super::map_value::{self, By};
use super::mem::{self, WriteReadOnly};
use super::region::{self, Span};
use super::stack::range::{self, Range};
use super::{Access, Rw, btf_ptr, packet};
use crate::call::{MapRef, RawStack};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::precision;
use crate::state::{Base, RegState};

/// Sizes from here on count as unbounded (`BPF_MAX_VAR_SIZ`).
const MAX_VAR_SIZE: u64 = 1 << 29;

rejections! {
    /// A call needs memory, and the register holds something else.
    NotMemory("call-not-memory", EACCES, help: "pass a pointer to the stack, to a map's value or to other memory") {
        regno: u8, ty: String,
    } => "R{regno} type={ty} expected=fp";

    /// The size of memory that is passed to a call may be negative.
    NegativeSize("call-size-negative", EACCES, help: "make the size unsigned, or check its bounds") {
        regno: u8,
    } => "R{regno} min value is negative, either use unsigned or 'var &= const'";

    /// The size of memory that is passed to a call may be zero, and the call needs at least one byte.
    ZeroSize("call-size-zero", EACCES, help: "check that the size is not 0") {
        regno: u8, min: i64, max: i64,
    } => "R{regno} invalid zero-sized read: u64=[{min},{max}]";

    /// The size of memory that is passed to a call has no upper bound that is known.
    UnboundedSize("call-size-unbounded", EACCES, help: "compare the size with the size of the memory first") {
        regno: u8,
    } => "R{regno} unbounded memory access, use 'var &= const' or 'if (var < const)'";

    /// Zero bytes of the context are passed to a call that needs some.
    NoContextBytes("call-context-empty", EACCES, help: "pass a size of at least 1") {
    } => "";
}

/// Memory that a call accesses.
#[derive(Debug)]
pub(crate) struct CallMem<'m> {
    /// The pointer.
    pub(crate) reg: Reg,
    /// Bytes.
    pub(crate) size: u32,
    /// Reads or writes.
    pub(crate) rw: Rw,
    /// Whether no bytes at all are fine.
    pub(crate) zero_ok: bool,
    /// For raw modes: filled with the stack that the call initialises, instead of demanding that it is initialised.
    pub(crate) raw: Option<&'m mut RawStack>,
}

/// Checks memory that a call accesses (`check_helper_mem_access`).
pub(crate) fn check_call_mem(env: &mut Env<'_>, arg: CallMem<'_>) -> Step {
    let CallMem { reg: regno, size, rw, zero_ok, raw } = arg;
    let reg = *env.reg(regno);
    let span = Span { off: reg.off, size, zero_ok };
    let is_read_only = reg.ty.has(TypeFlags::MEM_RDONLY);
    let refuses = |rw| rw == Rw::Write && (is_read_only || reg.ty.base == Base::MapKey);
    let read_only = || Err(WriteReadOnly { regno: regno.0, ty: reg.ty.to_string() }.into());
    match reg.ty.base {
        Base::Packet | Base::PacketMeta => packet::check(env, regno, span),
        Base::MapKey | Base::Mem | Base::Buf if refuses(rw) => read_only(),
        Base::MapKey => {
            let key_size = MapRef::of(&reg).map_or(0, |map| map.get(env).key_size);
            region::check(env, regno, Span { zero_ok: false, ..span }, key_size)
        }
        Base::MapValue => {
            map_value::check_type(env, &reg, reg.off, size, rw)?;
            map_value::check(env, regno, span, By::Call)
        }
        Base::Mem => region::check(env, regno, span, mem::mem_size(reg.payload)),
        Base::Buf => mem::check_buffer(env, regno, mem::buffer_name(is_read_only), reg.off, size),
        Base::Stack => {
            let range = Range { reg: regno, off: reg.off, size, zero_ok, rw, is_call: true };
            range::check(env, range, raw)
        }
        Base::BtfId => btf_ptr::check_call(env, regno, reg.off, size),
        Base::Ctx if !converts_ctx(env.prog.prog_type) => ctx(env, regno, size, rw, zero_ok),
        _ if zero_ok && size == 0 && reg.is_null() => Ok(()),
        _ => Err(NotMemory { regno: regno.0, ty: reg.ty.to_string() }.into()),
    }
}

/// A context that the program sees as it is, without rewriting, may be passed: its size is checked when it runs.
fn ctx(env: &mut Env<'_>, regno: Reg, size: u32, rw: Rw, zero_ok: bool) -> Step {
    let Some(last) = size.checked_sub(1) else {
        return if zero_ok { Ok(()) } else { Err(NoContextBytes {}.into()) };
    };
    let Ok(off) = i32::try_from(last) else { return Stop::bug("a size that was not bounded") };
    let access = Access {
        insn: env.insn_idx,
        base: regno,
        off,
        size: 1,
        rw,
        value: None,
        strict: false,
        sign_extend: false,
    };
    super::check(env, access)
}

/// Whether loads of the context are rewritten for programs of this type (`convert_ctx_access`).
pub(super) const fn converts_ctx(prog_type: ProgType) -> bool {
    !matches!(
        prog_type,
        ProgType::Syscall
            | ProgType::Kprobe
            | ProgType::Tracepoint
            | ProgType::RawTracepoint
            | ProgType::RawTracepointWritable
            | ProgType::Tracing
            | ProgType::Lsm
            | ProgType::StructOps
            | ProgType::CgroupDevice
            | ProgType::Netfilter
            | ProgType::LircMode2
            | ProgType::Ext
    )
}

/// Checks memory whose size is in `size_reg` and whose pointer is in the register before it (`check_mem_size_reg`).
///
/// Returns the greatest size (`msize_max_value`). Marks the size precise.
pub(crate) fn check_mem_size_reg(
    env: &mut Env<'_>,
    size_reg: Reg,
    rw: Rw,
    zero_ok: bool,
    raw: Option<&mut RawStack>,
) -> Step<u64> {
    let num = env.reg(size_reg).num;
    let regno = size_reg.0;
    // A call that may fill only a part of the memory does not initialise it.
    let raw = raw.filter(|_| num.is_const());
    if num.smin < 0 {
        return Err(NegativeSize { regno }.into());
    }
    if num.umin == 0 && !zero_ok {
        let (min, max) = (num.umin.cast_signed(), num.umax.cast_signed());
        if env.features.tells_zero_sizes() {
            return Err(ZeroSize { regno, min, max }.into());
        }
        check_call_mem(env, CallMem { reg: Reg(regno - 1), size: 0, rw, zero_ok, raw: None })?;
    }
    if num.umax >= MAX_VAR_SIZE {
        return Err(UnboundedSize { regno }.into());
    }
    let arg = CallMem { reg: Reg(regno - 1), size: num.umax as u32, rw, zero_ok, raw };
    check_call_mem(env, arg)?;
    precision::mark_chain(env, size_reg)?;
    Ok(num.umax)
}

/// Checks that memory of a known size may be read and written; null is fine (`check_mem_reg`).
pub(crate) fn check_mem_reg(env: &mut Env<'_>, reg: Reg, size: u32) -> Step {
    if env.reg(reg).is_null() {
        return Ok(());
    }
    as_if_not_null(env, reg, |env| {
        for rw in [Rw::Read, Rw::Write] {
            check_call_mem(env, CallMem { reg, size, rw, zero_ok: true, raw: None })?;
        }
        Ok(())
    })
}

/// Checks memory of a kfunc, read and written, with its size in `size_reg` and the pointer in the register before it,
/// which may be null for this purpose (`check_kfunc_mem_size_reg`).
pub(crate) fn check_kfunc_mem_size_reg(env: &mut Env<'_>, size_reg: Reg) -> Step {
    as_if_not_null(env, Reg(size_reg.0 - 1), |env| {
        check_mem_size_reg(env, size_reg, Rw::Read, true, None)?;
        check_mem_size_reg(env, size_reg, Rw::Write, true, None)?;
        Ok(())
    })
}

/// Runs a check for the case that a pointer is not null; afterwards it is as it was.
fn as_if_not_null(env: &mut Env<'_>, regno: Reg, check: impl FnOnce(&mut Env<'_>) -> Step) -> Step {
    let saved = *env.reg(regno);
    if saved.ty.may_be_null() {
        *env.reg_mut(regno) = not_null(env, saved);
    }
    let result = check(env);
    *env.reg_mut(regno) = saved;
    result
}

/// What is left of the pointer: a value of some kinds of map turns out to be something else.
fn not_null(env: &Env<'_>, mut reg: RegState) -> RegState {
    reg.ty.flags -= TypeFlags::PTR_MAYBE_NULL;
    if reg.ty.base == Base::MapValue
        && let Some(map) = MapRef::of(&reg).map(|map| map.get(env))
    {
        reg.ty.base = match map.map_type {
            _ if map.inner.is_some() => Base::MapPtr,
            MapType::Xskmap => Base::XdpSock,
            MapType::Sockmap | MapType::Sockhash => Base::Socket,
            _ => Base::MapValue,
        };
    }
    reg
}
