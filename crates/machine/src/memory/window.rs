//! Where in the machine's address space each kind of memory lies.
//!
//! Addresses look like those of Linux on x86-64: data in the direct map, code where modules and JITed
//! programs go. Each window hands out addresses upwards, and never the same one twice, so that the same
//! run sees the same addresses and a stale pointer never hits something new.

use std::ops::Range;

const GIB: u64 = 1 << 30;

/// The first address of the machine's memory (`page_offset_base` without KASLR).
pub(crate) const BASE: u64 = 0xffff_8880_0000_0000;
/// Bytes of address space in all windows that hold data.
pub(crate) const SPAN: u64 = 128 * GIB;
/// Code of programs (`MODULES_VADDR` without KASLR).
pub(crate) const CODE: Range<u64> = 0xffff_ffff_c000_0000..0xffff_ffff_ff00_0000;

/// A part of the machine's address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Kernel objects: tasks, map objects.
    Objects,
    /// Contexts of programs.
    Contexts,
    /// Stacks of programs.
    Stacks,
    /// Keys and values of maps, ring buffers.
    Maps,
    /// Arenas.
    Arenas,
    /// What the machine keeps for itself; no program can reach it.
    Hidden,
}

impl Window {
    /// Every window.
    pub(crate) const ALL: [Self; 6] =
        [Self::Objects, Self::Contexts, Self::Stacks, Self::Maps, Self::Arenas, Self::Hidden];

    /// Its addresses.
    #[must_use]
    pub const fn range(self) -> Range<u64> {
        let (start, end) = match self {
            Self::Objects => (0, 8),
            Self::Contexts => (8, 12),
            Self::Stacks => (12, 16),
            Self::Hidden => (16, 32),
            Self::Maps => (32, 96),
            Self::Arenas => (96, 128),
        };
        BASE + start * GIB..BASE + end * GIB
    }
}
