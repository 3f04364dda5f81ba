//! Atomic operations on memory (`check_atomic`).

use skep_isa::{AtomicOp, Insn, Reg, opcode as op};

use super::{mem, reg_arg};
use crate::access::{self, Access, Rw};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, RegType};

rejections! {
    /// The atomic operation works on 4 or 8 bytes only.
    AtomicSize("atomic-size", EINVAL, help: "use a 32-bit or 64-bit variable") {
    } => "invalid atomic operand size";

    /// This atomic operation does not exist in this release.
    AtomicOpcode("atomic-opcode", EINVAL, help: "load_acquire and store_release need Linux 6.15") {
        imm: String,
    } => "BPF_ATOMIC uses invalid atomic opcode {imm}";

    /// An atomic operation on memory that takes only plain stores, such as the context, a packet or a socket.
    AtomicStore("atomic-store-memory", EACCES, help: "use a plain store, or a map value") {
        regno: u8, ty: RegType,
    } => "BPF_ATOMIC stores into R{regno} {ty} is not allowed";

    /// An atomic load from memory that takes only plain loads, such as the context, a packet or a socket.
    AtomicLoad("atomic-load-memory", EACCES, help: "use a plain load") {
        regno: u8, ty: RegType,
    } => "BPF_ATOMIC loads from R{regno} {ty} is not allowed";
}

/// Applies an atomic operation.
pub(super) fn check(env: &mut Env<'_>, insn: Insn) -> Step {
    match insn.imm {
        op::LOAD_ACQ if env.features.has_load_acquire() => load_acquire(env, insn),
        op::STORE_REL if env.features.has_load_acquire() => store_release(env, insn),
        _ => match AtomicOp::from_imm(insn.imm) {
            Some(atomic) => read_modify_write(env, insn, atomic),
            None => Err(AtomicOpcode { imm: format!("{:02x}", insn.imm) }.into()),
        },
    }
}

/// Whether the kernel can make atomic accesses through this kind of pointer (`atomic_ptr_type_ok`).
fn is_atomic_memory(ty: RegType) -> bool {
    !matches!(
        ty.base,
        Base::Ctx
            | Base::Packet
            | Base::PacketMeta
            | Base::FlowKeys
            | Base::Socket
            | Base::SockCommon
            | Base::TcpSock
            | Base::XdpSock
    )
}

fn load_acquire(env: &mut Env<'_>, insn: Insn) -> Step {
    let base = if insn.src <= Reg::R10 { Some(env.reg(insn.src).ty) } else { None };
    mem::load_by(env, insn, true, false, false)?;
    match base {
        Some(ty) if !is_atomic_memory(ty) => {
            Err(AtomicLoad { regno: insn.src.0, ty: env.reg(insn.src).ty }.into())
        }
        _ => Ok(()),
    }
}

fn store_release(env: &mut Env<'_>, insn: Insn) -> Step {
    mem::store_by(env, insn, true)?;
    let ty = env.reg(insn.dst).ty;
    if is_atomic_memory(ty) { Ok(()) } else { Err(AtomicStore { regno: insn.dst.0, ty }.into()) }
}

fn read_modify_write(env: &mut Env<'_>, insn: Insn, atomic: AtomicOp) -> Step {
    if !matches!(insn.code & op::SIZE_MASK, op::W | op::DW) {
        return Err(AtomicSize {}.into());
    }
    reg_arg::source(env, insn.src)?;
    reg_arg::source(env, insn.dst)?;
    if atomic == AtomicOp::Cmpxchg {
        reg_arg::source(env, Reg::R0)?;
    }
    let ty = env.reg(insn.dst).ty;
    if !is_atomic_memory(ty) {
        return Err(AtomicStore { regno: insn.dst.0, ty }.into());
    }
    let fetched = match atomic {
        AtomicOp::Cmpxchg => Some(Reg::R0),
        _ if insn.imm & op::FETCH != 0 => Some(insn.src),
        _ => None,
    };
    if let Some(reg) = fetched {
        reg_arg::dest_unknown(env, reg)?;
    }
    let mut access = Access {
        insn: env.insn_idx,
        base: insn.dst,
        off: insn.off.into(),
        size: mem::size(insn),
        rw: Rw::Read,
        value: None,
        strict: true,
        sign_extend: false,
    };
    access::check(env, access)?;
    if fetched.is_some() {
        access::check(env, Access { value: fetched, ..access })?;
    }
    let ty = env.reg(insn.dst).ty;
    access::note_ptr_type(env, ty)?;
    access.rw = Rw::Write;
    access::check(env, access)
}
