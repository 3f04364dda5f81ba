//! What lies at an offset of a struct: through nested structs, unions and arrays (`btf_struct_walk`).

use skep_abi::TypeFlags;
use skep_btf::{Btf, Composite, Member, Type, TypeId};

use crate::diag::{Step, Stop, rejections};

rejections! {
    /// The type that is walked is no struct.
    NotAStruct("object-not-a-struct", EINVAL, help: "cast the pointer to a struct type first") {
        name: String,
    } => "Type '{name}' is not a struct";

    /// The access goes beyond the end of a struct.
    BeyondStruct("object-beyond-struct", EACCES, help: "access fields of the struct only") {
        name: String, off: u32, size: u32,
    } => "access beyond struct {name} at off {off} size {size}";

    /// A pointer in an object is read in part.
    PartOfPointer("object-part-of-pointer", EACCES, help: "load the whole pointer") {
        member: String, moff: u32, name: String, off: u32, size: u32,
    } => "cannot access ptr member {member} with moff {moff} in struct {name} with off {off} size {size}";

    /// The access goes beyond the end of a member.
    BeyondMember("object-beyond-member", EACCES, help: "read one member at a time") {
        member: String, mend: u32, name: String, off: u32, size: u32,
    } => "access beyond the end of member {member} (mend:{mend}) in struct {name} with off {off} size {size}";

    /// There is no member at the offset.
    NoMember("object-no-member", EINVAL, help: "read the members of the struct as they are declared") {
        name: String, off: u32,
    } => "struct {name} doesn't have field at offset {off}";

    /// A member's type has no size.
    NoSize("object-member-without-size", EFAULT, help: "report this: the kernel's BTF is damaged") {
        member: String,
    } => "field {member} doesn't have size";
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    /// Bytes from the start.
    pub(crate) off: u32,
    /// Bytes that are accessed.
    pub(crate) size: u32,
    /// Whether arrays at the end of a struct may be larger than declared.
    pub(crate) walks_flexible: bool,
    /// Whether pointers to numbers may be followed (6.17).
    pub(crate) knows_mem: bool,
}

/// What is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'b> {
    /// A number.
    Scalar,
    /// A pointer to a struct; the member's name tells whether it can be trusted.
    Ptr {
        /// The struct.
        id: TypeId,
        /// `MEM_USER`, `MEM_PERCPU`, `MEM_RCU` by the member's type tag; `PTR_UNTRUSTED` within a union.
        flags: TypeFlags,
        /// The member.
        field: &'b str,
    },
    /// A pointer to something else.
    PtrToMem,
    /// A struct begins there.
    Struct(TypeId),
}

/// Walks until something else than a struct is found (`btf_struct_access`).
pub(crate) fn to_leaf<'b>(btf: &'b Btf, mut id: TypeId, mut walk: Walk) -> Step<Found<'b>> {
    let mut flags = TypeFlags::empty();
    loop {
        match step(btf, id, walk, &mut flags)? {
            Found::Struct(inner) => (id, walk.off) = (inner, 0),
            found => return Ok(found),
        }
    }
}

/// Walks to the next struct that begins at the offset, or to what is there.
///
/// `flags` gathers `PTR_UNTRUSTED` once a union is on the way.
pub(crate) fn step<'b>(
    btf: &'b Btf,
    mut id: TypeId,
    mut walk: Walk,
    flags: &mut TypeFlags,
) -> Step<Found<'b>> {
    loop {
        let ty = btf.resolved(id);
        let Some(composite) = ty.composite() else {
            return Err(NotAStruct { name: spelled(ty.name()) }.into());
        };
        if matches!(ty, Type::Union(_)) && composite.len() != 1 {
            // Nobody knows which member of a union is in use; one alone is a way to write `__bpf_md_ptr`.
            *flags |= TypeFlags::PTR_UNTRUSTED;
        }
        if u64::from(walk.off) + u64::from(walk.size) > u64::from(composite.size) {
            match flexible_tail(btf, composite, walk) {
                Some(Tail::Numbers) => return Ok(Found::Scalar),
                Some(Tail::Structs(inner, off)) => (id, walk.off) = (inner, off),
                None => {
                    let name = spelled(composite.name);
                    return Err(BeyondStruct { name, off: walk.off, size: walk.size }.into());
                }
            }
            continue;
        }
        match member_at(btf, composite, walk, flags)? {
            Place::Found(found) => return Ok(found),
            Place::Within(inner, off) => (id, walk.off) = (inner, off),
        }
    }
}

enum Tail {
    Numbers,
    Structs(TypeId, u32),
}

/// What lies in the array without a length at a struct's end.
fn flexible_tail(btf: &Btf, composite: Composite<'_>, walk: Walk) -> Option<Tail> {
    let last = composite.members().last().filter(|_| walk.walks_flexible)?;
    let Type::Array(array) = btf.resolved(last.ty) else { return None };
    let into = walk.off.checked_sub(last.bit_offset / 8).filter(|_| array.len == 0)?;
    let element = btf.resolve(array.element);
    match btf.ty(element) {
        Type::Int(_) => Some(Tail::Numbers),
        Type::Struct(inner) | Type::Union(inner) if inner.size > 0 => {
            Some(Tail::Structs(element, into % inner.size))
        }
        _ => None,
    }
}

enum Place<'b> {
    Found(Found<'b>),
    /// Inside of a member that is a struct, at this offset of it.
    Within(TypeId, u32),
}

fn member_at<'b>(
    btf: &'b Btf,
    composite: Composite<'b>,
    walk: Walk,
    flags: &mut TypeFlags,
) -> Step<Place<'b>> {
    let Walk { off, size, .. } = walk;
    for member in composite.members() {
        let start = member.bit_offset / 8;
        if off + size <= start {
            break;
        }
        if member.bitfield != 0 {
            let end = (member.bit_offset + member.bitfield).div_ceil(8);
            if off <= start && end <= off + size {
                return Ok(Place::Found(Found::Scalar));
            }
            continue;
        }
        if off < start {
            break;
        }
        let no_size = || Box::<Stop>::from(NoSize { member: spelled(member.name) });
        let total = btf.size_of(member.ty).and_then(|size| u32::try_from(size).ok());
        let total = total.ok_or_else(no_size)?;
        if off >= start + total {
            continue;
        }
        let layout = Layout::of(btf, member.ty, total).ok_or_else(no_size)?;
        return within_member(btf, composite, &member, &layout, walk, flags);
    }
    Err(NoMember { name: spelled(composite.name), off }.into())
}

/// The size of a member, with all dimensions of an array in a row.
struct Layout {
    /// Bytes in all.
    size: u32,
    /// The element, or the type itself, as declared.
    declared: TypeId,
    /// Bytes of an element.
    element_size: u32,
}

impl Layout {
    fn of(btf: &Btf, ty: TypeId, size: u32) -> Option<Self> {
        let mut declared = btf.resolve(ty);
        while let Type::Array(array) = btf.resolved(declared) {
            declared = array.element;
        }
        Some(Self { size, declared, element_size: u32::try_from(btf.size_of(declared)?).ok()? })
    }
}

fn within_member<'b>(
    btf: &'b Btf,
    composite: Composite<'b>,
    member: &Member<'b>,
    layout: &Layout,
    walk: Walk,
    flags: &mut TypeFlags,
) -> Step<Place<'b>> {
    let Walk { off, size, .. } = walk;
    let mut start = member.bit_offset / 8;
    let end = start + layout.size;
    if let Some(index) = (off - start).checked_div(layout.element_size) {
        start += index * layout.element_size;
    }
    match btf.resolved(layout.declared) {
        Type::Struct(_) | Type::Union(_) if off == start => {
            return Ok(Place::Found(Found::Struct(layout.declared)));
        }
        Type::Struct(_) | Type::Union(_) => return Ok(Place::Within(layout.declared, off - start)),
        Type::Ptr { target } => {
            if layout.element_size != size || off != start {
                let (member, name) = (spelled(member.name), spelled(composite.name));
                return Err(PartOfPointer { member, moff: start, name, off, size }.into());
            }
            let id = btf.resolve(target);
            if btf.ty(id).composite().is_some() {
                *flags |= tag_flags(btf, target);
                let (flags, field) = (*flags, member.name);
                return Ok(Place::Found(Found::Ptr { id, flags, field }));
            }
            if walk.knows_mem {
                return Ok(Place::Found(Found::PtrToMem));
            }
        }
        _ => {}
    }
    if off + size > end && !flags.contains(TypeFlags::PTR_UNTRUSTED) {
        let (member, name) = (spelled(member.name), spelled(composite.name));
        return Err(BeyondMember { member, mend: end, name, off, size }.into());
    }
    Ok(Place::Found(Found::Scalar))
}

/// A name as the kernel's BTF code prints it (`__btf_name_by_offset`).
fn spelled(name: &str) -> String {
    if name.is_empty() { "(anon)".to_owned() } else { name.to_owned() }
}

/// What the type tag on a pointer's target says.
pub(crate) fn tag_flags(btf: &Btf, target: TypeId) -> TypeFlags {
    match btf.ty(target) {
        Type::TypeTag { value: "user", is_attribute: false, .. } => TypeFlags::MEM_USER,
        Type::TypeTag { value: "percpu", is_attribute: false, .. } => TypeFlags::MEM_PERCPU,
        Type::TypeTag { value: "rcu", is_attribute: false, .. } => TypeFlags::MEM_RCU,
        _ => TypeFlags::empty(),
    }
}
