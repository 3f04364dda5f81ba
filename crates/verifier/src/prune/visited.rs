//! Whether a kept state covers the walked path, and whether the path's state is kept (`is_state_visited`).

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::explore::Explored;
use crate::precision::{self, HistoryFlags};
use crate::state::{
    Base, CallbackKind, IterState, Payload, Printer, Shown, SlotKind, State, StateId,
};

use super::equal::{Comparison, iters_advanced, may_loop};
use super::{Exactness, clean, scc};

/// Entries of a path's history after which its state is kept in any case.
const HISTORY_MAX: usize = 40;

rejections! {
    /// The program loops forever.
    ///
    /// A path came back to an insn with exactly the registers and stack that it had there before, so it will come
    /// back again and again.
    InfiniteLoop(
        "infinite-loop", EINVAL,
        help: "make something change in every round: a counter with a bound, an iterator, or may_goto",
    ) { insn: u32, cur: String, old: String } =>
        "infinite loop detected at insn {insn}\ncur state:{cur}\nold state:{old}";
}

/// What comparing the path with one kept state gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// The state covers the path.
    Covered {
        /// Both are in a loop that is not walked wholly.
        in_loop: bool,
    },
    /// It does not.
    Missed,
    /// It does not, and it is an ancestor of the path: keeping another one soon does not help.
    MissedAncestor,
}

/// Whether a kept state covers the walked path; otherwise it may be kept itself.
pub(crate) fn is_visited(env: &mut Env<'_>) -> Step<bool> {
    let insn = env.insn_idx;
    let is_checkpoint = env.aux[insn as usize].force_checkpoint;
    let must_keep = is_checkpoint || env.state.history.len() > HISTORY_MAX;
    let jumps = env.explored.jmps_processed - env.explored.jmps_at_kept;
    let insns = env.cost.insn_processed - env.explored.insns_at_kept;
    let mut keeps = must_keep || jumps >= 2 && insns >= 8;
    let bucket = env.explored.bucket_of(insn, env.state.frame().callsite);
    clean::clean_bucket(env, bucket);

    let mut at = env.explored.bucket(bucket).len();
    let states = at as u32;
    while at > 0 {
        at -= 1;
        let id = env.explored.bucket(bucket)[at];
        if env.explored.get(id).state.insn_idx != insn {
            continue;
        }
        match compare(env, id)? {
            Found::Covered { in_loop } => {
                covered(env, id, in_loop)?;
                return Ok(true);
            }
            Found::Missed => {}
            // States of the rounds of a loop are distinct and seldom help.
            Found::MissedAncestor => keeps &= must_keep || jumps >= 20 || insns >= 100,
        }
        let kept = env.explored.get_mut(id);
        kept.misses += u32::from(keeps);
        let patience = if is_checkpoint && kept.state.branches > 0 { 64 } else { 3 };
        if kept.misses > kept.hits * patience + patience {
            env.explored.retire(bucket, at);
            scc::release_if_done(env, id);
        }
    }
    env.cost.max_states_per_insn = env.cost.max_states_per_insn.max(states);
    if keeps {
        keep(env, bucket);
    }
    Ok(false)
}

fn comparison<'e>(env: &'e mut Env<'_>) -> (Comparison<'e>, &'e State, &'e Explored) {
    let Env { aux, features, ids, last_id, state, explored, .. } = env;
    (Comparison { aux, features: *features, ids, last_id: *last_id }, state, explored)
}

fn covers(env: &mut Env<'_>, id: StateId, exactness: Exactness) -> bool {
    let (mut comparison, state, explored) = comparison(env);
    comparison.covers(&explored.get(id).state, state, exactness)
}

fn compare(env: &mut Env<'_>, id: StateId) -> Step<Found> {
    let old = &env.explored.get(id).state;
    if old.branches > 0 {
        return compare_ancestor(env, id);
    }
    let in_loop = scc::is_incomplete(env, old);
    let exactness = if in_loop { Exactness::Within } else { Exactness::Covers };
    Ok(if covers(env, id, exactness) { Found::Covered { in_loop } } else { Found::Missed })
}

/// The path came through the kept state: it loops, and may do so only where something makes the loop end.
fn compare_ancestor(env: &mut Env<'_>, id: StateId) -> Step<Found> {
    let insn = env.insn_idx as usize;
    let old = &env.explored.get(id).state;
    let (old_frame, cur_frame) = (old.frame(), env.state.frame());
    if old_frame.callback == Some(CallbackKind::Async)
        && old_frame.async_entry != cur_frame.async_entry
    {
        return Ok(Found::MissedAncestor);
    }
    let looped = Ok(Found::Covered { in_loop: true });
    if env.aux[insn].is_iter_next {
        let is_covered = covers(env, id, Exactness::Within) && iter_is_active(&env.state);
        return if is_covered { looped } else { Ok(Found::MissedAncestor) };
    }
    if is_may_goto(env)
        && old.may_goto_depth != env.state.may_goto_depth
        && covers(env, id, Exactness::Within)
    {
        return looped;
    }
    if env.aux[insn].calls_callback {
        let is_covered = covers(env, id, Exactness::Within);
        let in_loop = env.features.callbacks_are_loops();
        return Ok(if is_covered { Found::Covered { in_loop } } else { Found::MissedAncestor });
    }
    let (prog, kernel) = (env.prog, env.kernel);
    let exactness = match env.features.tells_loops_exactly() {
        true => Exactness::Equal,
        false => Exactness::Covers,
    };
    let (mut comparison, cur, explored) = comparison(env);
    let old = &explored.get(id).state;
    if may_loop(old, cur)
        && comparison.covers(old, cur, exactness)
        && !iters_advanced(old, cur)
        && old.may_goto_depth == cur.may_goto_depth
        && old.callback_unroll_depth == cur.callback_unroll_depth
    {
        let top = cur.frames.len() - 1;
        let printer = Printer::new(prog, kernel);
        let text = |state: &State| printer.frame(state, top, Shown::ALL);
        return Err(InfiniteLoop { insn: insn as u32, cur: text(cur), old: text(old) }.into());
    }
    Ok(Found::MissedAncestor)
}

fn is_may_goto(env: &Env<'_>) -> bool {
    use skep_isa::opcode as op;
    env.insn().code == (op::JMP | op::JCOND)
}

/// Whether the iterator that R1 points to may still yield.
fn iter_is_active(state: &State) -> bool {
    let reg = &state.frame().regs[1];
    if reg.ty.base != Base::Stack {
        return false;
    }
    let off = i64::from(reg.off).wrapping_add(reg.num.var_off.value as i64);
    let slot = usize::try_from(-(off + 1) / 8)
        .ok()
        .and_then(|spi| state.frames.get(reg.frameno as usize)?.stack.get(spi));
    slot.is_some_and(|slot| {
        slot.kinds[0] == SlotKind::Iter
            && matches!(slot.spilled.payload, Payload::Iter { state: IterState::Active, .. })
    })
}

/// The path ends here: what the kept state needs precisely, the path needs too.
fn covered(env: &mut Env<'_>, id: StateId, in_loop: bool) -> Step {
    env.explored.get_mut(id).hits += 1;
    if env.aux[env.insn_idx as usize].jmp_point {
        precision::push_history(env, HistoryFlags::default(), &[])?;
    }
    precision::propagate(env, id)?;
    if in_loop {
        scc::add_backedge(env, id);
    }
    Ok(())
}

/// Keeps the state of the walked path, which goes on as its child.
fn keep(env: &mut Env<'_>, bucket: usize) {
    env.cost.total_states += 1;
    env.explored.jmps_at_kept = env.explored.jmps_processed;
    env.explored.insns_at_kept = env.cost.insn_processed;
    // Marks that were inherited are placed again where they are needed.
    precision::set_precise(&mut env.state, false);
    let kept = env.explored.copy(&env.state);
    let depth = kept.dfs_depth;
    let id = env.explored.keep(bucket, kept);
    scc::update_peak(env);
    scc::enter(env, id);
    let state = &mut env.state;
    state.parent = Some(id);
    state.first_insn = state.insn_idx;
    state.dfs_depth = depth + 1;
    state.history.clear();
}
