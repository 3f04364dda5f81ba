//! BTF, the BPF type format: parse, walk, print, write, and CO-RE relocate.
//!
//! No IO and no globals: bytes in, types out. Hostile bytes give a [`BtfError`] that says what is wrong and
//! where; a [`Btf`] that exists holds only ids, names and sizes that are in range and no type that contains
//! itself, so that everything after parsing need not check again.
//!
//! ```
//! use skep_btf::{Btf, BtfBuilder, Kind, MemberDef, TypeDef, ValuePrinter};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = BtfBuilder::new();
//! let u32 = builder.push(&TypeDef::int("unsigned int", 4, false))?;
//! let members = vec![MemberDef::at("pid", u32, 0), MemberDef::at("tgid", u32, 4)];
//! builder.push(&TypeDef::Struct { name: "task".into(), size: 8, members })?;
//!
//! let btf = Btf::parse(&builder.finish()?)?;
//! let task = btf.find("task", Kind::Struct).ok_or("no task")?;
//! assert_eq!(btf.field(task, "tgid")?.byte_offset(), 4);
//! let value = ValuePrinter::new(&btf).value(task, &[7, 0, 0, 0, 9, 0, 0, 0]);
//! assert_eq!(value.to_string(), r#"{"pid":7,"tgid":9}"#);
//! # Ok(())
//! # }
//! ```

mod btf;
pub mod core;
mod cycle;
mod declare;
mod error;
mod index;
mod kind;
mod member;
mod parse;
mod resize;
mod resolve;
mod types;
mod value;
mod write;

pub use btf::{Btf, TypeId};
pub use error::{BtfError, BtfProblem};
pub use index::essential_name;
pub use kind::Kind;
pub use member::{Field, FieldError};
pub use types::{
    Array, Composite, DataSec, Enum, EnumValue, FuncProto, Int, Linkage, Member, Param, SecVar,
    Type,
};
pub use value::{ValuePrinter, hex};
pub use write::{BtfBuilder, EnumValueDef, MemberDef, ParamDef, TypeDef, WriteError};
