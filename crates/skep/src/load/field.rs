//! Special fields of maps' values and of programs' own objects: those that the verifier finds, in the machine's words.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::KernelVersion;
use skep_btf::{Btf, Kind, TypeId};
use skep_machine::{BtfField, BtfFieldKind, ObjType};
use skep_verifier::fields::{self, FieldKind, Kptr, KptrKind};

/// What special fields are found by.
#[derive(Clone, Copy, Debug)]
pub struct Types<'a> {
    /// The object's types.
    pub object: Option<&'a Btf>,
    /// The kernel's.
    pub kernel: &'a Btf,
    /// The kernel's release.
    pub version: KernelVersion,
}

/// The special fields of a map's values, which are of this type of the object and so many bytes; none where the
/// verifier finds them wrong.
#[must_use]
pub fn map_fields(types: Types<'_>, value: TypeId, value_size: u32) -> Vec<BtfField> {
    let Some(object) = types.object else { return Vec::new() };
    let kernel = (types.kernel, types.version);
    let Some(record) = fields::of_value(kernel, object, value, value_size) else {
        return Vec::new();
    };
    machine_fields(&record, types)
}

/// The structs of an object that its programs may allocate (`bpf_obj_new`), by their numbers.
#[must_use]
pub fn obj_types(types: Types<'_>) -> Arc<HashMap<u32, Arc<ObjType>>> {
    let Some(object) = types.object else { return Arc::default() };
    let records = fields::of_structs((types.kernel, types.version), object);
    let of = |id: TypeId| {
        let size = object.ty(id).composite().filter(|_| object.kind(id) == Kind::Struct)?.size;
        let fields = records.get(&id).map(|record| machine_fields(record, types));
        let (name, fields) = (object.name(id).to_owned(), fields.unwrap_or_default());
        Some((id.0, Arc::new(ObjType { name, size, fields })))
    };
    Arc::new(object.ids().filter_map(of).collect())
}

fn machine_fields(record: &fields::Record, types: Types<'_>) -> Vec<BtfField> {
    let field = |field: &fields::Field| BtfField {
        offset: field.offset,
        size: field.size,
        kind: kind(field.kind, types),
    };
    record.fields.iter().map(field).collect()
}

fn kind(kind: FieldKind, types: Types<'_>) -> BtfFieldKind {
    match kind {
        FieldKind::SpinLock | FieldKind::ResSpinLock => BtfFieldKind::SpinLock,
        FieldKind::Timer | FieldKind::Wq | FieldKind::TaskWork => BtfFieldKind::Deferred,
        FieldKind::Refcount => BtfFieldKind::Refcount,
        FieldKind::ListHead(_) => BtfFieldKind::ListHead,
        FieldKind::RbRoot(_) => BtfFieldKind::RbRoot,
        FieldKind::ListNode => BtfFieldKind::ListNode,
        FieldKind::RbNode => BtfFieldKind::RbNode,
        FieldKind::Kptr(Kptr { kind: KptrKind::Untrusted, .. }) => BtfFieldKind::KptrUntrusted,
        FieldKind::Kptr(Kptr { kind: KptrKind::Uptr, .. }) => BtfFieldKind::Uptr,
        FieldKind::Kptr(Kptr { local: true, .. } | Kptr { kind: KptrKind::Percpu, .. }) => {
            BtfFieldKind::KptrLocal
        }
        FieldKind::Kptr(Kptr { kind: KptrKind::Ref, target, .. }) => {
            let strukt = types.kernel.get(target).map_or("", |ty| ty.name());
            BtfFieldKind::Kptr { strukt: strukt.to_owned() }
        }
    }
}
