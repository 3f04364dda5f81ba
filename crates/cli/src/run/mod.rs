//! `skep run`: a BPF object on the samples of a process.

mod map_table;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use self::view::{MapContents, ProgramRow, RunView};
