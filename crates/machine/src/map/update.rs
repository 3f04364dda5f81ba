//! Flags of an update, and what they demand.

use skep_abi::Errno;

bitflags::bitflags! {
    /// `BPF_NOEXIST`, `BPF_EXIST`, `BPF_F_LOCK`; none is `BPF_ANY`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct UpdateFlags: u64 {
        /// Only a new element.
        const NOEXIST = 1;
        /// Only an existing element.
        const EXIST = 2;
        /// Under the element's spin lock.
        const LOCK = 4;
    }
}

impl UpdateFlags {
    /// Flags from a program or from user space. LOCK is left in: no map of the machine has values with a
    /// spin lock, which tracing programs may not have either, but arrays look at the index first.
    ///
    /// # Errors
    /// `EINVAL` for unknown flags and for both NOEXIST and EXIST.
    pub(crate) fn parse(flags: u64) -> Result<Self, Errno> {
        match Self::from_bits(flags) {
            Some(known) if flags & !Self::LOCK.bits() <= Self::EXIST.bits() => Ok(known),
            _ => Err(Errno::EINVAL),
        }
    }

    /// # Errors
    /// `EINVAL` for LOCK.
    pub(crate) fn without_lock(self) -> Result<Self, Errno> {
        if self.contains(Self::LOCK) { Err(Errno::EINVAL) } else { Ok(self) }
    }
}

/// Whether an element that exists, or not, may be updated so.
pub(crate) fn check_existing(exists: bool, flags: UpdateFlags) -> Result<(), Errno> {
    if exists && flags.contains(UpdateFlags::NOEXIST) {
        return Err(Errno::EEXIST);
    }
    if !exists && flags.contains(UpdateFlags::EXIST) {
        return Err(Errno::ENOENT);
    }
    Ok(())
}
