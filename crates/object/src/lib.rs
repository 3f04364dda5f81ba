//! eBPF objects: ELF to programs, maps and externs ([`ObjectSpec`]), and their resolution against a kernel
//! ([`Resolved`]).
//!
//! Mirrors libbpf's loader: for the same object and the same kernel types, the insns are the same. No IO: bytes
//! in, values out. Bytes are not trusted; whatever they hold gives a value or an error that says where.
//!
//! ```
//! use skep_object::{ObjectErrorKind, ObjectSpec};
//!
//! let error = ObjectSpec::parse("profile.bpf.c", b"int main(void) {}").unwrap_err();
//! assert_eq!(error.kind, ObjectErrorKind::NotElf);
//! assert_eq!(error.to_string(), "at byte 0x0 of the file: this is text, not an ELF object");
//! assert_eq!(error.help.as_deref(), Some("give the object that clang -target bpf -c wrote"));
//! ```
//!
//! A sound object is then fitted to a kernel with [`ObjectSpec::resolve`], which judges every program on its own
//! ([`ResolvedProgram::outcome`]).

pub mod externs;

mod attach;
mod btf_fixup;
mod code;
mod core_relo;
mod elf;
mod error;
mod exception;
mod ext;
mod feature;
mod index;
mod jump_table;
mod link;
mod maps;
mod parse;
mod profile;
mod reference;
mod reloc;
mod resolve;
mod resolved;
mod section_name;
mod spec;
mod struct_ops;

pub use error::{Missing, MissingKind, ObjectError, ObjectErrorKind, Place, ResolveError};
pub use index::{MapIdx, ProgIdx};
pub use maps::{
    MapInit, MapOrigin, MapSpec, Pinning, Slot, StructOpsMember, StructOpsSpec, Variable,
};
pub use profile::KernelProfile;
pub use resolved::{CoreRelocation, FuncInfo, LineInfo, Outcome, Resolved, ResolvedProgram};
pub use section_name::{SECTION_DEFS, SectionDef};
pub use skep_isa::InsnIdx;
pub use spec::{ObjectSpec, ProgramSpec};
