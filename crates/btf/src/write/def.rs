//! A type as it is to be written.

use super::{BtfBuilder, WriteError};
use crate::types::{Composite, Enum, Int};
use crate::{Kind, Linkage, SecVar, Type, TypeId};

/// One type with its own names: what [`Type`] borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are those of `Type`")]
pub enum TypeDef {
    Int {
        name: String,
        size: u32,
        bits: u32,
        offset: u32,
        is_signed: bool,
        is_char: bool,
        is_bool: bool,
    },
    Ptr {
        target: TypeId,
    },
    Array {
        element: TypeId,
        index: TypeId,
        len: u32,
    },
    Struct {
        name: String,
        size: u32,
        members: Vec<MemberDef>,
    },
    Union {
        name: String,
        size: u32,
        members: Vec<MemberDef>,
    },
    Enum {
        name: String,
        size: u32,
        is_signed: bool,
        values: Vec<EnumValueDef>,
    },
    Fwd {
        name: String,
        is_union: bool,
    },
    Typedef {
        name: String,
        target: TypeId,
    },
    Volatile {
        target: TypeId,
    },
    Const {
        target: TypeId,
    },
    Restrict {
        target: TypeId,
    },
    Func {
        name: String,
        proto: TypeId,
        linkage: Linkage,
    },
    FuncProto {
        ret: TypeId,
        params: Vec<ParamDef>,
    },
    Var {
        name: String,
        target: TypeId,
        linkage: Linkage,
    },
    DataSec {
        name: String,
        size: u32,
        vars: Vec<SecVar>,
    },
    Float {
        name: String,
        size: u32,
    },
    DeclTag {
        value: String,
        target: TypeId,
        component: Option<u32>,
    },
    TypeTag {
        value: String,
        target: TypeId,
        is_attribute: bool,
    },
    Enum64 {
        name: String,
        size: u32,
        is_signed: bool,
        values: Vec<EnumValueDef>,
    },
}

/// A member of a struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDef {
    /// Name; empty when anonymous.
    pub name: String,
    /// Type.
    pub ty: TypeId,
    /// Bits from the start of the struct.
    pub bit_offset: u32,
    /// Width in bits; 0 when it is no bitfield.
    pub bitfield: u32,
}

impl MemberDef {
    /// A member that is no bitfield, at a byte offset.
    pub fn at(name: &str, ty: TypeId, byte_offset: u32) -> Self {
        Self { name: name.to_owned(), ty, bit_offset: byte_offset.saturating_mul(8), bitfield: 0 }
    }
}

/// An enumerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValueDef {
    /// Name.
    pub name: String,
    /// Value; sign-extended where the enum is signed. Enums other than `Enum64` keep the low 32 bits.
    pub value: u64,
}

/// A function's parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamDef {
    /// Name; may be empty.
    pub name: String,
    /// Type.
    pub ty: TypeId,
}

impl Type<'_> {
    /// The type with names of its own, its references changed by `id`; none for `void`.
    pub fn to_def(&self, mut id: impl FnMut(TypeId) -> TypeId) -> Option<TypeDef> {
        Some(match *self {
            Type::Void => return None,
            Type::Int(int) => int.into(),
            Type::Ptr { target } => TypeDef::Ptr { target: id(target) },
            Type::Array(array) => TypeDef::Array {
                element: id(array.element),
                index: id(array.index),
                len: array.len,
            },
            Type::Struct(composite) => {
                let (name, size, members) = composite_parts(composite, id);
                TypeDef::Struct { name, size, members }
            }
            Type::Union(composite) => {
                let (name, size, members) = composite_parts(composite, id);
                TypeDef::Union { name, size, members }
            }
            Type::Enum(enumeration) => {
                let (name, size, is_signed, values) = enum_parts(enumeration);
                TypeDef::Enum { name, size, is_signed, values }
            }
            Type::Enum64(enumeration) => {
                let (name, size, is_signed, values) = enum_parts(enumeration);
                TypeDef::Enum64 { name, size, is_signed, values }
            }
            Type::Fwd { name, is_union } => TypeDef::Fwd { name: name.to_owned(), is_union },
            Type::Typedef { name, target } => {
                TypeDef::Typedef { name: name.to_owned(), target: id(target) }
            }
            Type::Volatile { target } => TypeDef::Volatile { target: id(target) },
            Type::Const { target } => TypeDef::Const { target: id(target) },
            Type::Restrict { target } => TypeDef::Restrict { target: id(target) },
            Type::Func { name, proto, linkage } => {
                TypeDef::Func { name: name.to_owned(), proto: id(proto), linkage }
            }
            Type::FuncProto(proto) => TypeDef::FuncProto {
                ret: id(proto.ret),
                params: proto
                    .params()
                    .map(|param| ParamDef { name: param.name.to_owned(), ty: id(param.ty) })
                    .collect(),
            },
            Type::Var { name, target, linkage } => {
                TypeDef::Var { name: name.to_owned(), target: id(target), linkage }
            }
            Type::DataSec(section) => TypeDef::DataSec {
                name: section.name.to_owned(),
                size: section.size,
                vars: section.vars().map(|var| SecVar { ty: id(var.ty), ..var }).collect(),
            },
            Type::Float { name, size } => TypeDef::Float { name: name.to_owned(), size },
            Type::DeclTag { value, target, component } => {
                TypeDef::DeclTag { value: value.to_owned(), target: id(target), component }
            }
            Type::TypeTag { value, target, is_attribute } => {
                TypeDef::TypeTag { value: value.to_owned(), target: id(target), is_attribute }
            }
        })
    }
}

impl From<Int<'_>> for TypeDef {
    fn from(int: Int<'_>) -> Self {
        let Int { name, size, bits, offset, is_signed, is_char, is_bool } = int;
        Self::Int { name: name.to_owned(), size, bits, offset, is_signed, is_char, is_bool }
    }
}

fn composite_parts(
    composite: Composite<'_>,
    mut id: impl FnMut(TypeId) -> TypeId,
) -> (String, u32, Vec<MemberDef>) {
    let members = composite.members().map(|member| MemberDef {
        name: member.name.to_owned(),
        ty: id(member.ty),
        bit_offset: member.bit_offset,
        bitfield: member.bitfield,
    });
    (composite.name.to_owned(), composite.size, members.collect())
}

fn enum_parts(enumeration: Enum<'_>) -> (String, u32, bool, Vec<EnumValueDef>) {
    let values = enumeration.values();
    let values =
        values.map(|value| EnumValueDef { name: value.name.to_owned(), value: value.value });
    (enumeration.name.to_owned(), enumeration.size, enumeration.is_signed, values.collect())
}

/// The low half of a 64-bit value.
fn low(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or(0)
}

impl TypeDef {
    /// An ordinary integer of whole bytes.
    pub fn int(name: &str, size: u32, is_signed: bool) -> Self {
        let name = name.to_owned();
        Self::Int {
            name,
            size,
            bits: size.saturating_mul(8),
            offset: 0,
            is_signed,
            is_char: false,
            is_bool: false,
        }
    }

    /// Writes the type's words.
    pub(super) fn write(&self, to: &mut BtfBuilder) -> Result<(), WriteError> {
        match self {
            Self::Int { name, size, bits, offset, is_signed, is_char, is_bool } => {
                let encoding =
                    u32::from(*is_signed) | u32::from(*is_char) << 1 | u32::from(*is_bool) << 2;
                to.head(Kind::Int, name, false, 0, *size)?;
                to.words.push(encoding << 24 | (offset & 0xff) << 16 | bits & 0xff);
            }
            Self::Ptr { target } => to.head(Kind::Ptr, "", false, 0, target.0)?,
            Self::Array { element, index, len } => {
                to.head(Kind::Array, "", false, 0, 0)?;
                to.words.extend([element.0, index.0, *len]);
            }
            Self::Struct { name, size, members } => {
                to.composite(Kind::Struct, name, *size, members)?
            }
            Self::Union { name, size, members } => {
                to.composite(Kind::Union, name, *size, members)?
            }
            Self::Enum { name, size, is_signed, values } => {
                to.head(Kind::Enum, name, *is_signed, values.len(), *size)?;
                for value in values {
                    let name = to.string(&value.name)?;
                    to.words.extend([name, low(value.value)]);
                }
            }
            Self::Enum64 { name, size, is_signed, values } => {
                to.head(Kind::Enum64, name, *is_signed, values.len(), *size)?;
                for value in values {
                    let name = to.string(&value.name)?;
                    to.words.extend([name, low(value.value), low(value.value >> 32)]);
                }
            }
            Self::Fwd { name, is_union } => to.head(Kind::Fwd, name, *is_union, 0, 0)?,
            Self::Typedef { name, target } => to.head(Kind::Typedef, name, false, 0, target.0)?,
            Self::Volatile { target } => to.head(Kind::Volatile, "", false, 0, target.0)?,
            Self::Const { target } => to.head(Kind::Const, "", false, 0, target.0)?,
            Self::Restrict { target } => to.head(Kind::Restrict, "", false, 0, target.0)?,
            Self::Func { name, proto, linkage } => {
                let linkage = usize::try_from(linkage.number()).unwrap_or(usize::MAX);
                to.head(Kind::Func, name, false, linkage, proto.0)?;
            }
            Self::FuncProto { ret, params } => {
                to.head(Kind::FuncProto, "", false, params.len(), ret.0)?;
                for param in params {
                    let name = to.string(&param.name)?;
                    to.words.extend([name, param.ty.0]);
                }
            }
            Self::Var { name, target, linkage } => {
                to.head(Kind::Var, name, false, 0, target.0)?;
                to.words.push(linkage.number());
            }
            Self::DataSec { name, size, vars } => {
                to.head(Kind::DataSec, name, false, vars.len(), *size)?;
                to.words.extend(vars.iter().flat_map(|var| [var.ty.0, var.offset, var.size]));
            }
            Self::Float { name, size } => to.head(Kind::Float, name, false, 0, *size)?,
            Self::DeclTag { value, target, component } => {
                to.head(Kind::DeclTag, value, false, 0, target.0)?;
                to.words.push(component.unwrap_or(u32::MAX));
            }
            Self::TypeTag { value, target, is_attribute } => {
                to.head(Kind::TypeTag, value, *is_attribute, 0, target.0)?;
            }
        }
        Ok(())
    }
}

impl BtfBuilder {
    fn composite(
        &mut self,
        kind: Kind,
        name: &str,
        size: u32,
        members: &[MemberDef],
    ) -> Result<(), WriteError> {
        let has_bitfields = members.iter().any(|member| member.bitfield > 0);
        self.head(kind, name, has_bitfields, members.len(), size)?;
        for member in members {
            let place = if has_bitfields {
                if member.bit_offset > 0xff_ffff || member.bitfield > 0xff {
                    return Err(WriteError("the offset of a member beside bitfields"));
                }
                member.bitfield << 24 | member.bit_offset
            } else {
                member.bit_offset
            };
            let name = self.string(&member.name)?;
            self.words.extend([name, member.ty.0, place]);
        }
        Ok(())
    }
}
