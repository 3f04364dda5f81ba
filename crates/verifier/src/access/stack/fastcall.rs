//! Stack that is set aside for spills around calls that clobber few registers (`check_fastcall_stack_contract`).

use crate::env::Env;

/// An offset below every real one: nothing is set aside any more.
const NOWHERE: i32 = i16::MIN as i32;

/// Gives such spills up in a subprogram that accesses their stack in another way.
pub(super) fn check(env: &mut Env<'_>, frame: u32, off: i32) {
    let subprog = env.state.frames[frame as usize].subprog;
    let is_pattern = env.aux[env.insn_idx as usize].fastcall_pattern;
    if env.subprogs[subprog as usize].fastcall_stack_off <= off || is_pattern {
        return;
    }
    env.subprogs[subprog as usize].fastcall_stack_off = NOWHERE;
    let start = env.subprogs[subprog as usize].start as usize;
    let end = env.subprog_end(subprog) as usize;
    for aux in &mut env.aux[start..end] {
        aux.fastcall_spills = 0;
        aux.fastcall_pattern = false;
    }
}
