//! Pointers to objects kept in map values and allocated objects.

use skep_abi::TypeFlags;
use skep_isa::Reg;

use super::Meta;
use super::refs;
use crate::diag::{Step, Stop};
use crate::env::Env;
use crate::fields::{Kptr, KptrKind};
use crate::state::{Base, Payload, RegState, RegType};

/// Checks that `reg` points to a kptr field that can be exchanged, and remembers it (`process_kptr_func`).
pub(crate) fn check_xchg(_env: &mut Env<'_>, _reg: Reg, _meta: &mut Meta) -> Step {
    Stop::unsupported("kptrs")
}

/// Checks that the pointer in `reg` may be put into the field (`map_kptr_match_type`).
pub(crate) fn match_type(_env: &Env<'_>, _field: Kptr, _reg: Reg) -> Step {
    Stop::unsupported("kptrs")
}

/// Gives up the reference that is put into a field; per-CPU objects stay readable while RCU keeps them alive.
///
/// Tells whether the reference was held.
pub(crate) fn release_exchanged(env: &mut Env<'_>, ref_id: u32) -> bool {
    let in_rcu = env.in_rcu_cs();
    if !env.state.refs.remove(ref_id) {
        return false;
    }
    let percpu = TypeFlags::MEM_ALLOC | TypeFlags::MEM_PERCPU;
    env.state.for_each_reg(|reg| {
        if reg.ref_id != ref_id {
            return;
        }
        if in_rcu && reg.ty.has(percpu) {
            reg.ref_id = 0;
            reg.ty.flags -= TypeFlags::MEM_ALLOC;
            reg.ty.flags |= TypeFlags::MEM_RCU;
        } else {
            refs::invalidate(reg);
        }
    });
    true
}

/// The pointer that was in the field.
pub(crate) fn exchanged(field: Kptr, flags: TypeFlags) -> RegState {
    let mut flags = flags;
    if field.local {
        flags |= TypeFlags::MEM_ALLOC;
        if field.kind == KptrKind::Percpu {
            flags |= TypeFlags::MEM_PERCPU;
        }
    }
    let mut reg = RegState::pointer(RegType::with(Base::BtfId, flags));
    reg.payload = Payload::Btf { local: field.local, id: field.target };
    reg
}
