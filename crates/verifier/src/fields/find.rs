//! Where the special fields of a type are, by the names of their types and by their tags (`btf_find_field`).

use skep_btf::{Btf, Composite, Kind, Type, TypeId};

/// No more than so many fields in one value.
const MAX_FIELDS: usize = 11;
/// Arrays and structs nest no deeper.
const MAX_DEPTH: u32 = 32;

/// The record of a type is unusable, which the kernel treats as if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unusable;

/// What is wanted of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Timers, work queues, task work: only in maps.
    pub(super) deferred: bool,
    /// Nodes of lists and trees: only in allocated objects.
    pub(super) nodes: bool,
    /// User pointers: only in task storage.
    pub(super) uptr: bool,
    /// Whether `kptr` tags a pointer with a reference, as it does since 6.3.
    pub(super) kptrs_are_referenced: bool,
}

/// The kind of a field before its target is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundKind {
    SpinLock,
    ResSpinLock,
    Timer,
    Wq,
    TaskWork,
    Refcount,
    ListHead,
    RbRoot,
    ListNode,
    RbNode,
    KptrUntrusted,
    KptrRef,
    KptrPercpu,
    Uptr,
}

/// A field that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'b> {
    pub(super) kind: FoundKind,
    pub(super) off: u32,
    /// The struct that a kptr points to, or that a list or tree holds.
    pub(super) target: TypeId,
    /// The node's name, for roots.
    pub(super) node: &'b str,
}

impl FoundKind {
    /// Struct types that are fields by their name.
    const NAMED: [(&'static str, Self); 10] = [
        ("bpf_spin_lock", Self::SpinLock),
        ("bpf_res_spin_lock", Self::ResSpinLock),
        ("bpf_timer", Self::Timer),
        ("bpf_wq", Self::Wq),
        ("bpf_task_work", Self::TaskWork),
        ("bpf_list_head", Self::ListHead),
        ("bpf_list_node", Self::ListNode),
        ("bpf_rb_root", Self::RbRoot),
        ("bpf_rb_node", Self::RbNode),
        ("bpf_refcount", Self::Refcount),
    ];

    /// Bytes.
    pub(super) const fn size(self) -> u32 {
        match self {
            Self::SpinLock | Self::ResSpinLock | Self::Refcount => 4,
            Self::ListNode => 24,
            Self::RbNode => 32,
            Self::Timer | Self::Wq | Self::ListHead | Self::RbRoot => 16,
            Self::TaskWork
            | Self::KptrUntrusted
            | Self::KptrRef
            | Self::KptrPercpu
            | Self::Uptr => 8,
        }
    }

    const fn align(self) -> u32 {
        match self {
            Self::SpinLock | Self::ResSpinLock | Self::Refcount => 4,
            _ => 8,
        }
    }

    /// At most one of these in a value.
    const fn is_unique(self) -> bool {
        matches!(
            self,
            Self::SpinLock
                | Self::ResSpinLock
                | Self::Timer
                | Self::Wq
                | Self::TaskWork
                | Self::Refcount
        )
    }

    /// Whether an array of these is a field for each element.
    const fn repeats(self) -> bool {
        matches!(
            self,
            Self::KptrUntrusted
                | Self::KptrRef
                | Self::KptrPercpu
                | Self::Uptr
                | Self::ListHead
                | Self::RbRoot
        )
    }

    const fn is_wanted(self, wanted: Wanted) -> bool {
        match self {
            Self::Timer | Self::Wq | Self::TaskWork => wanted.deferred,
            Self::ListNode | Self::RbNode => wanted.nodes,
            Self::Uptr => wanted.uptr,
            _ => true,
        }
    }
}

/// One walk over a type.
pub(super) struct Finder<'b> {
    btf: &'b Btf,
    wanted: Wanted,
    seen: Vec<FoundKind>,
}

/// A variable or member to look at.
struct Place {
    /// The struct or variable that carries the tags, and which component of it.
    tagged: TypeId,
    component: Option<u32>,
    ty: TypeId,
    off: u32,
    /// Size that the section gives the variable; 0 for members.
    expected: u32,
}

impl<'b> Finder<'b> {
    pub(super) fn new(btf: &'b Btf, wanted: Wanted) -> Self {
        Self { btf, wanted, seen: Vec::new() }
    }

    /// Every field of a struct or data section.
    pub(super) fn all(&mut self, ty: TypeId) -> Result<Vec<Found<'b>>, Unusable> {
        match self.btf.ty(ty) {
            Type::Struct(composite) | Type::Union(composite) => {
                self.of_struct(ty, composite, MAX_FIELDS, 0)
            }
            Type::DataSec(section) => {
                let mut found = Vec::new();
                for var in section.vars() {
                    let Type::Var { target, .. } = self.btf.ty(var.ty) else { continue };
                    let place = Place {
                        tagged: var.ty,
                        component: None,
                        ty: target,
                        off: var.offset,
                        expected: var.size,
                    };
                    let room = MAX_FIELDS - found.len();
                    found.extend(self.one(&place, room, 0)?);
                }
                Ok(found)
            }
            _ => Err(Unusable),
        }
    }

    fn of_struct(
        &mut self,
        ty: TypeId,
        composite: Composite<'b>,
        room: usize,
        level: u32,
    ) -> Result<Vec<Found<'b>>, Unusable> {
        let mut found = Vec::new();
        for (component, member) in (0..).zip(composite.members()) {
            if !member.bit_offset.is_multiple_of(8) {
                return Err(Unusable);
            }
            let place = Place {
                tagged: ty,
                component: Some(component),
                ty: member.ty,
                off: member.bit_offset / 8,
                expected: 0,
            };
            found.extend(self.one(&place, room - found.len(), level)?);
        }
        Ok(found)
    }

    fn one(&mut self, place: &Place, room: usize, level: u32) -> Result<Vec<Found<'b>>, Unusable> {
        let (mut ty, mut count, mut depth) = (place.ty, 1_u32, 0);
        while let Type::Array(array) = self.btf.ty(ty) {
            depth += 1;
            if depth == MAX_DEPTH {
                return Err(Unusable);
            }
            count = count.wrapping_mul(array.len);
            ty = array.element;
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let shape = self.btf.ty(ty);
        let kind = self.kind_of(shape)?;
        let fits = |size: u32| place.expected == 0 || place.expected == size.wrapping_mul(count);
        let (mut found, size) = match (kind, shape) {
            (None, Type::Struct(composite) | Type::Union(composite)) => {
                if !fits(composite.size) {
                    return Ok(Vec::new());
                }
                if level + 1 >= MAX_DEPTH {
                    return Err(Unusable);
                }
                (self.of_struct(ty, composite, room, level + 1)?, composite.size)
            }
            (None, _) => return Ok(Vec::new()),
            (Some(kind), _) => {
                if !fits(kind.size()) || !place.off.is_multiple_of(kind.align()) {
                    return Ok(Vec::new());
                }
                let found = self.field(kind, shape, place)?;
                (found.into_iter().collect(), kind.size())
            }
        };
        if found.len() > room {
            return Err(Unusable);
        }
        found.iter_mut().for_each(|field| field.off = field.off.wrapping_add(place.off));
        repeat(found, count, size, room)
    }

    /// What the type's name says; pointers may be kptrs.
    fn kind_of(&mut self, shape: Type<'b>) -> Result<Option<FoundKind>, Unusable> {
        let name = shape.name();
        let named = FoundKind::NAMED.iter().find(|(n, k)| *n == name && k.is_wanted(self.wanted));
        if let Some(&(_, kind)) = named {
            if kind.is_unique() {
                if self.seen.contains(&kind) {
                    return Err(Unusable);
                }
                self.seen.push(kind);
            }
            return Ok(Some(kind));
        }
        Ok(shape.composite().is_none().then_some(FoundKind::KptrRef))
    }

    fn field(
        &self,
        kind: FoundKind,
        shape: Type<'b>,
        place: &Place,
    ) -> Result<Option<Found<'b>>, Unusable> {
        if kind == FoundKind::KptrRef {
            return kptr(self.btf, shape, self.wanted);
        }
        let has_size = shape.composite().is_some_and(|composite| composite.size == kind.size());
        if !has_size {
            return Ok(None);
        }
        let plain = Found { kind, off: 0, target: TypeId::VOID, node: "" };
        match kind {
            FoundKind::ListHead | FoundKind::RbRoot => {
                let (target, node) = self.contains(place)?;
                Ok(Some(Found { target, node, ..plain }))
            }
            _ => Ok(Some(plain)),
        }
    }

    /// The struct and the node's name of a `contains:STRUCT:NODE` tag.
    fn contains(&self, place: &Place) -> Result<(TypeId, &'b str), Unusable> {
        let btf = self.btf;
        let mut tags = btf
            .decl_tags(place.tagged, place.component)
            .filter_map(|tag| tag.strip_prefix("contains:"));
        let (Some(tag), None) = (tags.next(), tags.next()) else { return Err(Unusable) };
        let (name, node) = tag.split_once(':').ok_or(Unusable)?;
        if node.is_empty() {
            return Err(Unusable);
        }
        Ok((btf.find(name, Kind::Struct).ok_or(Unusable)?, node))
    }
}

/// The kptr that a pointer's type tag makes of it (`btf_find_kptr`).
pub(super) fn kptr<'b>(
    btf: &'b Btf,
    mut shape: Type<'b>,
    wanted: Wanted,
) -> Result<Option<Found<'b>>, Unusable> {
    if let Type::Volatile { target } = shape {
        shape = btf.ty(target);
    }
    let Type::Ptr { target } = shape else { return Ok(None) };
    let Type::TypeTag { value, target, is_attribute: false } = btf.ty(target) else {
        return Ok(None);
    };
    if matches!(btf.ty(target), Type::TypeTag { .. }) {
        return Err(Unusable);
    }
    let kind = match value {
        "kptr" if !wanted.kptrs_are_referenced => FoundKind::KptrUntrusted,
        "kptr_ref" if !wanted.kptrs_are_referenced => FoundKind::KptrRef,
        _ if !wanted.kptrs_are_referenced => return Err(Unusable),
        "kptr_untrusted" => FoundKind::KptrUntrusted,
        "kptr" => FoundKind::KptrRef,
        "percpu_kptr" => FoundKind::KptrPercpu,
        "uptr" => FoundKind::Uptr,
        _ => return Err(Unusable),
    };
    if !kind.is_wanted(wanted) {
        return Ok(None);
    }
    let target = btf.skip_modifiers(target);
    btf.ty(target).composite().ok_or(Unusable)?;
    Ok(Some(Found { kind, off: 0, target, node: "" }))
}

/// Fields of each element of an array.
fn repeat(
    mut found: Vec<Found<'_>>,
    count: u32,
    element: u32,
    room: usize,
) -> Result<Vec<Found<'_>>, Unusable> {
    if count == 1 || found.is_empty() {
        return Ok(found);
    }
    if found.iter().any(|field| !field.kind.repeats()) {
        return Err(Unusable);
    }
    let each = found.len();
    let total = each.checked_mul(count as usize).filter(|&total| total <= room).ok_or(Unusable)?;
    for at in each..total {
        let mut field = found[at - each];
        field.off = field.off.wrapping_add(element);
        found.push(field);
    }
    Ok(found)
}
