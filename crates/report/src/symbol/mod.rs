//! Names for addresses.
//!
//! User addresses go through the mapping they lie in to a file and an offset, and there to symbol tables and debug
//! information (`blazesym`); generated code is looked up in the file that its runtime leaves for perf
//! (`/tmp/perf-PID.map`). Kernel addresses are looked up in `/proc/kallsyms`, where it shows addresses.
//!
//! Everything is done in one batch for each file, and its tables are dropped after it, so that memory holds those
//! of one file at a time.

mod elf;
mod file;
mod kallsyms;
mod perf_map;
mod resolve;
mod unnamed;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use skep_abi::RecordedKernel;

pub use resolve::Symbolizer;

use crate::stack::ProcessId;

/// When the addresses were in use, which decides whom of the running system a symbolizer may ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Era {
    /// Now, or a moment ago: `/proc` knows the processes, or their files lie where they lay.
    #[default]
    Now,
    /// In a recording: the processes are gone, and those that run are others.
    Earlier {
        /// When it ended: what was written later tells of others.
        until: SystemTime,
        /// What its kernel has to do with the one that runs.
        kernel: RecordedKernel,
    },
}

impl Era {
    fn has_kernel(self) -> bool {
        matches!(self, Self::Now | Self::Earlier { kernel: RecordedKernel::Running, .. })
    }

    fn has_vdso(self) -> bool {
        !matches!(self, Self::Earlier { kernel: RecordedKernel::Other, .. })
    }
}

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// The kernel's.
    Kernel,
    /// A process's.
    User(ProcessId),
}

/// An address to be named: that of an instruction, not a return address (one less lies within the call).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query {
    /// Whose address it is.
    pub space: Space,
    /// The address.
    pub address: u64,
}

/// A function of a [`Profile`](crate::Profile).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub(crate) u32);

/// A function, or an address that has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, demangled.
    pub name: Option<Arc<str>>,
    /// The object that holds it: a path as the process sees it, `[kernel]`, a module in brackets, `[vdso]`,
    /// `[jit]`, `[anon]`, or `[unknown]` for an address that is not mapped.
    pub object: Arc<str>,
    /// Where the name is not known: the address, in the first process that had it.
    pub address: Option<u64>,
    /// Whether it belongs to the kernel.
    pub kernel: bool,
}

/// A place in source code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, as the compiler was told.
    pub file: Arc<str>,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
}

/// One function at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The function.
    pub function: FunctionId,
    /// The place within it.
    pub source: Option<Source>,
}

/// An address and the functions that the compiler put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// What was asked.
    pub query: Query,
    /// The mapping it lies in, by its place in the process's list.
    pub mapping: Option<usize>,
    /// Inlined functions, innermost first, then the function that holds them; never empty.
    pub lines: Vec<Line>,
}

/// How far naming has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Addresses that were looked up.
    pub done: usize,
    /// Addresses in all.
    pub total: usize,
    /// The file that comes next, if any.
    pub file: Option<PathBuf>,
}

/// What one look-up found, before names are interned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// Name, file and line: inlined functions, innermost first, then the function that holds them.
    lines: Vec<(String, Option<(String, u32)>)>,
    /// The object, where it is another than the mapping says (a kernel module, generated code).
    object: Option<String>,
    /// Without a name: the number by which the table knows the function's first byte.
    start: Option<u64>,
}
