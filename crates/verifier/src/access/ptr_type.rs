//! One load or store, one kind of pointer on all paths (`save_aux_ptr_type`): the rewriting after the analysis knows
//! only one way to access it.

use skep_abi::TypeFlags;

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::{Base, RegType};

rejections! {
    /// Two paths reach the same load or store with pointers of kinds that the kernel accesses in different ways.
    DifferentPointers("ptr-type-mismatch", EINVAL, help: "access each kind of pointer by a load of its own") {
    } => "same insn cannot be used with different pointers";
}

/// Remembers the kind of pointer at the insn that is looked at, or holds it against what another path saw.
pub(crate) fn note_ptr_type(env: &mut Env<'_>, ty: RegType) -> Step {
    note(env, ty, false)
}

/// As [`note_ptr_type`], for plain loads: trusted and untrusted kernel memory may meet (`allow_trust_mismatch`).
pub(crate) fn note_ptr_type_lenient(env: &mut Env<'_>, ty: RegType) -> Step {
    note(env, ty, true)
}

fn note(env: &mut Env<'_>, ty: RegType, lenient: bool) -> Step {
    let aux = env.aux_mut();
    let Some(seen) = aux.ptr_type else {
        aux.ptr_type = Some(ty);
        return Ok(());
    };
    if ty == seen || (is_plain(ty.base) && is_plain(seen.base)) {
        return Ok(());
    }
    if lenient && walks(ty.base) && walks(seen.base) {
        // The rewritten load must suit both: with exception handling where one needs it.
        let is_mem = ty.base == Base::Mem || seen.base == Base::Mem;
        let flags = (ty.flags | seen.flags) & (TypeFlags::PTR_UNTRUSTED | TypeFlags::MEM_RDONLY);
        let base = if is_mem { Base::Mem } else { Base::BtfId };
        aux.ptr_type = Some(RegType::with(base, flags));
        return Ok(());
    }
    Err(DifferentPointers {}.into())
}

/// Whether the kernel accesses it by an ordinary load (`reg_type_mismatch_ok`).
fn is_plain(base: Base) -> bool {
    !matches!(
        base,
        Base::Ctx
            | Base::Socket
            | Base::SockCommon
            | Base::TcpSock
            | Base::XdpSock
            | Base::BtfId
            | Base::Arena
    )
}

const fn walks(base: Base) -> bool {
    matches!(base, Base::Mem | Base::BtfId)
}
