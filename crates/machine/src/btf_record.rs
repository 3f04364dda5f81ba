//! Special fields of values and objects (`struct btf_record`): what keeps programs from them, how they begin, and what
//! becomes of what they own.

use std::sync::Arc;

use skep_abi::Addr;

use crate::kptr::Dtors;
use crate::memory::{AtomicOp, Guard, GuardedField, GuardedKptr, Slab, Width};
use crate::spin_lock;

/// What a special field is (`enum btf_field_type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BtfFieldKind {
    /// `bpf_spin_lock`, `bpf_res_spin_lock`.
    SpinLock,
    /// `bpf_timer`, `bpf_wq`, `bpf_task_work`.
    Deferred,
    /// `bpf_refcount`.
    Refcount,
    /// `__kptr_untrusted`: a pointer that owns nothing.
    KptrUntrusted,
    /// `__kptr`: a pointer that owns a reference to an object of this struct of the kernel.
    Kptr {
        /// The struct's name.
        strukt: String,
    },
    /// `__kptr`, `__percpu_kptr`: a pointer that owns a reference to an object which programs allocate.
    KptrLocal,
    /// `__uptr`: user memory.
    Uptr,
    /// `bpf_list_head`.
    ListHead,
    /// `bpf_list_node`.
    ListNode,
    /// `bpf_rb_root`.
    RbRoot,
    /// `bpf_rb_node`.
    RbNode,
}

/// One special field (`struct btf_field`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BtfField {
    /// Bytes from the start of the value or object.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// What it is.
    pub kind: BtfFieldKind,
}

impl BtfFieldKind {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::SpinLock => "lock",
            Self::Deferred => "timer, work queue or task work",
            Self::Refcount => "reference count",
            Self::KptrUntrusted | Self::Kptr { .. } | Self::KptrLocal => "kptr",
            Self::Uptr => "uptr",
            Self::ListHead | Self::RbRoot => "list head or tree root",
            Self::ListNode | Self::RbNode => "list or tree node",
        }
    }

    const fn guarded(&self) -> Option<GuardedKptr> {
        match self {
            Self::Kptr { .. } | Self::KptrLocal => Some(GuardedKptr::Referenced),
            Self::KptrUntrusted | Self::Uptr => Some(GuardedKptr::Untrusted),
            _ => None,
        }
    }
}

/// What keeps programs from special fields.
pub(crate) fn guard(fields: &[BtfField]) -> Guard {
    let guarded = |field: &BtfField| GuardedField {
        offset: field.offset.into(),
        size: field.size.into(),
        name: field.kind.name(),
        kptr: field.kind.guarded(),
    };
    Guard(fields.iter().map(guarded).collect())
}

/// Makes the special fields of a zeroed element ready for use (`bpf_obj_init`).
pub(crate) fn init(fields: &[BtfField], slab: &Slab, index: u64) {
    for field in fields {
        let offset = u64::from(field.offset);
        match field.kind {
            BtfFieldKind::Refcount => slab.store(index, offset, Width::W, 1),
            BtfFieldKind::ListHead => {
                let head = slab.addr(index).offset(field.offset.into());
                slab.store(index, offset, Width::Dw, head.0);
                slab.store(index, offset + 8, Width::Dw, head.0);
            }
            _ => {}
        }
    }
}

/// Takes all objects out of a list or tree, under the lock that lies beside it.
fn take_all(
    (fields, dtors): (&[BtfField], &Dtors),
    slab: &Slab,
    index: u64,
    root: &BtfField,
) -> Vec<Addr> {
    let at = |field: &BtfField| slab.addr(index).offset(field.offset.into());
    let lock = fields.iter().find(|field| field.kind == BtfFieldKind::SpinLock).map(at);
    // The element is there, and its lock with it: there is no fault.
    let _ = lock.map(|lock| spin_lock::lock(dtors.objs().memory(), lock));
    let objects = dtors.objs().take_all(&root.kind, at(root));
    let _ = lock.map(|lock| spin_lock::unlock(dtors.objs().memory(), lock));
    objects
}

/// Gives up what an element owns (`bpf_obj_free_fields`); references to objects of programs go to `drop_obj`.
pub(crate) fn free(
    (fields, dtors): (&[BtfField], &Dtors),
    slab: &Slab,
    index: u64,
    drop_obj: &mut dyn FnMut(Addr),
) {
    for field in fields {
        let offset = u64::from(field.offset);
        match &field.kind {
            BtfFieldKind::Kptr { strukt } => {
                let held = slab.atomic(index, offset, AtomicOp::Xchg, 0);
                if held != 0 {
                    dtors.put(strukt, Addr(held));
                }
            }
            BtfFieldKind::KptrLocal => {
                let held = slab.atomic(index, offset, AtomicOp::Xchg, 0);
                if held != 0 {
                    drop_obj(Addr(held));
                }
            }
            BtfFieldKind::KptrUntrusted => slab.store(index, offset, Width::Dw, 0),
            BtfFieldKind::ListHead | BtfFieldKind::RbRoot => {
                take_all((fields, dtors), slab, index, field).into_iter().for_each(&mut *drop_obj);
            }
            _ => {}
        }
    }
}

/// Shows each reference that an element owns: offset of the field, its address, the object.
pub(crate) fn each(
    (fields, dtors): (&[BtfField], &Dtors),
    slab: &Slab,
    index: u64,
    show: &mut dyn FnMut(u32, Addr, Addr),
) {
    for field in fields {
        let (offset, addr) =
            (u64::from(field.offset), slab.addr(index).offset(field.offset.into()));
        match field.kind {
            BtfFieldKind::Kptr { .. } | BtfFieldKind::KptrLocal => {
                let object = slab.load(index, offset, Width::Dw);
                if object != 0 {
                    show(field.offset, addr, Addr(object));
                }
            }
            BtfFieldKind::ListHead | BtfFieldKind::RbRoot => {
                let objects = dtors.objs().linked(&field.kind, addr);
                objects.into_iter().for_each(|object| show(field.offset, addr, object));
            }
            _ => {}
        }
    }
}

/// The special fields of a map's values, with what gives up the references in them.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    fields: Arc<[BtfField]>,
    dtors: Arc<Dtors>,
}

impl Fields {
    /// `None` where values have none.
    pub(crate) fn new(fields: &[BtfField], dtors: &Arc<Dtors>) -> Option<Self> {
        (!fields.is_empty()).then(|| Self { fields: fields.into(), dtors: Arc::clone(dtors) })
    }

    /// What keeps programs from them.
    pub(crate) fn guard(&self) -> Guard {
        guard(&self.fields)
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

    /// Makes the fields zero in a copy for user space; heads of lists point to themselves (`check_and_init_map_value`).
    // DEVIATION(linux): user space reads the address of the head itself, not that of the kernel's copy.
    pub(crate) fn hide(&self, element: Addr, bytes: &mut [u8]) {
        for field in &*self.fields {
            let (start, end) = (field.offset as usize, (field.offset + field.size) as usize);
            let Some(bytes) = bytes.get_mut(start..end) else { continue };
            bytes.fill(0);
            if field.kind == BtfFieldKind::ListHead {
                let head = element.offset(field.offset.into()).0.to_le_bytes();
                bytes.as_chunks_mut().0.iter_mut().for_each(|word| *word = head);
            }
        }
    }

    /// Gives up what an element owns.
    pub(crate) fn free(&self, slab: &Slab, index: u64) {
        free((&self.fields, &self.dtors), slab, index, &mut |object| self.dtors.drop_obj(object));
    }

    /// Shows each reference that an element owns: offset of the field, its address, the object.
    pub(crate) fn each(&self, slab: &Slab, index: u64, show: &mut dyn FnMut(u32, Addr, Addr)) {
        each((&self.fields, &self.dtors), slab, index, show);
    }
}
