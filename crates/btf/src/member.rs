//! Members by name path: `mm.owner`, `cpus_mask.bits[1]`, through anonymous structs and unions.

use crate::{Btf, Type, TypeId};

/// A field found by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its type as declared, modifiers and typedefs included.
    pub ty: TypeId,
    /// Bits from the start of the outermost struct.
    pub bit_offset: u64,
    /// Width in bits; 0 when it is no bitfield.
    pub bitfield: u32,
}

impl Field {
    /// Bytes from the start of the outermost struct (rounded down for a bitfield).
    pub fn byte_offset(&self) -> u64 {
        self.bit_offset / 8
    }
}

/// Why a name path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// No such member.
    #[error("{ty} has no member `{name}`")]
    NoMember {
        /// The type in C.
        ty: String,
        /// The member asked for.
        name: String,
    },
    /// A member of something that is neither struct nor union. Pointers are not followed.
    #[error("{ty} is neither a struct nor a union, so it has no member `{name}`")]
    NotComposite {
        /// The type in C.
        ty: String,
        /// The member asked for.
        name: String,
    },
    /// An index that the array does not have, or of something that is no array.
    #[error("{ty} has no element {index}")]
    NoElement {
        /// The type in C.
        ty: String,
        /// The index asked for.
        index: String,
    },
    /// A path that is not made of names, dots and `[number]`.
    #[error("`{0}` is not of the form a.b[1].c")]
    BadPath(String),
}

/// Structs looked into for one name; no kernel struct has a thousandth of these.
const BUDGET: u32 = 1_000_000;

impl Btf {
    /// The field that a path such as `se.vruntime` or `cpus_mask.bits[1]` names in a struct or union.
    ///
    /// # Errors
    /// [`FieldError`] when the path is malformed or leads nowhere.
    pub fn field(&self, ty: TypeId, path: &str) -> Result<Field, FieldError> {
        let mut field = Field { ty, bit_offset: 0, bitfield: 0 };
        let bad = || FieldError::BadPath(path.to_owned());
        for part in path.split('.') {
            let (name, indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() {
                return Err(bad());
            }
            let found = self.member(field.ty, name)?;
            field = Field { bit_offset: field.bit_offset + found.bit_offset, ..found };
            let mut left = indexes;
            while !left.is_empty() {
                let (index, rest) =
                    left.strip_prefix('[').and_then(|left| left.split_once(']')).ok_or_else(bad)?;
                field = self.element(field, index)?;
                left = rest;
            }
        }
        Ok(field)
    }

    /// The member of this name, looked for in anonymous structs and unions too.
    ///
    /// # Errors
    /// [`FieldError`] when there is none, or when the type is neither struct nor union.
    pub fn member(&self, ty: TypeId, name: &str) -> Result<Field, FieldError> {
        let in_c = || self.type_name(ty);
        if self.resolved(ty).composite().is_none() {
            return Err(FieldError::NotComposite { ty: in_c(), name: name.to_owned() });
        }
        self.member_within(ty, name, 0, &mut BUDGET.clone())
            .ok_or_else(|| FieldError::NoMember { ty: in_c(), name: name.to_owned() })
    }

    fn member_within(&self, ty: TypeId, name: &str, start: u64, budget: &mut u32) -> Option<Field> {
        for member in self.resolved(ty).composite()?.members() {
            *budget = budget.checked_sub(1)?;
            let bit_offset = start + u64::from(member.bit_offset);
            if member.name == name {
                return Some(Field { ty: member.ty, bit_offset, bitfield: member.bitfield });
            }
            if member.name.is_empty()
                && let Some(found) = self.member_within(member.ty, name, bit_offset, budget)
            {
                return Some(found);
            }
        }
        None
    }

    fn element(&self, field: Field, index: &str) -> Result<Field, FieldError> {
        let none =
            || FieldError::NoElement { ty: self.type_name(field.ty), index: index.to_owned() };
        let Type::Array(array) = self.resolved(field.ty) else { return Err(none()) };
        let number: u32 = index.parse().map_err(|_| none())?;
        let size = self.size_of(array.element).filter(|_| number < array.len).ok_or_else(none)?;
        let bits = size.checked_mul(8 * u64::from(number)).ok_or_else(none)?;
        let bit_offset = field.bit_offset.checked_add(bits).ok_or_else(none)?;
        Ok(Field { ty: array.element, bit_offset, bitfield: 0 })
    }
}
