//! Objects by their BTF: the kernel's, read only but for a few fields, and the program's own
//! (`check_ptr_to_btf_access`).

pub(crate) mod trust;
pub(crate) mod walk;
pub(crate) mod writable;

use skep_abi::TypeFlags;
use skep_btf::TypeId;
use skep_isa::Reg;

use super::{Access, Rw};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::scalar::mark_unknown;
use crate::state::{Base, Payload, RegState, RegType};
use walk::Found;

rejections! {
    /// A program whose licence is not GPL-compatible reads a kernel object.
    ObjectNeedsGpl("object-needs-gpl", EINVAL, help: "declare a GPL-compatible licence") {
        name: String,
    } => "Cannot access kernel 'struct {name}' from non-GPL compatible program";

    /// A field before the start of an object is accessed.
    ObjectNegative("object-negative-offset", EACCES, help: "use the pointer as it came; container_of does not work on kernel objects") {
        regno: u8, name: String, off: i32,
    } => "R{regno} is ptr_{name} invalid negative access: off={off}";

    /// An object is accessed at an offset that is not a constant.
    ObjectVariable("object-variable-offset", EACCES, help: "use constant offsets; read arrays with bpf_probe_read_kernel") {
        regno: u8, name: String, off: i32, var_off: String,
    } => "R{regno} is ptr_{name} invalid variable offset: off={off}, var_off={var_off}";

    /// An object in user memory is accessed directly.
    ObjectInUserMemory("object-in-user-memory", EACCES, help: "read it with bpf_probe_read_user or bpf_copy_from_user") {
        regno: u8, name: String, off: i32,
    } => "R{regno} is ptr_{name} access user memory: off={off}";

    /// A per-CPU object is accessed without naming the CPU.
    ObjectIsPercpu("object-is-percpu", EACCES, help: "get the CPU's object with bpf_this_cpu_ptr or bpf_per_cpu_ptr") {
        regno: u8, name: String, off: i32,
    } => "R{regno} is ptr_{name} access percpu memory: off={off}";

    /// The program writes to a kernel object.
    ObjectReadOnly("object-read-only", EACCES, help: "use a call that changes the object") {
    } => "only read is supported";

    /// A lock, node or other special field of an allocated object is accessed directly.
    ObjectSpecialField("object-special-field", EACCES, help: "use the calls that are made for this field") {
        field: &'static str,
    } => "direct access to {field} is disallowed";
}

/// What a load from an object yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoadedBtf {
    /// Whether the type is of the program's BTF.
    pub(crate) local: bool,
    /// The struct pointed to.
    pub(crate) id: TypeId,
    /// Modifiers.
    pub(crate) flags: TypeFlags,
}

/// Puts a pointer to an object into a register (`mark_btf_ld_reg`).
pub(crate) fn load_btf(env: &mut Env<'_>, dst: Reg, loaded: LoadedBtf) {
    let LoadedBtf { local, id: ty, flags } = loaded;
    let id = if flags.contains(TypeFlags::PTR_MAYBE_NULL) { env.new_id() } else { 0 };
    let pointer = RegState::pointer(RegType::with(Base::BtfId, flags));
    *env.reg_mut(dst) = RegState { payload: Payload::Btf { local, id: ty }, id, ..pointer };
}

/// Whether an object of one type, or what lies in it at an offset, is of the wanted type (`btf_struct_ids_match`).
///
/// Types are given as: whether of the program's BTF, and which.
pub(crate) fn struct_ids_match(
    env: &Env<'_>,
    (local, mut id): (bool, TypeId),
    mut off: i32,
    wanted: (bool, TypeId),
    strict: bool,
    walks_flexible: bool,
) -> bool {
    if off == 0 && (local, id) == wanted {
        return true;
    }
    let Some(btf) = env.btf_of(local) else { return false };
    if strict {
        return false;
    }
    let mut flags = TypeFlags::empty();
    loop {
        let Ok(at) = u32::try_from(off) else { return false };
        let walk = walk::Walk { off: at, size: 1, walks_flexible, knows_mem: true };
        let Ok(Found::Struct(found)) = walk::step(btf, id, walk, &mut flags) else { return false };
        if (local, found) == wanted {
            return true;
        }
        (id, off) = (found, 0);
    }
}

/// A load or store.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let value = access.value.filter(|_| access.rw == Rw::Read);
    check(env, access.base, off, access.size, access.rw, value)
}

/// Memory of a call: it may only be read.
pub(super) fn check_call(env: &mut Env<'_>, regno: Reg, off: i32, size: u32) -> Step {
    check(env, regno, off, size, Rw::Read, None)
}

fn check(env: &mut Env<'_>, regno: Reg, off: i32, size: u32, rw: Rw, value: Option<Reg>) -> Step {
    let reg = *env.reg(regno);
    let Payload::Btf { local, id } = reg.payload else {
        return Stop::bug("an object without a type");
    };
    let at = check_pointer(env, regno, off, rw)?;
    let is_alloc = reg.ty.has(TypeFlags::MEM_ALLOC);
    if rw == Rw::Write && !is_alloc {
        return writable::check(env, &reg, at, size);
    }
    if is_alloc && let Some(field) = special_field(env, id, at, size) {
        return Err(ObjectSpecialField { field }.into());
    }
    let Some(btf) = env.btf_of(local) else { return Stop::bug("a local type without BTF") };
    let knows_mem = env.features.has_untrusted_mem();
    let walk = walk::Walk { off: at, size, walks_flexible: !is_alloc, knows_mem };
    let found = walk::to_leaf(btf, id, walk)?;
    let Some(value) = value else { return Ok(()) };
    match found {
        // An object of the program's own may hold any number where its type says pointer.
        Found::Ptr { .. } if is_alloc => mark_unknown(env, value),
        Found::Ptr { id, flags, field } => {
            let flags = trust::of_field(env, &reg, flags, field, id);
            load_btf(env, value, LoadedBtf { local, id, flags });
        }
        Found::PtrToMem => load_mem(env, value),
        Found::Scalar | Found::Struct(_) => mark_unknown(env, value),
    }
    Ok(())
}

/// A pointer to numbers: readable with exception handling, of unknown size.
pub(super) fn load_mem(env: &mut Env<'_>, dst: Reg) {
    let flags = TypeFlags::MEM_RDONLY | TypeFlags::PTR_UNTRUSTED;
    let pointer = RegState::pointer(RegType::with(Base::Mem, flags));
    *env.reg_mut(dst) = RegState { payload: Payload::Mem { size: 0, dynptr_id: 0 }, ..pointer };
}

/// What must hold of the pointer, whatever the field; the offset.
fn check_pointer(env: &Env<'_>, regno: Reg, off: i32, rw: Rw) -> Step<u32> {
    let reg = env.reg(regno);
    let (local, name) = match reg.payload {
        Payload::Btf { local, id } => (local, env.btf_of(local).map_or("", |btf| btf.name(id))),
        _ => (true, ""),
    };
    let name = || name.to_owned();
    let regno = regno.0;
    if !env.prog.gpl_compatible && !local && env.features.reads_objects_by_gpl() {
        return Err(ObjectNeedsGpl { name: name() }.into());
    }
    let Ok(at) = u32::try_from(off) else {
        return Err(ObjectNegative { regno, name: name(), off }.into());
    };
    if reg.num.const_value() != Some(0) {
        let var_off = reg.num.var_off.to_string();
        return Err(ObjectVariable { regno, name: name(), off, var_off }.into());
    }
    if reg.ty.has(TypeFlags::MEM_USER) {
        return Err(ObjectInUserMemory { regno, name: name(), off }.into());
    }
    if reg.ty.has(TypeFlags::MEM_PERCPU) {
        return Err(ObjectIsPercpu { regno, name: name(), off }.into());
    }
    if rw == Rw::Write && reg.ty.has(TypeFlags::PTR_UNTRUSTED) {
        return Err(ObjectReadOnly {}.into());
    }
    Ok(at)
}

/// The special field of an allocated object that the access would touch.
fn special_field(env: &Env<'_>, id: TypeId, off: u32, size: u32) -> Option<&'static str> {
    let record = env.local_record(id)?;
    record.overlapping(u64::from(off), u64::from(size)).map(|field| field.kind.name())
}
