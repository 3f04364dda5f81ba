//! BTF, the BPF type format: parse, walk, print, write, and CO-RE relocate.
//!
//! No IO and no globals: bytes in, types out. Hostile bytes give a [`BtfError`] that says what is wrong and
//! where; a [`Btf`] that exists holds only ids, names and sizes that are in range and no type that contains
//! itself, so that everything after parsing need not check again.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let btf = skep_btf::Btf::parse(&std::fs::read("/sys/kernel/btf/vmlinux")?)?;
//! let task = btf.find("task_struct", skep_btf::Kind::Struct).ok_or("no task_struct")?;
//! for member in btf.ty(task).composite().ok_or("no struct")?.members() {
//!     println!("{} at bit {}", member.name, member.bit_offset);
//! }
//! # Ok(())
//! # }
//! ```

mod btf;
pub mod core;
mod cycle;
mod error;
mod index;
mod kind;
mod parse;
mod resolve;
mod types;

pub use btf::{Btf, TypeId};
pub use error::{BtfError, BtfProblem};
pub use index::essential_name;
pub use kind::Kind;
pub use types::{
    Array, Composite, DataSec, Enum, EnumValue, FuncProto, Int, Linkage, Member, Param, SecVar,
    Type,
};
