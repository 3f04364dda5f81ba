//! Whether a program may access memory, and what it finds there (`check_mem_access`): dispatch by kind of pointer.

pub(crate) mod align;
pub(crate) mod btf_ptr;
pub(crate) mod call_mem;
pub(crate) mod ctx;
pub(crate) mod kptr;
pub(crate) mod map_ptr;
pub(crate) mod map_value;
pub(crate) mod mem;
pub(crate) mod packet;
pub(crate) mod ptr_off;
pub(crate) mod ptr_type;
pub(crate) mod region;
pub(crate) mod socket;
pub(crate) mod stack;

use skep_isa::Reg;

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::Base;

pub(crate) use btf_ptr::{LoadedBtf, load_btf, struct_ids_match};
pub(crate) use call_mem::{
    CallMem, check_call_mem, check_kfunc_mem_size_reg, check_mem_reg, check_mem_size_reg,
};
pub(crate) use ptr_off::check_ptr_off;
pub(crate) use ptr_type::{note_ptr_type, note_ptr_type_lenient};

rejections! {
    /// The register holds nothing that memory can be accessed through.
    ///
    /// It may be a number, a pointer that has not been checked for null, or one that was released or invalidated.
    InvalidMemAccess("invalid-mem-access", EACCES, help: "check the pointer for null before, and do not use it after it was released") {
        regno: u8, ty: String,
    } => "R{regno} invalid mem access '{ty}'";
}

/// Reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rw {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

/// A load or store of an insn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// The insn.
    pub(crate) insn: u32,
    /// The pointer.
    pub(crate) base: Reg,
    /// Constant offset of the insn.
    pub(crate) off: i32,
    /// Bytes: 1, 2, 4 or 8.
    pub(crate) size: u32,
    /// Reads or writes.
    pub(crate) rw: Rw,
    /// The register that is loaded into, or stored; none for immediates and for atomics that fetch nothing.
    pub(crate) value: Option<Reg>,
    /// Whether the alignment matters even where the machine does not need it (atomics).
    pub(crate) strict: bool,
    /// Whether a load extends the sign.
    pub(crate) sign_extend: bool,
}

/// Checks an access and, for a load, says what the register holds then (`check_mem_access`).
pub(crate) fn check(env: &mut Env<'_>, access: Access) -> Step {
    align::check(env, &access)?;
    let reg = *env.reg(access.base);
    let off = access.off.wrapping_add(reg.off);
    let is_plain = reg.ty.flags.is_empty();
    match reg.ty.base {
        Base::MapKey if is_plain => mem::map_key(env, &access, off)?,
        Base::MapValue if is_plain => map_value::access(env, &access, off)?,
        Base::Mem => mem::mem(env, &access, off)?,
        Base::Ctx if is_plain => ctx::access(env, &access, off)?,
        Base::Stack if is_plain => stack::access(env, &access, off)?,
        Base::Packet | Base::PacketMeta => packet::access(env, &access, off)?,
        Base::FlowKeys if is_plain => packet::flow_keys(env, &access, off)?,
        Base::Socket | Base::SockCommon | Base::TcpSock | Base::XdpSock if is_plain => {
            socket::access(env, &access, off)?;
        }
        Base::TpBuffer if is_plain => mem::tp_buffer(env, &access, off)?,
        Base::BtfId if !reg.ty.may_be_null() => btf_ptr::access(env, &access, off)?,
        Base::MapPtr if is_plain => map_ptr::access(env, &access, off)?,
        Base::Buf if !reg.ty.may_be_null() => mem::buf(env, &access, off)?,
        Base::Arena if is_plain => mem::arena(env, &access),
        _ => {
            return Err(InvalidMemAccess { regno: access.base.0, ty: reg.ty.to_string() }.into());
        }
    }
    narrow(env, &access);
    Ok(())
}

/// A load of fewer than eight bytes bounds the number that it yields.
fn narrow(env: &mut Env<'_>, access: &Access) {
    let Some(value) = access.value else { return };
    let reg = env.reg_mut(value);
    if access.rw == Rw::Write || access.size == 8 || !reg.is_scalar() {
        return;
    }
    if access.sign_extend {
        reg.num.coerce_to_size_sx(access.size);
    } else {
        reg.num.coerce_to_size(access.size);
    }
}
