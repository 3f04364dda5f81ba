//! User stacks from registers, stack bytes and the unwind tables of the mapped files.
//!
//! Most distributions build without frame pointers, so that the callchain which the kernel walks ends at the
//! first library that is called back through. The tables that exceptions use (`.eh_frame`) tell for each
//! instruction how to find the caller: a canonical frame address (CFA), and where the registers were saved
//! relative to it. This module follows them, frame by frame, over `gimli`, which decodes the tables.
//!
//! What only grows: the known frames of a stack, and within one stack the stack pointer (signal frames apart).
//! Everything else is a bounded cache: rules by file and address, files by identity (device, inode, size, time
//! of change), shared by all processes.
//!
//! Tables come from files that anyone may have written: every read is checked, expressions have a budget of
//! operations, and a stack one of frames.

mod cfi;
mod expression;
mod files;
mod image;
mod memory;
mod registers;
mod rule;
mod space;
#[cfg(test)]
mod tests;
mod vdso;
mod walk;

pub use memory::{CopiedStack, LiveMemory, StackMemory};
pub use space::AddressSpace;
pub use walk::{StackEnd, Unwinder, Unwound};

/// Bytes of user stack to ask perf for with each sample (`sample_stack_user`).
///
/// 16 KiB holds some 100 frames of C. The kernel reserves this much of the ring for every sample, whether the
/// stack is that deep or not: at 4,000 Hz it is 64 MB/s for each busy CPU, which a ring of 8 MiB survives for
/// 130 ms between two drains. perf's own default is half of it.
pub const STACK_COPY_BYTES: u32 = 16 * 1024;

/// The most frames that one user stack can have; deeper ones end with [`StackEnd::TooDeep`].
pub const MAX_FRAMES: usize = 512;

/// How user stacks are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnwindMode {
    /// The callchain as the kernel walked it, along frame pointers: what a BPF program in the kernel would see.
    Fp,
    /// Unwind tables, always.
    Dwarf,
    /// Unwind tables, unless the callchain knows more.
    ///
    /// The tables win when they reached the outermost frame, or found at least as many frames as the callchain.
    /// Else the stack was deeper than the copied bytes, or led through code without tables, and a callchain that
    /// is longer is taken instead. (A callchain that skips the callers of leaf functions is shorter, hence loses.)
    #[default]
    Auto,
}
