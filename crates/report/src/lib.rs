//! What people look at: stacks with names, flame graphs, pprof profiles.
//!
//! A [`StackSet`] gathers raw stacks while a program samples; [`Symbolizer::profile`] names them once, at the end;
//! the writers print the [`Profile`] that comes of it:
//!
//! ```
//! use skep_abi::Pid;
//! use skep_report::{Process, StackSet, Symbolizer, folded};
//!
//! let mut stacks = StackSet::new();
//! let process = stacks.process(Process { pid: Pid(7), comm: "bee".into(), mappings: [].into() });
//! stacks.add(process, &[], &[0x401100, 0x401000], 3);
//! let profile = Symbolizer::new().profile(&stacks, &mut |_| ());
//! let mut out = Vec::new();
//! folded::write(&profile, &mut out)?;
//! assert_eq!(out, b"bee;[unknown];[unknown] 3\n");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Names come from files that anyone may have written: each writer replaces what would break its format.

pub mod flame;
pub mod folded;
mod function;
pub mod pprof;
mod profile;
mod stack;
mod symbol;
mod terminal;
#[cfg(test)]
mod tests;

pub use function::FunctionStat;
pub use profile::{Frame, Profile, Stack};
pub use stack::{GroupId, Process, ProcessId, StackSet};
pub use symbol::{
    Era, Function, FunctionId, Line, Location, Progress, Query, Source, Space, Symbolizer,
};
pub use terminal::one_line;
