//! How far a pointer that is passed may have been moved (`check_func_arg_reg_off`).

use skep_abi::TypeFlags;
use skep_isa::Reg;

use crate::access::check_ptr_off;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, RegType};

rejections! {
    /// A pointer to the middle of an object is passed to a call that releases the object.
    ReleaseAtOffset("release-at-offset", EINVAL, help: "pass the pointer as it came") {
        regno: u8,
    } => "R{regno} must have zero offset when passed to release func or trusted arg to kfunc";
}

/// Checks the offset of a pointer that is passed; `releases` where the call takes the object away.
pub(crate) fn check(env: &Env<'_>, regno: Reg, releases: bool) -> Step {
    let reg = env.reg(regno);
    if releases {
        if reg.off != 0 {
            return Err(ReleaseAtOffset { regno: regno.0 }.into());
        }
        return check_ptr_off(env, regno, false);
    }
    if may_move(reg.ty) {
        return Ok(());
    }
    check_ptr_off(env, regno, may_have_fixed_off(reg.ty))
}

/// Memory: where it may be accessed is checked with the access.
fn may_move(ty: RegType) -> bool {
    let allowed = match ty.base {
        Base::Stack
        | Base::Packet
        | Base::PacketMeta
        | Base::MapKey
        | Base::MapValue
        | Base::Arena
        | Base::Scalar => TypeFlags::empty(),
        Base::Mem => {
            return ty.flags.is_empty()
                || ty.flags == TypeFlags::MEM_RDONLY
                || ty.flags == TypeFlags::MEM_RINGBUF;
        }
        Base::Buf => TypeFlags::MEM_RDONLY,
        _ => return false,
    };
    allowed.contains(ty.flags)
}

/// Objects: a struct within one may be meant.
fn may_have_fixed_off(ty: RegType) -> bool {
    let (alloc, non_owning) = (TypeFlags::MEM_ALLOC, TypeFlags::NON_OWN_REF);
    ty.base == Base::BtfId
        && [
            TypeFlags::empty(),
            alloc,
            TypeFlags::PTR_TRUSTED,
            TypeFlags::MEM_RCU,
            alloc | non_owning,
            alloc | non_owning | TypeFlags::MEM_RCU,
        ]
        .contains(&ty.flags)
}
