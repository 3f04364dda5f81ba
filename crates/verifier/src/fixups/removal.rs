//! Where the addresses of functions lead once the kernel has removed what no path reaches (`opt_remove_dead_code`,
//! `opt_remove_nops`): an address within a removed run is left as it is, and may then be no function's.

use skep_isa::opcode as op;

use crate::env::Env;
use crate::insn::Shape;

/// An insn that is left, with what is relative in it.
#[derive(Clone, Copy)]
struct Left {
    /// Its place before.
    old: u32,
    /// Distance of an unconditional jump, or of a function whose address it takes.
    reach: Option<i64>,
    is_jump: bool,
}

/// The first address of a function that leads to none, if any.
pub(super) fn stray_function(env: &Env<'_>) -> Option<u32> {
    let seen = |at: usize| env.aux.get(at).is_some_and(|aux| aux.seen);
    let is_left =
        |at: usize| seen(at) || at > 0 && seen(at - 1) && env.insns[at - 1].code == op::LD_IMM64;
    let mut left: Vec<Left> = (0..env.insns.len()).map(|at| insn(env, at, &seen)).collect();
    remove(&mut left, |one| !is_left(one.old as usize));
    let is_nop = |one: &Left| one.is_jump && one.reach == Some(0);
    while let Some(at) = left.iter().position(is_nop) {
        cut(&mut left, at, 1);
    }
    let starts: Vec<usize> = (0..env.subprogs.len() as u32)
        .filter_map(|subprog| {
            let (start, end) = (env.subprogs[subprog as usize].start, env.subprog_end(subprog));
            left.iter().position(|one| (start..end).contains(&one.old))
        })
        .collect();
    if starts.len() < 2 {
        // A program of one function is compiled without looking for others.
        return None;
    }
    let mut targets = left
        .iter()
        .enumerate()
        .filter(|(_, one)| !one.is_jump)
        .filter_map(|(at, one)| u32::try_from(at as i64 + one.reach? + 1).ok());
    targets.find(|target| !starts.contains(&(*target as usize)))
}

fn insn(env: &Env<'_>, at: usize, seen: &impl Fn(usize) -> bool) -> Left {
    let insn = env.insns[at];
    let old = at as u32;
    let is_plain = |reach: i64| Left { old, reach: Some(reach), is_jump: true };
    let class = insn.code & op::CLASS_MASK;
    let opcode = insn.code & op::OP_MASK;
    let is_branch = matches!(class, op::JMP | op::JMP32)
        && !matches!(opcode, op::JA | op::CALL | op::EXIT | op::JCOND);
    let off = i64::from(insn.off);
    if insn.code == op::JMP | op::JA {
        return is_plain(off);
    }
    if insn.is_pseudo_func() {
        return Left { old, reach: Some(insn.imm.into()), is_jump: false };
    }
    // A branch of which one way is never taken becomes a plain jump.
    if is_branch && seen(at) && !seen(at + 1) {
        return is_plain(off);
    }
    if is_branch && seen(at) && !seen(at.wrapping_add_signed(off as isize).wrapping_add(1)) {
        return is_plain(0);
    }
    Left { old, reach: None, is_jump: false }
}

/// Removes runs of insns, first to last.
fn remove(left: &mut Vec<Left>, is_gone: impl Fn(&Left) -> bool) {
    let mut at = 0;
    while at < left.len() {
        let run = left[at..].iter().take_while(|one| is_gone(one)).count();
        if run > 0 {
            cut(left, at, run);
        }
        at += 1;
    }
}

/// Removes one run; distances across it shrink (`bpf_adj_branches`).
fn cut(left: &mut Vec<Left>, start: usize, count: usize) {
    let (first, end, shrink) = (start as i64, (start + count) as i64, count as i64);
    for (at, one) in left.iter_mut().enumerate() {
        let at = at as i64;
        let Some(reach) = &mut one.reach else { continue };
        let target = at + *reach + 1;
        if at < first && target >= end {
            *reach -= shrink;
        } else if at >= end && target < first {
            *reach += shrink;
        }
    }
    left.drain(start..start + count);
}
