//! Types as views into parsed BTF: nothing is copied, names are borrowed.

use crate::{Btf, Kind, TypeId};

/// One type. Names are empty where the type is anonymous.
#[derive(Clone, Copy, Debug)]
pub enum Type<'a> {
    /// `void`, type id 0.
    Void,
    /// An integer, `char` and `bool` among them.
    Int(Int<'a>),
    /// A pointer.
    Ptr {
        /// Pointee.
        target: TypeId,
    },
    /// An array.
    Array(Array),
    /// A struct.
    Struct(Composite<'a>),
    /// A union.
    Union(Composite<'a>),
    /// An enum of up to 32-bit values.
    Enum(Enum<'a>),
    /// A struct or union that is only declared.
    Fwd {
        /// Name.
        name: &'a str,
        /// Whether it declares a union.
        is_union: bool,
    },
    /// A typedef.
    Typedef {
        /// Name.
        name: &'a str,
        /// What it names.
        target: TypeId,
    },
    /// `volatile`.
    Volatile {
        /// What it modifies.
        target: TypeId,
    },
    /// `const`.
    Const {
        /// What it modifies.
        target: TypeId,
    },
    /// `restrict`.
    Restrict {
        /// What it modifies.
        target: TypeId,
    },
    /// A function.
    Func {
        /// Name.
        name: &'a str,
        /// Its [`Type::FuncProto`].
        proto: TypeId,
        /// Visibility.
        linkage: Linkage,
    },
    /// A function's prototype.
    FuncProto(FuncProto<'a>),
    /// A variable.
    Var {
        /// Name.
        name: &'a str,
        /// Its type.
        target: TypeId,
        /// Visibility.
        linkage: Linkage,
    },
    /// An ELF section of variables.
    DataSec(DataSec<'a>),
    /// A floating-point number.
    Float {
        /// Name.
        name: &'a str,
        /// Bytes.
        size: u32,
    },
    /// `__attribute__((btf_decl_tag("…")))`.
    DeclTag {
        /// The tag's text.
        value: &'a str,
        /// What it tags: a struct, union, typedef, function or variable.
        target: TypeId,
        /// Member or argument index; none when it tags the whole.
        component: Option<u32>,
    },
    /// `__attribute__((btf_type_tag("…")))`.
    TypeTag {
        /// The tag's text.
        value: &'a str,
        /// What it tags.
        target: TypeId,
        /// Whether it is an attribute other than a type tag (`kind_flag`, since 6.15).
        is_attribute: bool,
    },
    /// An enum of 64-bit values.
    Enum64(Enum<'a>),
}

impl<'a> Type<'a> {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Void => Kind::Void,
            Self::Int(_) => Kind::Int,
            Self::Ptr { .. } => Kind::Ptr,
            Self::Array(_) => Kind::Array,
            Self::Struct(_) => Kind::Struct,
            Self::Union(_) => Kind::Union,
            Self::Enum(_) => Kind::Enum,
            Self::Fwd { .. } => Kind::Fwd,
            Self::Typedef { .. } => Kind::Typedef,
            Self::Volatile { .. } => Kind::Volatile,
            Self::Const { .. } => Kind::Const,
            Self::Restrict { .. } => Kind::Restrict,
            Self::Func { .. } => Kind::Func,
            Self::FuncProto(_) => Kind::FuncProto,
            Self::Var { .. } => Kind::Var,
            Self::DataSec(_) => Kind::DataSec,
            Self::Float { .. } => Kind::Float,
            Self::DeclTag { .. } => Kind::DeclTag,
            Self::TypeTag { .. } => Kind::TypeTag,
            Self::Enum64(_) => Kind::Enum64,
        }
    }

    /// Its name, or a tag's text; empty when it has none.
    pub fn name(&self) -> &'a str {
        match *self {
            Self::Int(int) => int.name,
            Self::Struct(composite) | Self::Union(composite) => composite.name,
            Self::Enum(enumeration) | Self::Enum64(enumeration) => enumeration.name,
            Self::DataSec(section) => section.name,
            Self::Fwd { name, .. }
            | Self::Typedef { name, .. }
            | Self::Func { name, .. }
            | Self::Var { name, .. }
            | Self::Float { name, .. } => name,
            Self::DeclTag { value, .. } | Self::TypeTag { value, .. } => value,
            _ => "",
        }
    }

    /// The one type that it refers to: a pointer's, modifier's, typedef's, variable's or tag's target,
    /// a function's prototype.
    pub fn target(&self) -> Option<TypeId> {
        match *self {
            Self::Ptr { target }
            | Self::Typedef { target, .. }
            | Self::Volatile { target }
            | Self::Const { target }
            | Self::Restrict { target }
            | Self::Var { target, .. }
            | Self::DeclTag { target, .. }
            | Self::TypeTag { target, .. } => Some(target),
            Self::Func { proto, .. } => Some(proto),
            _ => None,
        }
    }

    /// Members, when it is a struct or union.
    pub fn composite(&self) -> Option<Composite<'a>> {
        match *self {
            Self::Struct(composite) | Self::Union(composite) => Some(composite),
            _ => None,
        }
    }

    /// Values, when it is an enum of either width.
    pub fn enumeration(&self) -> Option<Enum<'a>> {
        match *self {
            Self::Enum(enumeration) | Self::Enum64(enumeration) => Some(enumeration),
            _ => None,
        }
    }
}

/// An integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int<'a> {
    /// Name, such as `long unsigned int`.
    pub name: &'a str,
    /// Bytes: 1, 2, 4, 8 or 16.
    pub size: u32,
    /// Width in bits, at most `size * 8`; less in bitfields of old compilers.
    pub bits: u32,
    /// First bit within the bytes; zero but for bitfields of old compilers.
    pub offset: u32,
    /// `BTF_INT_SIGNED`.
    pub is_signed: bool,
    /// `BTF_INT_CHAR`.
    pub is_char: bool,
    /// `BTF_INT_BOOL`.
    pub is_bool: bool,
}

/// An array type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Element.
    pub element: TypeId,
    /// Type of the index.
    pub index: TypeId,
    /// Number of elements; 0 for a flexible array.
    pub len: u32,
}

/// A struct or union.
#[derive(Clone, Copy)]
pub struct Composite<'a> {
    /// Name; empty when anonymous.
    pub name: &'a str,
    /// Bytes.
    pub size: u32,
    pub(crate) btf: &'a Btf,
    pub(crate) words: &'a [u32],
    pub(crate) kind_flag: bool,
}

impl std::fmt::Debug for Composite<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composite")
            .field("name", &self.name)
            .field("size", &self.size)
            .field("len", &self.len())
            .finish()
    }
}

impl<'a> Composite<'a> {
    /// Number of members.
    pub fn len(&self) -> usize {
        self.words.len() / 3
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Members in the order of the declaration.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member<'a>> + use<'a> {
        let Self { btf, kind_flag, .. } = *self;
        self.words.chunks_exact(3).map(move |words| {
            let (bit_offset, bitfield) =
                if kind_flag { (words[2] & 0xff_ffff, words[2] >> 24) } else { (words[2], 0) };
            Member { name: btf.string(words[0]), ty: TypeId(words[1]), bit_offset, bitfield }
        })
    }

    /// The member with this index.
    pub fn member(&self, index: usize) -> Option<Member<'a>> {
        self.members().nth(index)
    }
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Name; empty when it is an anonymous struct or union (or an unnamed bitfield).
    pub name: &'a str,
    /// Type.
    pub ty: TypeId,
    /// Bits from the start of the struct.
    pub bit_offset: u32,
    /// Width in bits; 0 when it is no bitfield.
    pub bitfield: u32,
}

/// An enum of either width.
#[derive(Clone, Copy)]
pub struct Enum<'a> {
    /// Name; empty when anonymous.
    pub name: &'a str,
    /// Bytes: 1, 2, 4 or 8.
    pub size: u32,
    /// Whether values are signed.
    pub is_signed: bool,
    pub(crate) btf: &'a Btf,
    pub(crate) words: &'a [u32],
    pub(crate) is_64: bool,
}

impl std::fmt::Debug for Enum<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enum")
            .field("name", &self.name)
            .field("size", &self.size)
            .field("len", &self.len())
            .finish()
    }
}

impl<'a> Enum<'a> {
    /// Number of enumerators.
    pub fn len(&self) -> usize {
        self.words.len() / if self.is_64 { 3 } else { 2 }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Enumerators in the order of the declaration.
    pub fn values(&self) -> impl ExactSizeIterator<Item = EnumValue<'a>> + use<'a> {
        let Self { btf, is_64, is_signed, .. } = *self;
        self.words.chunks_exact(if is_64 { 3 } else { 2 }).map(move |words| {
            let value = match (is_64, is_signed) {
                (true, _) => u64::from(words[1]) | u64::from(words[2]) << 32,
                (false, true) => i64::from(words[1].cast_signed()).cast_unsigned(),
                (false, false) => u64::from(words[1]),
            };
            EnumValue { name: btf.string(words[0]), value, is_signed }
        })
    }
}

/// An enumerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumValue<'a> {
    /// Name.
    pub name: &'a str,
    /// Value; sign-extended to 64 bits where the enum is signed.
    pub value: u64,
    /// Whether `value` is signed.
    pub is_signed: bool,
}

impl EnumValue<'_> {
    /// The value as a number of either sign.
    pub fn number(&self) -> i128 {
        if self.is_signed { i128::from(self.value.cast_signed()) } else { i128::from(self.value) }
    }
}

/// A function's prototype.
#[derive(Clone, Copy)]
pub struct FuncProto<'a> {
    /// Type of the result; [`TypeId::VOID`] when there is none.
    pub ret: TypeId,
    pub(crate) btf: &'a Btf,
    pub(crate) words: &'a [u32],
}

impl std::fmt::Debug for FuncProto<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FuncProto").field("ret", &self.ret).field("len", &self.len()).finish()
    }
}

impl<'a> FuncProto<'a> {
    /// Number of parameters, the `...` among them.
    pub fn len(&self) -> usize {
        self.words.len() / 2
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Parameters in order. A variadic function ends with a nameless one of type void.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param<'a>> + use<'a> {
        let btf = self.btf;
        self.words
            .chunks_exact(2)
            .map(move |words| Param { name: btf.string(words[0]), ty: TypeId(words[1]) })
    }

    /// Whether it ends with `...`.
    pub fn is_variadic(&self) -> bool {
        self.params().last().is_some_and(|param| param.name.is_empty() && param.ty == TypeId::VOID)
    }
}

/// A function's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Name; empty in prototypes of pointers.
    pub name: &'a str,
    /// Type.
    pub ty: TypeId,
}

/// An ELF section of variables.
#[derive(Clone, Copy)]
pub struct DataSec<'a> {
    /// Name, such as `.rodata` or `.maps`.
    pub name: &'a str,
    /// Bytes; 0 in objects, where the ELF section has the size.
    pub size: u32,
    pub(crate) words: &'a [u32],
}

impl std::fmt::Debug for DataSec<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataSec")
            .field("name", &self.name)
            .field("size", &self.size)
            .field("len", &self.len())
            .finish()
    }
}

impl<'a> DataSec<'a> {
    /// Number of variables.
    pub fn len(&self) -> usize {
        self.words.len() / 3
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Variables (or, in `.ksyms`, functions) in order.
    pub fn vars(&self) -> impl ExactSizeIterator<Item = SecVar> + use<'a> {
        self.words.chunks_exact(3).map(|words| SecVar {
            ty: TypeId(words[0]),
            offset: words[1],
            size: words[2],
        })
    }
}

/// A variable's place in its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecVar {
    /// The `VAR` (or `FUNC`).
    pub ty: TypeId,
    /// Bytes from the section's start; in objects often 0, where the ELF symbol has the offset.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
}

/// Visibility of a function or variable: `BTF_FUNC_*`, `BTF_VAR_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// `static`.
    Static,
    /// Defined here, visible elsewhere.
    Global,
    /// Defined elsewhere.
    Extern,
    /// A number that no kernel defines.
    Unknown(u32),
}

impl Linkage {
    pub(crate) fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Static,
            1 => Self::Global,
            2 => Self::Extern,
            other => Self::Unknown(other),
        }
    }

    /// The kernel's number.
    pub fn number(self) -> u32 {
        match self {
            Self::Static => 0,
            Self::Global => 1,
            Self::Extern => 2,
            Self::Unknown(other) => other,
        }
    }
}
