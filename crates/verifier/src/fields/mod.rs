//! Fields of values and allocated objects with a meaning of their own (`struct btf_record`): locks, timers, kptrs,
//! list heads and nodes, trees, reference counts.
//!
//! Records come from BTF alone (`kernel/bpf/btf.c`, `btf_parse_fields`): of a map's value, and of every struct of the
//! program's BTF that can be allocated (`btf_parse_struct_metas`).

mod find;
mod local;
mod parse;

use std::collections::BTreeMap;

use skep_abi::KernelVersion;
use skep_btf::{Btf, TypeId};

use crate::env::Env;
use crate::features::Features;

pub(crate) use local::LocalRecords;

/// Fields of a map's value.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapFields {
    /// Of the map's own value.
    pub(crate) value: Record,
    /// Of the value of the maps within this one.
    pub(crate) inner: Record,
}

/// All special fields of one type (`struct btf_record`), by offset.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The fields, ascending by offset.
    pub fields: Vec<Field>,
    /// Where the `bpf_spin_lock` is.
    pub spin_lock_off: Option<u32>,
    /// Where the `bpf_res_spin_lock` is.
    pub res_spin_lock_off: Option<u32>,
    /// Where the `bpf_timer` is.
    pub timer_off: Option<u32>,
    /// Where the `bpf_wq` is.
    pub wq_off: Option<u32>,
    /// Where the `bpf_task_work` is.
    pub task_work_off: Option<u32>,
    /// Where the `bpf_refcount` is.
    pub refcount_off: Option<u32>,
}

/// One special field (`struct btf_field`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Bytes from the start of the value or object.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// What it is.
    pub kind: FieldKind,
}

/// What a special field is (`enum btf_field_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `bpf_spin_lock`.
    SpinLock,
    /// `bpf_res_spin_lock`.
    ResSpinLock,
    /// `bpf_timer`.
    Timer,
    /// `bpf_wq`.
    Wq,
    /// `bpf_task_work`.
    TaskWork,
    /// A pointer to an object.
    Kptr(Kptr),
    /// `bpf_list_head`.
    ListHead(GraphRoot),
    /// `bpf_rb_root`.
    RbRoot(GraphRoot),
    /// `bpf_list_node`.
    ListNode,
    /// `bpf_rb_node`.
    RbNode,
    /// `bpf_refcount`.
    Refcount,
}

/// Which kind of pointer a kptr field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KptrKind {
    /// `__kptr_untrusted`: no reference is held.
    Untrusted,
    /// `__kptr`: owns a reference.
    Ref,
    /// `__percpu_kptr`.
    Percpu,
    /// `__uptr`: user memory that the kernel maps.
    Uptr,
}

/// A kptr field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kptr {
    /// Which kind.
    pub kind: KptrKind,
    /// Whether the type is of the program's BTF, not the kernel's.
    pub local: bool,
    /// The struct pointed to.
    pub target: TypeId,
}

/// The root of a list or tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphRoot {
    /// The struct that is linked, of the program's BTF.
    pub contains: TypeId,
    /// Where the node is in it.
    pub node_off: u32,
}

impl FieldKind {
    /// Whether it is the root of a list or tree.
    pub(crate) fn graph_root(self) -> Option<GraphRoot> {
        match self {
            Self::ListHead(root) | Self::RbRoot(root) => Some(root),
            _ => None,
        }
    }

    /// Whether it is a node of a list or tree.
    pub(crate) fn is_graph_node(self) -> bool {
        matches!(self, Self::ListNode | Self::RbNode)
    }

    /// The kptr, when it is one.
    pub(crate) fn kptr(self) -> Option<Kptr> {
        match self {
            Self::Kptr(kptr) => Some(kptr),
            _ => None,
        }
    }

    /// Its name as the kernel's log spells it (`btf_field_type_name`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SpinLock => "bpf_spin_lock",
            Self::ResSpinLock => "bpf_res_spin_lock",
            Self::Timer => "bpf_timer",
            Self::Wq => "bpf_wq",
            Self::TaskWork => "bpf_task_work",
            Self::Kptr(Kptr { kind: KptrKind::Untrusted | KptrKind::Ref, .. }) => "kptr",
            Self::Kptr(Kptr { kind: KptrKind::Percpu, .. }) => "percpu_kptr",
            Self::Kptr(Kptr { kind: KptrKind::Uptr, .. }) => "uptr",
            Self::ListHead(_) => "bpf_list_head",
            Self::RbRoot(_) => "bpf_rb_root",
            Self::ListNode => "bpf_list_node",
            Self::RbNode => "bpf_rb_node",
            Self::Refcount => "bpf_refcount",
        }
    }
}

impl Record {
    /// Whether there are no special fields.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field that begins at this offset.
    pub(crate) fn at(&self, offset: u32) -> Option<&Field> {
        self.fields.iter().find(|field| field.offset == offset)
    }

    /// The first field that shares bytes with `off..off + size`.
    pub(crate) fn overlapping(&self, off: u64, size: u64) -> Option<&Field> {
        self.fields.iter().find(|field| {
            let (start, len) = (u64::from(field.offset), u64::from(field.size));
            start < off + size && off < start + len
        })
    }

    /// Whether some field is of such a kind.
    pub(crate) fn has(&self, is: impl Fn(FieldKind) -> bool) -> bool {
        self.fields.iter().any(|field| is(field.kind))
    }

    /// Whether there is a list or tree.
    pub(crate) fn has_graph_root(&self) -> bool {
        self.has(|kind| kind.graph_root().is_some())
    }
}

/// The special fields of a map's value, of a type of the object's BTF; `None` when there are none, or when the kernel
/// cannot use them, which it treats as if there were none.
#[must_use]
pub fn of_value(
    kernel: (&Btf, KernelVersion),
    types: &Btf,
    value: TypeId,
    value_size: u32,
) -> Option<Record> {
    let kernel = parse::Kernel { btf: kernel.0, features: Features::new(kernel.1) };
    parse::value_record(&kernel, types, value, value_size).filter(|record| !record.is_empty())
}

/// The special fields of each struct of an object's BTF that has some and can be allocated.
#[must_use]
pub fn of_structs(kernel: (&Btf, KernelVersion), types: &Btf) -> BTreeMap<TypeId, Record> {
    let kernel = parse::Kernel { btf: kernel.0, features: Features::new(kernel.1) };
    LocalRecords::parse(&kernel, types).into_map()
}

impl Env<'_> {
    /// The special fields of a map's value; with `inner`, of the values of the maps within it.
    pub(crate) fn map_record(&self, map: u32, inner: bool) -> &Record {
        static EMPTY: Record = Record::EMPTY;
        match self.map_fields.get(map as usize) {
            Some(fields) if inner => &fields.inner,
            Some(fields) => &fields.value,
            None => &EMPTY,
        }
    }

    /// The special fields of a struct of the program's BTF (`btf_find_struct_meta`); none when it has none.
    pub(crate) fn local_record(&self, ty: TypeId) -> Option<&Record> {
        self.local_records.get(ty)
    }
}

impl Record {
    const EMPTY: Self = Self {
        fields: Vec::new(),
        spin_lock_off: None,
        res_spin_lock_off: None,
        timer_off: None,
        wq_off: None,
        task_work_off: None,
        refcount_off: None,
    };
}

/// Parses the fields of all maps and of all structs of the program's BTF.
pub(crate) fn init(env: &mut Env<'_>) {
    env.map_fields = env.prog.maps.iter().map(|map| parse::map_fields(env, map)).collect();
    if let Some(btf) = env.prog.btf {
        env.local_records = LocalRecords::parse(&parse::Kernel::of(env), btf);
    }
}
