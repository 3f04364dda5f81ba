//! Special fields of maps' values: those that the verifier finds, in the machine's words.

use skep_abi::KernelVersion;
use skep_btf::{Btf, TypeId};
use skep_machine::{MapField, MapFieldKind};
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
pub fn map_fields(types: Types<'_>, value: TypeId, value_size: u32) -> Vec<MapField> {
    let Some(object) = types.object else { return Vec::new() };
    let kernel = (types.kernel, types.version);
    let Some(record) = fields::of_value(kernel, object, value, value_size) else {
        return Vec::new();
    };
    let field = |field: &fields::Field| MapField {
        offset: field.offset,
        size: field.size,
        kind: kind(field.kind, types),
    };
    record.fields.iter().map(field).collect()
}

fn kind(kind: FieldKind, types: Types<'_>) -> MapFieldKind {
    match kind {
        FieldKind::SpinLock | FieldKind::ResSpinLock => MapFieldKind::SpinLock,
        FieldKind::Timer | FieldKind::Wq | FieldKind::TaskWork => MapFieldKind::Deferred,
        FieldKind::Refcount => MapFieldKind::Refcount,
        FieldKind::ListHead(_) | FieldKind::RbRoot(_) => MapFieldKind::GraphRoot,
        // Nodes are members of allocated objects, not of values.
        FieldKind::ListNode | FieldKind::RbNode => MapFieldKind::GraphRoot,
        FieldKind::Kptr(Kptr { kind: KptrKind::Untrusted, .. }) => MapFieldKind::KptrUntrusted,
        FieldKind::Kptr(Kptr { kind: KptrKind::Uptr, .. }) => MapFieldKind::Uptr,
        FieldKind::Kptr(Kptr { kind: KptrKind::Ref | KptrKind::Percpu, local, target }) => {
            let btf = if local { types.object } else { Some(types.kernel) };
            let strukt = btf.and_then(|btf| btf.get(target)).map_or("", |ty| ty.name());
            MapFieldKind::Kptr { strukt: strukt.to_owned() }
        }
    }
}
