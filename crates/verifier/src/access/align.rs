//! Alignment of loads and stores (`check_ptr_alignment`): always on the stack, elsewhere where it is asked for.

use skep_domain::Tnum;

use super::Access;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::Base;

/// What packets are shifted by so that the IP header is aligned (`NET_IP_ALIGN`).
const IP_ALIGN: i32 = 2;

rejections! {
    /// A load or store is not at a multiple of its size.
    ///
    /// On the stack every access must be aligned; elsewhere only atomics, and programs that were loaded with
    /// `BPF_F_STRICT_ALIGNMENT`.
    Misaligned("misaligned-access", EACCES, help: "access at a multiple of the size, or byte by byte") {
        what: &'static str, var_off: String, reg_off: i32, off: i32, size: u32,
    } => "misaligned {what}access off {var_off}+{reg_off}+{off} size {size}";

    /// A load or store of a packet is not aligned, and the program asked for strict alignment.
    MisalignedPacket("misaligned-packet-access", EACCES, help: "access the packet byte by byte") {
        ip_align: i32, var_off: String, reg_off: i32, off: i32, size: u32,
    } => "misaligned packet access off {ip_align}+{var_off}+{reg_off}+{off} size {size}";
}

/// Checks it.
pub(crate) fn check(env: &Env<'_>, access: &Access) -> Step {
    let reg = env.reg(access.base);
    let base = reg.ty.base;
    let is_plain = reg.ty.flags.is_empty();
    let is_stack = base == Base::Stack && is_plain;
    let is_strict = env.prog.strict_alignment || access.strict || is_stack;
    if !is_strict || access.size == 1 || base == Base::Arena {
        return Ok(());
    }
    let (reg_off, off, size) = (reg.off, access.off, access.size);
    let ip_align = if reg.ty.is_packet() && is_plain { IP_ALIGN } else { 0 };
    let fixed = i64::from(reg_off) + i64::from(off) + i64::from(ip_align);
    let at = reg.num.var_off.add(Tnum::constant(fixed.cast_unsigned()));
    if at.is_aligned(u64::from(size)) {
        return Ok(());
    }
    let var_off = reg.num.var_off.to_string();
    if ip_align != 0 {
        return Err(MisalignedPacket { ip_align, var_off, reg_off, off, size }.into());
    }
    let what = if is_plain { name(base) } else { "" };
    Err(Misaligned { what, var_off, reg_off, off, size }.into())
}

const fn name(base: Base) -> &'static str {
    match base {
        Base::FlowKeys => "flow keys ",
        Base::MapKey => "key ",
        Base::MapValue => "value ",
        Base::Ctx => "context ",
        Base::Stack => "stack ",
        Base::Socket => "sock ",
        Base::SockCommon => "sock_common ",
        Base::TcpSock => "tcp_sock ",
        Base::XdpSock => "xdp_sock ",
        _ => "",
    }
}
