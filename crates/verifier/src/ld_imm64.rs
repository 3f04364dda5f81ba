//! What each `ld_imm64` loads (`resolve_pseudo_ldimm64`), and whether the maps suit the program.

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Resolves them into `InsnAux::imm64`, parses the fields of the maps, checks reserved fields of all insns.
pub(crate) fn resolve(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("resolution of ld_imm64")
}
