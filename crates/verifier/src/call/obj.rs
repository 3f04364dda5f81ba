//! Objects that programs allocate (`bpf_obj_new`, `bpf_percpu_obj_new`).

use skep_abi::{Effect, TypeFlags};
use skep_btf::{Kind, TypeId};

use super::kfunc::is_scalar_struct;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::{Base, Payload, RegState, RegType};

/// The largest per-CPU object (`BPF_GLOBAL_PERCPU_MA_MAX_SIZE`).
const PERCPU_MAX: u32 = 512;

rejections! {
    /// The number of the type to allocate does not fit in 32 bits.
    TypeIdRange("obj-new-type-id-range", EINVAL, help: "use bpf_core_type_id_local() for the type's number") {
    } => "local type ID argument must be in range [0, U32_MAX]";

    /// The type to allocate is one of the program's BTF, and the program has none.
    ObjNewNeedsBtf("obj-new-no-btf", EINVAL, help: "compile with -g") {
    } => "bpf_obj_new/bpf_percpu_obj_new requires prog BTF";

    /// Only structs can be allocated.
    ObjNewNoStruct("obj-new-no-struct", EINVAL, help: "wrap the value into a struct") {
    } => "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct";

    /// Per-CPU objects are small.
    PercpuTooLarge("percpu-obj-too-large", EINVAL, help: "keep per-CPU objects within 512 bytes") {
        size: u32, max: u32,
    } => "bpf_percpu_obj_new type size ({size}) is greater than {max}";

    /// Per-CPU objects hold numbers only.
    PercpuNotScalar("percpu-obj-not-scalar", EINVAL, help: "leave pointers and special members out of the struct") {
        before: &'static str,
    } => "{before}bpf_percpu_obj_new type ID argument must be of a struct of scalars";

    /// Per-CPU objects hold no locks, kptrs, lists or trees.
    PercpuSpecialFields("percpu-obj-special-fields", EINVAL, help: "leave special members out of the struct") {
    } => "bpf_percpu_obj_new type ID argument must not contain special fields";
}

/// A pointer to a new object of the type with this number in the program's BTF.
pub(super) fn allocate(
    env: &mut Env<'_>,
    effect: Option<Effect>,
    number: Option<u64>,
) -> Step<RegState> {
    let Some(number) = number else { return Stop::bug("an allocation without a type") };
    let Ok(id) = u32::try_from(number).map(TypeId) else { return Err(TypeIdRange {}.into()) };
    let Some(btf) = env.prog.btf else { return Err(ObjNewNeedsBtf {}.into()) };
    let Some(composite) = btf.ty(id).composite().filter(|_| btf.kind(id) == Kind::Struct) else {
        return Err(ObjNewNoStruct {}.into());
    };
    let mut flags = TypeFlags::MEM_ALLOC;
    if effect == Some(Effect::PercpuObjNew) {
        let (size, max) = (composite.size, PERCPU_MAX);
        if size > max {
            return Err(PercpuTooLarge { size, max }.into());
        }
        let mut too_deep = false;
        if !is_scalar_struct(btf, id, 0, &mut too_deep) {
            let before = if too_deep { "max struct nesting depth exceeded\n" } else { "" };
            return Err(PercpuNotScalar { before }.into());
        }
        if env.local_record(id).is_some() {
            return Err(PercpuSpecialFields {}.into());
        }
        flags |= TypeFlags::MEM_PERCPU;
    }
    env.aux_mut().obj_type = Some(id);
    Ok(RegState {
        payload: Payload::Btf { local: true, id },
        ..RegState::pointer(RegType::with(Base::BtfId, flags))
    })
}
