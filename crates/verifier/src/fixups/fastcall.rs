//! Spills and fills around calls that clobber only R0 and their parameters (`mark_fastcall_patterns`).
//!
//! The compiler saves live registers around such a call for the sake of kernels that clobber all of R0 to R5. Where
//! nothing else touches those stack slots, the kernel takes spills and fills out, and the stack shrinks.

use skep_isa::{Insn, Reg, opcode};

use crate::call_summary::CallSummary;
use crate::diag::Step;
use crate::env::Env;
use crate::insn::Shape;
use crate::state::SLOT_SIZE;

const SPILL: u8 = opcode::STX | opcode::MEM | opcode::DW;
const FILL: u8 = opcode::LDX | opcode::MEM | opcode::DW;
/// R0 to R5.
const CALLER_SAVED: u16 = 0x3f;
/// One more spill than registers that a call could clobber.
const MOST_PAIRS: u32 = 6;

/// Finds the patterns of all functions.
pub(super) fn mark(env: &mut Env<'_>) {
    for subprog in 0..env.subprogs.len() as u32 {
        let (start, end) = (env.subprogs[subprog as usize].start, env.subprog_end(subprog));
        let insns = &env.insns[start as usize..end as usize];
        let spills = insns.iter().filter(|insn| insn.code == SPILL && insn.dst == Reg::R10);
        let lowest = spills.map(|insn| i32::from(insn.off)).min().unwrap_or(0).min(0);
        for at in start..end {
            if env.insns[at as usize].is_call() {
                mark_call(env, subprog, at, lowest);
            }
        }
    }
}

fn mark_call(env: &mut Env<'_>, subprog: u32, at: u32, lowest: i32) {
    let Some(call) = CallSummary::of(env, env.insns[at as usize]) else { return };
    let params = call.params.min(5);
    let clobbered = ((1_u16 << (params + 1)) - 1) & !u16::from(call.is_void);
    let mut spared = CALLER_SAVED & !clobbered;
    let (mut pairs, mut off) = (0, lowest);
    while spared != 0 && pairs < MOST_PAIRS {
        let distance = pairs + 1;
        let Some(spill_at) = at.checked_sub(distance) else { break };
        let fill_at = at + distance;
        let Some(&fill) = env.insns.get(fill_at as usize) else { break };
        let spill = env.insns[spill_at as usize];
        // A path that enters in the middle would find the pattern torn.
        let is_entered =
            env.aux[spill_at as usize + 1].jump_target || env.aux[fill_at as usize].jump_target;
        if is_entered || !is_pair(spill, fill, off) || spared & 1 << spill.src.0 == 0 {
            break;
        }
        spared &= !(1 << spill.src.0);
        env.aux[spill_at as usize].fastcall_pattern = true;
        env.aux[fill_at as usize].fastcall_pattern = true;
        pairs += 1;
        off += SLOT_SIZE as i32;
    }
    if pairs == 0 {
        return;
    }
    let facts = &mut env.subprogs[subprog as usize];
    if call.is_fastcall {
        env.aux[at as usize].fastcall_spills = pairs as u8;
    } else {
        facts.keep_fastcall_stack = true;
    }
    facts.fastcall_stack_off = facts.fastcall_stack_off.min(off);
}

fn is_pair(spill: Insn, fill: Insn, off: i32) -> bool {
    spill.code == SPILL
        && fill.code == FILL
        && spill.dst == Reg::R10
        && fill.src == Reg::R10
        && spill.src == fill.dst
        && i32::from(spill.off) == off
        && i32::from(fill.off) == off
}

/// Takes the patterns out where the slots are not used otherwise; only the depth of the stack shows it.
pub(super) fn remove(env: &mut Env<'_>) -> Step {
    for subprog in 0..env.subprogs.len() as u32 {
        let (start, end) = (env.subprogs[subprog as usize].start, env.subprog_end(subprog));
        let has_pairs =
            env.aux[start as usize..end as usize].iter().any(|aux| aux.fastcall_spills > 0);
        let facts = &mut env.subprogs[subprog as usize];
        if has_pairs && !facts.keep_fastcall_stack {
            facts.stack_depth = facts.fastcall_stack_off.unsigned_abs();
        }
    }
    Ok(())
}
