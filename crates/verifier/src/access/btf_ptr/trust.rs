//! Which pointers found in kernel objects can be trusted (the second half of `check_ptr_to_btf_access`).
//!
//! A pointer that was read from an object is not alive just because the object is. The kernel lists exceptions as
//! structs in its own BTF: `task_struct__safe_rcu` has the members of `task_struct` that RCU keeps alive.

use skep_abi::TypeFlags;
use skep_btf::{Type, TypeId};

use crate::env::Env;
use crate::state::{Payload, RegState};

/// The modifiers of a pointer to `id` that was read from the member `field` of what `reg` points to; `tags` are those
/// that the member's type says.
pub(super) fn of_field(
    env: &Env<'_>,
    reg: &RegState,
    tags: TypeFlags,
    field: &str,
    id: TypeId,
) -> TypeFlags {
    let untrusted = TypeFlags::PTR_UNTRUSTED;
    // What clear_trusted_flags takes away.
    let trusting =
        TypeFlags::MEM_ALLOC | TypeFlags::PTR_TRUSTED | TypeFlags::NON_OWN_REF | TypeFlags::MEM_RCU;
    if reg.ty.has(untrusted) {
        return untrusted;
    }
    if !reg.is_trusted() && !reg.ty.has(TypeFlags::MEM_RCU) {
        return tags - trusting;
    }
    let is_listed = |list| is_listed(env, reg, field, id, list);
    if is_listed("__safe_trusted") {
        return tags | TypeFlags::PTR_TRUSTED;
    }
    if is_listed("__safe_trusted_or_null") {
        return tags | TypeFlags::PTR_TRUSTED | TypeFlags::PTR_MAYBE_NULL;
    }
    if !env.in_rcu_cs() || reg.ty.may_be_null() {
        return untrusted;
    }
    if is_listed("__safe_rcu") {
        return tags | TypeFlags::MEM_RCU;
    }
    let is_rcu_or_null = is_listed("__safe_rcu_or_null");
    if tags.contains(TypeFlags::MEM_RCU) || is_rcu_or_null {
        let kept = if is_rcu_or_null { tags - untrusted } else { tags };
        return kept | TypeFlags::MEM_RCU | TypeFlags::PTR_MAYBE_NULL;
    }
    if tags.intersects(TypeFlags::MEM_PERCPU | TypeFlags::MEM_USER) {
        return tags;
    }
    tags - trusting
}

/// Whether a list of the kernel's has the member (`btf_nested_type_is_trusted`).
fn is_listed(env: &Env<'_>, reg: &RegState, field: &str, id: TypeId, list: &str) -> bool {
    let Payload::Btf { local, id: outer } = reg.payload else { return false };
    let Some(btf) = env.btf_of(local) else { return false };
    let outer = btf.ty(outer);
    let name = format!("{}{list}", outer.name());
    let Some(safe) = btf.find(&name, outer.kind()).and_then(|id| btf.ty(id).composite()) else {
        return false;
    };
    safe.members().any(|member| {
        let Type::Ptr { target } = btf.ty(member.ty) else { return false };
        member.name == field && btf.resolve(target) == id
    })
}
