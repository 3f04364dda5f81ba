//! Casts between the kernel's and user space's view of an arena (`addr_space_cast`).
// DEVIATION(linux): machines have no arenas yet, so that no address but null can be cast.

use skep_abi::Addr;

use crate::TrapKind;

/// Casts an address; null stays null.
pub(crate) const fn cast(value: u64) -> Result<u64, TrapKind> {
    match value {
        0 => Ok(0),
        addr => Err(TrapKind::NoArena(Addr(addr))),
    }
}
