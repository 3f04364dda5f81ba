//! Records out of fields that were found: targets looked up, rules on the whole checked (`btf_parse_fields`).

use skep_btf::{Btf, Kind, TypeId};

use super::find::{Finder, Found, FoundKind, Unusable, Wanted};
use super::{Field, FieldKind, GraphRoot, Kptr, KptrKind, MapFields, Record};
use crate::Map;
use crate::env::Env;
use crate::features::Features;

/// What a map's value may hold.
const IN_MAP: Wanted =
    Wanted { deferred: true, nodes: false, uptr: true, kptrs_are_referenced: true };

/// The fields of a map's value and of its inner maps'. A record that the kernel cannot use counts as none.
pub(super) fn map_fields(env: &Env<'_>, map: &Map<'_>) -> MapFields {
    let kernel = Kernel::of(env);
    let of_value =
        |map: &Map<'_>| value_record(&kernel, env.prog.btf?, map.value_type?, map.value_size);
    MapFields {
        value: of_value(map).unwrap_or_default(),
        inner: map.inner.as_deref().and_then(of_value).unwrap_or_default(),
    }
}

/// The record of a map's value.
pub(super) fn value_record(
    kernel: &Kernel<'_>,
    btf: &Btf,
    value: TypeId,
    value_size: u32,
) -> Option<Record> {
    record(kernel, btf, btf.resolve(value), IN_MAP, value_size).ok()
}

/// What records depend on besides the type.
pub(super) struct Kernel<'k> {
    pub(super) btf: &'k Btf,
    pub(super) features: Features,
}

impl<'k> Kernel<'k> {
    pub(super) fn of(env: &Env<'k>) -> Self {
        Self { btf: env.kernel.btf, features: env.features }
    }
}

/// The record of one type.
pub(super) fn record(
    kernel: &Kernel<'_>,
    btf: &Btf,
    ty: TypeId,
    wanted: Wanted,
    value_size: u32,
) -> Result<Record, Unusable> {
    let kptrs_are_referenced = kernel.features.kptrs_are_referenced();
    let found = Finder::new(btf, Wanted { kptrs_are_referenced, ..wanted }).all(ty)?;
    let mut record = Record::default();
    let mut next_off = 0;
    for field in &found {
        let size = field.kind.size();
        let end = field.off.checked_add(size).filter(|&end| end <= value_size).ok_or(Unusable)?;
        if field.off < next_off {
            return Err(Unusable);
        }
        next_off = end;
        let kind = complete(kernel, btf, field)?;
        record.note(kind, field.off);
        record.fields.push(Field { offset: field.off, size, kind });
    }
    let has_lock = record.spin_lock_off.is_some() || record.res_spin_lock_off.is_some();
    if record.has_graph_root() && !has_lock {
        return Err(Unusable);
    }
    let in_both = record.has(|kind| kind == FieldKind::ListNode)
        && record.has(|kind| kind == FieldKind::RbNode);
    if in_both && record.refcount_off.is_none() {
        return Err(Unusable);
    }
    if record.spin_lock_off.is_some() && record.res_spin_lock_off.is_some() {
        return Err(Unusable);
    }
    record.fields.sort_by_key(|field| field.offset);
    Ok(record)
}

impl Record {
    fn note(&mut self, kind: FieldKind, off: u32) {
        let place = match kind {
            FieldKind::SpinLock => &mut self.spin_lock_off,
            FieldKind::ResSpinLock => &mut self.res_spin_lock_off,
            FieldKind::Timer => &mut self.timer_off,
            FieldKind::Wq => &mut self.wq_off,
            FieldKind::TaskWork => &mut self.task_work_off,
            FieldKind::Refcount => &mut self.refcount_off,
            _ => return,
        };
        *place = Some(off);
    }
}

fn complete(kernel: &Kernel<'_>, btf: &Btf, field: &Found<'_>) -> Result<FieldKind, Unusable> {
    Ok(match field.kind {
        FoundKind::SpinLock => FieldKind::SpinLock,
        FoundKind::ResSpinLock => FieldKind::ResSpinLock,
        FoundKind::Timer => FieldKind::Timer,
        FoundKind::Wq => FieldKind::Wq,
        FoundKind::TaskWork => FieldKind::TaskWork,
        FoundKind::Refcount => FieldKind::Refcount,
        FoundKind::ListNode => FieldKind::ListNode,
        FoundKind::RbNode => FieldKind::RbNode,
        FoundKind::ListHead => FieldKind::ListHead(root(btf, field, "bpf_list_node")?),
        FoundKind::RbRoot => FieldKind::RbRoot(root(btf, field, "bpf_rb_node")?),
        FoundKind::KptrUntrusted => kptr(kernel, btf, field, KptrKind::Untrusted)?,
        FoundKind::KptrRef => kptr(kernel, btf, field, KptrKind::Ref)?,
        FoundKind::KptrPercpu => kptr(kernel, btf, field, KptrKind::Percpu)?,
        FoundKind::Uptr => kptr(kernel, btf, field, KptrKind::Uptr)?,
    })
}

/// The node's place in the struct that the root holds (`btf_parse_graph_root`).
fn root(btf: &Btf, field: &Found<'_>, node_type: &str) -> Result<GraphRoot, Unusable> {
    let composite = btf.ty(field.target).composite().ok_or(Unusable)?;
    let mut nodes = composite.members().filter(|member| member.name == field.node);
    let (Some(node), None) = (nodes.next(), nodes.next()) else { return Err(Unusable) };
    let shape = btf.ty(node.ty);
    let is_node = shape.composite().is_some() && shape.name() == node_type;
    if !is_node || !node.bit_offset.is_multiple_of(64) {
        return Err(Unusable);
    }
    Ok(GraphRoot { contains: field.target, node_off: node.bit_offset / 8 })
}

/// Structs of the kernel that a map may own, by the function that gives them back
/// (`register_btf_id_dtor_kfuncs`).
const OWNABLE: [(&str, &str); 7] = [
    ("task_struct", "bpf_task_release_dtor"),
    ("cgroup", "bpf_cgroup_release_dtor"),
    ("bpf_cpumask", "bpf_cpumask_release_dtor"),
    ("bpf_crypto_ctx", "bpf_crypto_ctx_release_dtor"),
    ("sk_buff", "bpf_kfree_skb_dtor"),
    ("prog_test_ref_kfunc", "bpf_kfunc_call_test_release_dtor"),
    ("prog_test_member", "bpf_kfunc_call_memb_release_dtor"),
];

/// Looks the struct up in the kernel's BTF by name; else it is the program's own (`btf_parse_kptr`).
fn kptr(
    kernel: &Kernel<'_>,
    btf: &Btf,
    field: &Found<'_>,
    kind: KptrKind,
) -> Result<FieldKind, Unusable> {
    let local = Kptr { kind, local: true, target: field.target };
    if kind == KptrKind::Uptr {
        return Ok(FieldKind::Kptr(local));
    }
    let shape = btf.ty(field.target);
    let Some(target) = kernel.btf.find(shape.name(), shape.kind()) else {
        return Ok(FieldKind::Kptr(local));
    };
    if kind == KptrKind::Ref {
        let (_, dtor) = OWNABLE.iter().find(|(name, _)| *name == shape.name()).ok_or(Unusable)?;
        // A reduced BTF has what programs call, and the function that gives back stands beside it in the kernel.
        let release = dtor.strip_suffix("_dtor").unwrap_or(dtor);
        let exists =
            [dtor, &release].iter().any(|name| kernel.btf.find(name, Kind::Func).is_some());
        if !exists {
            return Err(Unusable);
        }
    }
    Ok(FieldKind::Kptr(Kptr { kind, local: false, target }))
}
