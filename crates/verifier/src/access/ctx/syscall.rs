//! Programs that a system call runs: the context is whatever user space passes (`syscall_prog_is_valid_access`).

use super::{Answer, Query, Yields, refused};

/// Offsets below this may be accessed (`U16_MAX`).
pub(super) const MAX: u32 = 0xffff;

/// Reads and writes alike.
pub(super) fn access(query: &Query) -> Answer {
    let is_fine = query.within(0, MAX as i32) && query.is_aligned();
    if is_fine { Ok(Yields::Number) } else { refused() }
}
