//! Records of the structs that a program may allocate (`btf_parse_struct_metas`).

use std::collections::{BTreeMap, BTreeSet};

use skep_btf::{Btf, Kind, TypeId};

use super::Record;
use super::find::{Wanted, kptr};
use super::parse::Kernel;

/// What an allocated object may hold.
const IN_OBJECT: Wanted =
    Wanted { deferred: false, nodes: true, uptr: false, kptrs_are_referenced: true };

/// Member types that make a struct worth a record.
const MARKS: [&str; 7] = [
    "bpf_spin_lock",
    "bpf_res_spin_lock",
    "bpf_list_head",
    "bpf_list_node",
    "bpf_rb_root",
    "bpf_rb_node",
    "bpf_refcount",
];

/// The special fields of each struct of the program's BTF that has some.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalRecords(BTreeMap<TypeId, Record>);

impl LocalRecords {
    /// The record of a struct.
    pub(crate) fn get(&self, ty: TypeId) -> Option<&Record> {
        self.0.get(&ty)
    }

    /// All of them.
    pub(super) fn into_map(self) -> BTreeMap<TypeId, Record> {
        self.0
    }

    /// Parses every struct with a direct member of a marking type. BTF in which one of them is unusable does not
    /// load, so it never comes here.
    pub(super) fn parse(kernel: &Kernel<'_>, btf: &Btf) -> Self {
        let mut marks: BTreeSet<TypeId> =
            MARKS.iter().filter_map(|name| btf.find(name, Kind::Struct)).collect();
        marks.extend(
            btf.ids().filter(|&id| matches!(kptr(btf, btf.ty(id), IN_OBJECT), Ok(Some(_)))),
        );
        let mut records = BTreeMap::new();
        if marks.is_empty() {
            return Self(records);
        }
        for id in btf.ids() {
            let Some(composite) = btf.ty(id).composite() else { continue };
            if !composite.members().any(|member| marks.contains(&member.ty)) {
                continue;
            }
            if let Ok(record) = super::parse::record(kernel, btf, id, IN_OBJECT, composite.size) {
                records.insert(id, record);
            }
        }
        Self(records)
    }
}
