//! What an object wants from the kernel: `.kconfig` and `.ksyms`.

mod answer;
mod collect;
mod compat;
mod kconfig;

pub(crate) use answer::{Answer, answer};
pub(crate) use collect::{Externs, collect};

use skep_btf::TypeId;

/// Something that an object declares and the kernel provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternSpec {
    /// Name.
    pub name: String,
    /// Whether it may be absent.
    pub weak: bool,
    /// What it is.
    pub kind: ExternKind,
}

/// Kinds of externs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternKind {
    /// A variable of `.kconfig`.
    Kconfig(KconfigExtern),
    /// A kfunc of `.ksyms`; its prototype in the object's BTF.
    Kfunc(TypeId),
    /// A kernel variable with a type, of `.ksyms`; the type in the object's BTF without modifiers.
    Variable(TypeId),
    /// A kernel symbol without a type (`extern const void NAME __ksym`): its address.
    Symbol,
}

/// A variable of `.kconfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KconfigExtern {
    /// What values it takes.
    pub kind: KconfigKind,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    /// Offset within the `.kconfig` map.
    pub offset: u32,
    /// Type in the object's BTF.
    pub ty: TypeId,
}

/// What values a variable of `.kconfig` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KconfigKind {
    /// `bool`: y or n.
    Bool,
    /// `enum libbpf_tristate`: n, y or m.
    Tristate,
    /// `char`: the letter, or a small number.
    Char {
        /// Whether negative numbers fit.
        is_signed: bool,
    },
    /// An integer.
    Int {
        /// Whether negative numbers fit.
        is_signed: bool,
    },
    /// `char[]`: a string without its quotes.
    String,
}
