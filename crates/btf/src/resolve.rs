//! From a type to what it is: through modifiers and typedefs, sizes, alignment, tags.

use std::collections::HashMap;

use crate::types::Composite;
use crate::{Btf, Kind, Type, TypeId};

/// Bytes of a pointer: BPF's, and those of every kernel that skep models.
pub(crate) const POINTER_SIZE: u64 = 8;

impl Btf {
    /// The type behind `const`, `volatile`, `restrict` and type tags; typedefs stay.
    pub fn skip_modifiers(&self, mut id: TypeId) -> TypeId {
        while let Type::Const { target }
        | Type::Volatile { target }
        | Type::Restrict { target }
        | Type::TypeTag { target, .. } = self.ty(id)
        {
            id = target;
        }
        id
    }

    /// The type behind modifiers, type tags and typedefs.
    pub fn resolve(&self, mut id: TypeId) -> TypeId {
        loop {
            id = self.skip_modifiers(id);
            let Type::Typedef { target, .. } = self.ty(id) else { return id };
            id = target;
        }
    }

    /// The type behind modifiers, type tags and typedefs, itself.
    pub fn resolved(&self, id: TypeId) -> Type<'_> {
        self.ty(self.resolve(id))
    }

    /// Bytes that a value of this type has; that of its type for a variable. None for `void`, functions,
    /// tags and forward declarations, and where an array's size does not fit in 64 bits.
    pub fn size_of(&self, id: TypeId) -> Option<u64> {
        let mut id = id;
        let mut count = 1_u64;
        let size = loop {
            id = match self.resolved(id) {
                Type::Array(array) => {
                    count = count.checked_mul(u64::from(array.len))?;
                    array.element
                }
                Type::Var { target, .. } => target,
                Type::Int(int) => break u64::from(int.size),
                Type::Ptr { .. } => break POINTER_SIZE,
                Type::Struct(composite) | Type::Union(composite) => {
                    break u64::from(composite.size);
                }
                Type::Enum(enumeration) | Type::Enum64(enumeration) => {
                    break u64::from(enumeration.size);
                }
                Type::DataSec(section) => break u64::from(section.size),
                Type::Float { size, .. } => break u64::from(size),
                _ => return None,
            };
        };
        count.checked_mul(size)
    }

    /// Alignment in bytes that C gives a type of this kind on a 64-bit machine; 1 for structs whose layout
    /// shows that they are packed.
    pub fn align_of(&self, id: TypeId) -> Option<u64> {
        self.align_known(id, &mut HashMap::new())
    }

    /// `known` keeps structs that hold one another many times over from costing time for each.
    fn align_known(&self, id: TypeId, known: &mut HashMap<TypeId, Option<u64>>) -> Option<u64> {
        let natural = |size: u32| u64::from(size).next_power_of_two().clamp(1, 16);
        let id = self.resolve(id);
        match self.ty(id) {
            Type::Int(int) => Some(natural(int.size)),
            Type::Ptr { .. } => Some(POINTER_SIZE),
            Type::Enum(enumeration) | Type::Enum64(enumeration) => Some(natural(enumeration.size)),
            Type::Float { size, .. } => Some(natural(size)),
            Type::Array(array) => self.align_known(array.element, known),
            Type::Var { target, .. } => self.align_known(target, known),
            Type::Struct(composite) | Type::Union(composite) => {
                if let Some(&align) = known.get(&id) {
                    return align;
                }
                let align = self.align_of_members(composite, known);
                known.insert(id, align);
                align
            }
            _ => None,
        }
    }

    fn align_of_members(
        &self,
        composite: Composite<'_>,
        known: &mut HashMap<TypeId, Option<u64>>,
    ) -> Option<u64> {
        let mut align = 1;
        for member in composite.members() {
            let of_member = self.align_known(member.ty, known)?;
            let is_packed =
                member.bitfield == 0 && !u64::from(member.bit_offset).is_multiple_of(8 * of_member);
            if is_packed {
                return Some(1);
            }
            align = of_member.max(align);
        }
        Some(if u64::from(composite.size).is_multiple_of(align) { align } else { 1 })
    }

    /// The texts of the type tags between this type and the one behind its modifiers, outermost first.
    pub fn type_tags(&self, mut id: TypeId) -> Vec<&str> {
        let mut tags = Vec::new();
        loop {
            id = match self.ty(id) {
                Type::TypeTag { value, target, .. } => {
                    tags.push(value);
                    target
                }
                Type::Const { target } | Type::Volatile { target } | Type::Restrict { target } => {
                    target
                }
                _ => return tags,
            };
        }
    }

    /// The texts of the decl tags on a type as a whole (`component` none), or on one of its members or
    /// arguments, in the order of their ids.
    pub fn decl_tags(&self, id: TypeId, component: Option<u32>) -> impl Iterator<Item = &str> {
        self.layers().flat_map(move |btf| btf.own_index().tags(id)).filter_map(
            move |tag| match self.ty(tag) {
                Type::DeclTag { value, component: of, .. } if of == component => Some(value),
                _ => None,
            },
        )
    }

    /// Whether the type has this kind behind modifiers and typedefs.
    pub fn is(&self, id: TypeId, kind: Kind) -> bool {
        self.resolved(id).kind() == kind
    }
}
