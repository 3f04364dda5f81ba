//! Special fields of values (`struct btf_record`): which kinds of maps may have them, and what becomes of them.

use std::sync::Arc;

use skep_abi::{Addr, Errno, MapType};

use super::check::Refusal;
use super::{MapDef, MapFlags};
use crate::kptr::Dtors;
use crate::memory::{AtomicOp, Guard, GuardedField, GuardedKptr, Slab, Width};

/// What a special field is (`enum btf_field_type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapFieldKind {
    /// `bpf_spin_lock`, `bpf_res_spin_lock`.
    SpinLock,
    /// `bpf_timer`, `bpf_wq`, `bpf_task_work`.
    Deferred,
    /// `bpf_refcount`.
    Refcount,
    /// `__kptr_untrusted`: a pointer that owns nothing.
    KptrUntrusted,
    /// `__kptr`, `__percpu_kptr`: a pointer that owns a reference to an object of this struct.
    Kptr {
        /// The struct's name.
        strukt: String,
    },
    /// `__uptr`: user memory.
    Uptr,
    /// `bpf_list_head`, `bpf_rb_root`.
    GraphRoot,
}

/// One special field of a map's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapField {
    /// Bytes from the start of the value.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// What it is.
    pub kind: MapFieldKind,
}

impl MapFieldKind {
    const fn name(&self) -> &'static str {
        match self {
            Self::SpinLock => "lock",
            Self::Deferred => "timer, work queue or task work",
            Self::Refcount => "reference count",
            Self::KptrUntrusted | Self::Kptr { .. } => "kptr",
            Self::Uptr => "uptr",
            Self::GraphRoot => "list head or tree root",
        }
    }

    /// Whether maps of a kind may have such fields (`map_check_btf`).
    fn allowed_in(&self, map: MapType) -> bool {
        use MapType as M;
        let is_storage =
            matches!(map, M::TaskStorage | M::CgrpStorage | M::InodeStorage | M::SkStorage);
        let is_hash = matches!(map, M::Hash | M::LruHash);
        let is_percpu = matches!(map, M::PercpuHash | M::LruPercpuHash | M::PercpuArray);
        match self {
            Self::SpinLock => is_storage || matches!(map, M::Hash | M::Array | M::CgroupStorage),
            Self::Deferred | Self::GraphRoot => is_hash || map == M::Array,
            Self::Refcount | Self::KptrUntrusted | Self::Kptr { .. } => {
                is_storage || is_hash || is_percpu || map == M::Array
            }
            Self::Uptr => map == M::TaskStorage,
        }
    }

    const fn guarded(&self) -> Option<GuardedKptr> {
        match self {
            Self::Kptr { .. } => Some(GuardedKptr::Referenced),
            Self::KptrUntrusted | Self::Uptr => Some(GuardedKptr::Untrusted),
            _ => None,
        }
    }
}

/// Whether a map may have the fields that its values have.
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    if def.fields.is_empty() {
        return Ok(());
    }
    if def.flags.intersects(MapFlags::RDONLY_PROG | MapFlags::WRONLY_PROG) {
        let why = "access of programs cannot be restricted where values have special fields";
        return Err((Errno::EACCES, why.to_owned()));
    }
    let wrong = def.fields.iter().find(|field| !field.kind.allowed_in(def.map_type));
    match wrong {
        Some(field) => {
            let (map, offset, kind) = (def.map_type.name(), field.offset, field.kind.name());
            let why = format!("values of {map} maps cannot have a {kind}, as at offset {offset}");
            Err((Errno::EOPNOTSUPP, why))
        }
        None => Ok(()),
    }
}

/// The special fields of a map's values, with what gives up the references in them.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    fields: Arc<[MapField]>,
    dtors: Arc<Dtors>,
}

impl Fields {
    /// `None` where values have none.
    pub(crate) fn new(def: &MapDef, dtors: &Arc<Dtors>) -> Option<Self> {
        let (fields, dtors) = (def.fields.clone().into(), Arc::clone(dtors));
        (!def.fields.is_empty()).then_some(Self { fields, dtors })
    }

    /// What keeps programs from them.
    pub(crate) fn guard(&self) -> Guard {
        let guarded = |field: &MapField| GuardedField {
            offset: field.offset.into(),
            size: field.size.into(),
            name: field.kind.name(),
            kptr: field.kind.guarded(),
        };
        Guard(self.fields.iter().map(guarded).collect())
    }

    /// Writes what lies around the fields (`bpf_obj_memcpy`).
    pub(crate) fn write_around(&self, slab: &Slab, index: u64, bytes: &[u8]) {
        let mut at = 0;
        for field in &*self.fields {
            let start = (field.offset as usize).min(bytes.len());
            if at < start {
                slab.write(index, at as u64, &bytes[at..start]);
            }
            at = (field.offset + field.size) as usize;
        }
        if at < bytes.len() {
            slab.write(index, at as u64, &bytes[at..]);
        }
    }

    /// Makes the fields zero in a copy for user space.
    pub(crate) fn hide(&self, bytes: &mut [u8]) {
        for field in &*self.fields {
            let (start, end) = (field.offset as usize, (field.offset + field.size) as usize);
            if let Some(bytes) = bytes.get_mut(start..end) {
                bytes.fill(0);
            }
        }
    }

    /// Gives up what an element owns (`bpf_obj_free_fields`).
    pub(crate) fn free(&self, slab: &Slab, index: u64) {
        for field in &*self.fields {
            match &field.kind {
                MapFieldKind::Kptr { strukt } => {
                    let held = slab.atomic(index, field.offset.into(), AtomicOp::Xchg, 0);
                    if held != 0 {
                        self.dtors.put(strukt, Addr(held));
                    }
                }
                MapFieldKind::KptrUntrusted => {
                    slab.store(index, field.offset.into(), Width::Dw, 0);
                }
                _ => {}
            }
        }
    }

    /// Shows each reference that an element owns: offset of the field, its address, the object.
    pub(crate) fn each(&self, slab: &Slab, index: u64, show: &mut dyn FnMut(u32, Addr, Addr)) {
        for field in &*self.fields {
            if matches!(field.kind, MapFieldKind::Kptr { .. }) {
                let object = slab.load(index, field.offset.into(), Width::Dw);
                if object != 0 {
                    show(field.offset, slab.addr(index).offset(field.offset.into()), Addr(object));
                }
            }
        }
    }
}
