//! The walk along one path after the other (`do_check`).

use crate::diag::{Step, log, rejections};
use crate::env::Env;
use crate::precision::{self, HistoryFlags};
use crate::transfer::{self, Next};
use crate::{liveness, prune};

use super::{NO_INSN, branch};

/// Insns that may be looked at (`BPF_COMPLEXITY_LIMIT_INSNS`).
const INSNS_MAX: u32 = 1_000_000;

rejections! {
    /// The path leaves the program.
    ///
    /// The insn that it would go on at does not exist.
    InvalidInsnIdx("invalid-insn-index", EFAULT, help: "report this: earlier checks should have caught it") {
        insn: u32, len: usize,
    } => "invalid insn idx {insn} insn_cnt {len}";

    /// The program takes too many steps to verify.
    ///
    /// The kernel walks every path, apart from those that a state seen before covers, and gives up after a million
    /// insns. The usual cause is a loop whose every round differs in a number that matters, or many branches in a row
    /// that each leave the program in a different state.
    ProgramTooLarge(
        "program-too-large", E2BIG,
        help: "bound loops by bpf_loop, an iterator or may_goto, move parts into global subprograms, and keep \
               values that branches set out of later bounds",
    ) { processed: u32 } => "BPF program is too large. Processed {processed} insn";
}

/// Walks until no branch waits.
pub(super) fn walk(env: &mut Env<'_>) -> Step {
    env.at_insn = true;
    env.prev_insn_idx = NO_INSN;
    loop {
        if !step(env)? && !branch::pop(env)? {
            env.at_insn = false;
            return Ok(());
        }
    }
}

/// Looks at one insn; false when the path ends before or after it.
fn step(env: &mut Env<'_>) -> Step<bool> {
    let at = env.insn_idx;
    if at as usize >= env.insns.len() {
        return Err(InvalidInsnIdx { insn: at, len: env.insns.len() }.into());
    }
    precision::begin_insn(env);
    env.cost.insn_processed += 1;
    if env.cost.insn_processed > INSNS_MAX {
        return Err(ProgramTooLarge { processed: env.cost.insn_processed }.into());
    }
    env.state.last_insn = env.prev_insn_idx;
    env.state.insn_idx = at;
    let aux = &env.aux[at as usize];
    let (is_prune_point, is_jmp_point) = (aux.prune_point, aux.jmp_point);
    if is_prune_point && prune::is_visited(env)? {
        log::safe(env);
        return Ok(false);
    }
    if is_jmp_point {
        precision::push_history(env, HistoryFlags::default(), &[])?;
    }
    log::insn(env);
    env.aux[at as usize].seen = true;
    let depth = env.state.frames.len();
    liveness::begin_insn(env);
    let before = log::before_insn(env);
    let next = transfer::step(env)?;
    liveness::end_insn(env, depth);
    log::after_insn(env, before);
    env.prev_insn_idx = at;
    match next {
        Next::Insn(next) => {
            env.insn_idx = next;
            Ok(true)
        }
        Next::Returned(next) => {
            env.log.returned();
            env.insn_idx = next;
            Ok(true)
        }
        Next::Done => Ok(false),
    }
}
