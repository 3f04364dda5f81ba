//! What is remembered of the path since the last kept state (`struct bpf_jmp_history_entry`).

use skep_isa::Reg;

use crate::diag::Step;
use crate::env::Env;

/// One insn of the path since the last kept state: one that was jumped to, or that did something which the walk back
/// needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    /// The insn.
    pub(crate) insn: u32,
    /// The one before.
    pub(crate) prev: u32,
    /// What else it did.
    flags: PackedFlags,
    /// Numbers that learned something together at a conditional jump.
    pub(crate) linked: Linked,
}

/// What an entry of the history says beside the jump (`INSN_F_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HistoryFlags {
    /// The insn read or wrote this slot of this frame's stack.
    pub(crate) stack_access: Option<(u32, u32)>,
    /// For a conditional jump: whether the first operand is a stack pointer (`INSN_F_DST_REG_STACK`).
    pub(crate) dst_is_stack: bool,
    /// Whether the second one is.
    pub(crate) src_is_stack: bool,
}

impl HistoryEntry {
    /// The slot that the insn accessed, and the frame whose stack it is in: frame first.
    #[inline]
    pub(super) fn stack_access(&self) -> Option<(usize, u32)> {
        let PackedFlags(bits) = self.flags;
        let frame = usize::from(bits >> 6 & 7);
        (bits & STACK_ACCESS != 0).then_some((frame, u32::from(bits & 0x3f)))
    }

    /// Whether the first operand of the jump is a stack pointer.
    pub(super) fn dst_is_stack(&self) -> bool {
        self.flags.0 & DST_IS_STACK != 0
    }

    /// Whether the second one is.
    pub(super) fn src_is_stack(&self) -> bool {
        self.flags.0 & SRC_IS_STACK != 0
    }
}

/// [`HistoryFlags`] in two bytes: slot, frame, and a bit for each flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PackedFlags(u16);

const STACK_ACCESS: u16 = 1 << 9;
const DST_IS_STACK: u16 = 1 << 10;
const SRC_IS_STACK: u16 = 1 << 11;

impl PackedFlags {
    fn pack(flags: HistoryFlags) -> Self {
        let access = flags
            .stack_access
            .map_or(0, |(frame, spi)| STACK_ACCESS | (frame as u16 & 7) << 6 | spi as u16 & 0x3f);
        let dst = if flags.dst_is_stack { DST_IS_STACK } else { 0 };
        let src = if flags.src_is_stack { SRC_IS_STACK } else { 0 };
        Self(access | dst | src)
    }
}

/// A register or slot that is linked to others by a common id, at a conditional jump (`struct linked_reg`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkedReg {
    /// The frame.
    pub(crate) frame: u32,
    /// Register, or spilled slot.
    pub(crate) at: LinkedAt,
}

/// Where a linked number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkedAt {
    /// A register.
    Reg(Reg),
    /// A slot.
    Slot(u32),
}

/// Linked numbers that an entry can name at most (`LINKED_REGS_MAX`).
pub(crate) const LINKED_MAX: usize = 6;

/// Up to [`LINKED_MAX`] linked numbers in one word: ten bits each, lowest first, and their count in the top bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Linked(u64);

const LINK_BITS: u32 = 10;
const COUNT_SHIFT: u32 = 60;

impl Linked {
    /// Packs them; those beyond [`LINKED_MAX`] are left out.
    pub(crate) fn pack(regs: &[LinkedReg]) -> Self {
        let regs = &regs[..regs.len().min(LINKED_MAX)];
        let mut word = (regs.len() as u64) << COUNT_SHIFT;
        for (at, reg) in regs.iter().enumerate() {
            let (is_slot, index) = match reg.at {
                LinkedAt::Reg(reg) => (0, u64::from(reg.0)),
                LinkedAt::Slot(spi) => (1, u64::from(spi & 0x3f)),
            };
            let packed = is_slot << 9 | u64::from(reg.frame & 7) << 6 | index;
            word |= packed << (at as u32 * LINK_BITS);
        }
        Self(word)
    }

    /// Those that were packed.
    pub(crate) fn iter(self) -> impl Iterator<Item = LinkedReg> {
        let count = (self.0 >> COUNT_SHIFT) as u32;
        (0..count).map(move |at| {
            let packed = self.0 >> (at * LINK_BITS);
            let index = (packed & 0x3f) as u32;
            let is_slot = packed >> 9 & 1 == 1;
            let at = if is_slot { LinkedAt::Slot(index) } else { LinkedAt::Reg(Reg(index as u8)) };
            LinkedReg { frame: (packed >> 6 & 7) as u32, at }
        })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A new insn is looked at: it has no entry yet.
pub(crate) fn begin_insn(env: &mut Env<'_>) {
    env.backtrack.has_entry = false;
}

/// Adds an entry to the history, or adds to the entry that the insn has (`push_jmp_history`).
pub(crate) fn push_history(env: &mut Env<'_>, flags: HistoryFlags, linked: &[LinkedReg]) -> Step {
    let linked = Linked::pack(linked);
    let history = &mut env.state.history;
    if env.backtrack.has_entry
        && let Some(entry) = history.last_mut()
    {
        entry.flags.0 |= PackedFlags::pack(flags).0;
        entry.linked = linked;
        return Ok(());
    }
    let flags = PackedFlags::pack(flags);
    history.push(HistoryEntry { insn: env.insn_idx, prev: env.prev_insn_idx, flags, linked });
    env.backtrack.has_entry = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linked_numbers_come_back_as_they_were_packed() {
        let regs = [
            LinkedReg { frame: 0, at: LinkedAt::Reg(Reg::R0) },
            LinkedReg { frame: 7, at: LinkedAt::Slot(63) },
            LinkedReg { frame: 3, at: LinkedAt::Reg(Reg::R9) },
        ];
        assert_eq!(Linked::pack(&regs).iter().collect::<Vec<_>>(), regs);
        assert!(Linked::pack(&[]).is_empty());
        assert_eq!(Linked::pack(&[regs[1]; 9]).iter().count(), LINKED_MAX);
    }
}
