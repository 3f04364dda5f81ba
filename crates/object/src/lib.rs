//! eBPF objects: ELF to programs, maps and externs ([`ObjectSpec`]), and their resolution against a kernel
//! ([`Resolved`]).
//!
//! Mirrors libbpf's loader: for the same object and the same kernel types, the insns are the same. No IO: bytes
//! in, values out. Bytes are not trusted; whatever they hold gives a value or an error that says where.

pub mod externs;

mod error;
mod index;
mod maps;
mod profile;
mod resolved;
mod spec;

pub use error::{Missing, MissingKind, ObjectError, ObjectErrorKind, Place, ResolveError};
pub use index::{InsnIdx, MapIdx, ProgIdx};
pub use maps::{
    MapInit, MapOrigin, MapSpec, Pinning, Slot, StructOpsMember, StructOpsSpec, Variable,
};
pub use profile::KernelProfile;
pub use resolved::{FuncInfo, LineInfo, Outcome, Resolved, ResolvedProgram, Unrelocated};
pub use spec::{ObjectSpec, ProgramSpec};
