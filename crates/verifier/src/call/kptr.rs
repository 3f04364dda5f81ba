//! Pointers to objects kept in map values and allocated objects.

use skep_isa::Reg;

use super::Meta;
use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks that `reg` points to a kptr field that can be exchanged, and remembers it (`process_kptr_func`).
pub(crate) fn check_xchg(_env: &mut Env<'_>, _reg: Reg, _meta: &mut Meta) -> Step {
    Stop::unsupported("kptrs")
}

/// Checks that the pointer in `reg` may be put into the field (`map_kptr_match_type`).
pub(crate) fn match_type(_env: &Env<'_>, _field: crate::fields::Kptr, _reg: Reg) -> Step {
    Stop::unsupported("kptrs")
}
