//! Eight bytes of stack (`struct bpf_stack_state`).

use super::RegState;

/// Bytes of a slot.
pub(crate) const SLOT_SIZE: u32 = 8;

/// What one byte of stack holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SlotKind {
    /// Never written.
    Invalid,
    /// Part of a spilled register.
    Spill,
    /// Data of unknown value.
    Misc,
    /// Zero.
    Zero,
    /// Part of a dynptr.
    Dynptr,
    /// Part of an iterator.
    Iter,
    /// Part of a saved interrupt flag.
    IrqFlag,
}

/// Eight bytes of stack: slot `spi` covers the bytes below `fp - 8 * spi`, and `kinds[i]` is the byte at
/// `fp - 8 * spi - i - 1`; so `kinds[7]` is the lowest address, where an aligned access of the slot begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackSlot {
    /// The register that was spilled here, or what a dynptr, iterator or interrupt flag is.
    pub(crate) spilled: RegState,
    /// Byte by byte.
    pub(crate) kinds: [SlotKind; 8],
}

impl StackSlot {
    /// Never written.
    pub(crate) fn invalid() -> Self {
        Self { spilled: RegState::not_init(), kinds: [SlotKind::Invalid; 8] }
    }

    /// Whether all eight bytes are a spilled register, or its lowest byte is (`is_spilled_reg`).
    pub(crate) fn is_spill(&self) -> bool {
        self.kinds[7] == SlotKind::Spill
    }

    /// Whether a number is spilled here.
    pub(crate) fn is_scalar_spill(&self) -> bool {
        self.is_spill() && self.spilled.is_scalar()
    }

    /// Whether a number of all eight bytes is spilled here.
    pub(crate) fn is_scalar_spill64(&self) -> bool {
        self.kinds[0] == SlotKind::Spill && self.spilled.is_scalar()
    }

    /// Makes an uninitialised or zero byte plain data, as a write of unknown value does.
    pub(crate) fn scrub(&mut self, byte: usize) {
        if self.kinds[byte] != SlotKind::Invalid {
            self.kinds[byte] = SlotKind::Misc;
        }
    }

    /// Whether it is an iterator, a dynptr or an interrupt flag.
    pub(crate) fn is_special(&self) -> bool {
        matches!(self.kinds[7], SlotKind::Dynptr | SlotKind::Iter | SlotKind::IrqFlag)
    }
}
