//! Memory that helpers read and write, and sizes.

use skep_abi::{ArgProto, TypeFlags};
use skep_isa::Reg;

use crate::access::packet::may_access_packet;
use crate::access::{self, Access, CallMem, Rw, align};
use crate::call::{Meta, RawStack};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::precision;

rejections! {
    /// The helper, or any helper in a program of this type, takes no pointers into packets.
    PacketNotAllowed("helper-packet-memory", EACCES, help: "copy the bytes to the stack first") {
    } => "helper access to the packet is not allowed";

    /// The size of an allocation must be known when the program is loaded.
    AllocSizeNotConstant("alloc-size-not-constant", EACCES, help: "pass a constant size, the same on all paths that meet here") {
        regno: u8,
    } => "R{regno} is not a known constant'";
}

/// Whether a pointer into a packet may be passed (`may_access_direct_pkt_data`).
pub(super) fn check_packet(env: &mut Env<'_>, meta: &Meta) -> Step {
    let allowed = may_access_packet(env, Some(meta.proto.pkt_access), Rw::Read);
    if allowed { Ok(()) } else { Err(PacketNotAllowed {}.into()) }
}

/// Whether an argument's memory is read or written.
pub(super) fn rw(flags: TypeFlags) -> Rw {
    if flags.contains(TypeFlags::MEM_WRITE) { Rw::Write } else { Rw::Read }
}

/// Checks memory of a size that is known: `size` bytes at `reg`, which the call may fill where `flags` say so.
pub(super) fn check_sized(
    env: &mut Env<'_>,
    reg: Reg,
    size: u32,
    flags: TypeFlags,
    meta: &mut Meta,
) -> Step {
    let mut raw = RawStack::default();
    let fills = flags.contains(TypeFlags::MEM_UNINIT);
    let mem = CallMem { reg, size, rw: rw(flags), zero_ok: false, raw: fills.then_some(&mut raw) };
    access::check_call_mem(env, mem)?;
    if raw.is_stack {
        meta.raw = Some((reg, raw));
    }
    Ok(())
}

/// Checks memory whose size is in the register after it.
pub(super) fn check_pair(
    env: &mut Env<'_>,
    size_reg: Reg,
    memory: ArgProto,
    zero_ok: bool,
    meta: &mut Meta,
) -> Step {
    let mut raw = RawStack::default();
    let fills = memory.flags.contains(TypeFlags::MEM_UNINIT);
    let into = fills.then_some(&mut raw);
    meta.max_size = access::check_mem_size_reg(env, size_reg, rw(memory.flags), zero_ok, into)?;
    if raw.is_stack {
        meta.raw = Some((Reg(size_reg.0 - 1), raw));
    }
    Ok(())
}

/// Checks that memory lies at a multiple of its size.
pub(super) fn check_aligned(env: &Env<'_>, regno: Reg, size: u32) -> Step {
    let access = Access {
        insn: env.insn_idx,
        base: regno,
        off: 0,
        size,
        rw: Rw::Write,
        value: None,
        strict: true,
        sign_extend: false,
    };
    align::check(env, &access)
}

/// Checks the size of an allocation, and remembers it.
pub(super) fn check_alloc_size(env: &mut Env<'_>, regno: Reg, meta: &mut Meta) -> Step {
    let Some(size) = env.reg(regno).num.const_value() else {
        return Err(AllocSizeNotConstant { regno: regno.0 }.into());
    };
    meta.mem_size = size;
    precision::mark_chain(env, regno)
}
