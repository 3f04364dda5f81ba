//! `bpf_timer` in map values.

use skep_isa::Reg;

use super::Meta;
use crate::diag::{Step, Stop};
use crate::env::Env;

/// Checks that `reg` points to the timer of a map's value, and remembers the map (`process_timer_func`).
pub(crate) fn check(_env: &mut Env<'_>, _reg: Reg, _meta: &mut Meta) -> Step {
    Stop::unsupported("timers")
}
