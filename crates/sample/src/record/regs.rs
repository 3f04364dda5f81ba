//! Register dumps: `PERF_SAMPLE_REGS_USER` and `PERF_SAMPLE_REGS_INTR`.
//!
//! perf numbers the registers in its own order (`arch/x86/include/uapi/asm/perf_regs.h`).

use skep_abi::X86Regs;

use super::RecordError;
use super::cursor::{Cursor, Words};

/// Puts a value where it belongs.
type Setter = fn(&mut X86Regs, u64);

/// perf's numbers of the x86-64 registers, and where each belongs in [`X86Regs`].
const PERF_REGS: [(u32, Setter); 20] = [
    (0, |regs, value| regs.ax = value),
    (1, |regs, value| regs.bx = value),
    (2, |regs, value| regs.cx = value),
    (3, |regs, value| regs.dx = value),
    (4, |regs, value| regs.si = value),
    (5, |regs, value| regs.di = value),
    (6, |regs, value| regs.bp = value),
    (7, |regs, value| regs.sp = value),
    (8, |regs, value| regs.ip = value),
    (9, |regs, value| regs.flags = value),
    (10, |regs, value| regs.cs = value),
    (11, |regs, value| regs.ss = value),
    (16, |regs, value| regs.r8 = value),
    (17, |regs, value| regs.r9 = value),
    (18, |regs, value| regs.r10 = value),
    (19, |regs, value| regs.r11 = value),
    (20, |regs, value| regs.r12 = value),
    (21, |regs, value| regs.r13 = value),
    (22, |regs, value| regs.r14 = value),
    (23, |regs, value| regs.r15 = value),
];

/// The mask of every register that perf offers on x86-64.
///
/// ds, es, fs and gs have numbers (12 to 15), but the kernel refuses them to 64-bit samplers.
pub(crate) const X86_64_MASK: u64 = 0x00ff_0fff;

/// `enum perf_sample_regs_abi`: which program was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegsAbi {
    /// A 32-bit one.
    Bits32,
    /// A 64-bit one.
    Bits64,
    /// A number that this parser does not know.
    Other(u64),
}

/// Registers at a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regs<'a> {
    /// Whose registers they are.
    pub abi: RegsAbi,
    mask: u64,
    words: Words<'a>,
}

impl<'a> Regs<'a> {
    /// Reads a dump; `None` when the task had none, as kernel threads have no user registers.
    pub(super) fn parse(cursor: &mut Cursor<'a>, mask: u64) -> Result<Option<Self>, RecordError> {
        let abi = match cursor.u64("regs abi")? {
            0 => return Ok(None),
            1 => RegsAbi::Bits32,
            2 => RegsAbi::Bits64,
            other => RegsAbi::Other(other),
        };
        let words = cursor.words("regs", u64::from(mask.count_ones()))?;
        Ok(Some(Self { abi, mask, words }))
    }

    /// Each register by perf's number, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + 'a {
        let mask = self.mask;
        (0..64).filter(move |number| mask >> number & 1 != 0).zip(self.words.iter())
    }

    /// The registers in the order of `struct pt_regs`; those that were not asked for are 0, `orig_ax` is -1.
    #[must_use]
    pub fn to_x86(&self) -> X86Regs {
        let mut regs = X86Regs { orig_ax: u64::MAX, ..X86Regs::default() };
        for (number, value) in self.iter() {
            if let Some((_, set)) = PERF_REGS.iter().find(|(known, _)| *known == number) {
                set(&mut regs, value);
            }
        }
        regs
    }
}
