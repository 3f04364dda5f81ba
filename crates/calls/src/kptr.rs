//! `kernel/bpf/helpers.c`: pointers that maps own.

use skep_machine::{Fault, Kernel};
use skep_macros::calls;

use crate::arg::{KptrField, OwnedOrNull};
use crate::ret::Moved;

/// Kptrs.
pub(crate) struct Kptrs;

#[calls(avail { BASE })]
impl Kptrs {
    /// Puts a reference, or null, into a kptr field of a value, and returns what the field held, or null.
    ///
    /// One step, whatever other CPUs do. The reference is the value's from then on, and what is returned is the
    /// program's, which must give it up or store it.
    #[helper(194, since = "5.19", effect = KptrXchg)]
    fn bpf_kptr_xchg(
        k: &mut Kernel<'_, '_>,
        dst: KptrField,
        ptr: OwnedOrNull,
    ) -> Result<Moved, Fault> {
        k.run.machine.kptr_xchg(dst.0, ptr.0).map(Moved)
    }
}
