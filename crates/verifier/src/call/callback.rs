//! Functions that a call runs: within it, any number of times, or later (`push_callback_call`).

use super::frame;
use crate::diag::Step;
use crate::env::Env;
use crate::explore;
use crate::state::{CallbackKind, Frame, RegState};

/// How a callback begins.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// When it runs.
    pub(crate) when: When,
    /// R1 to R5; those that it is not given are unreadable.
    pub(crate) args: [RegState; 5],
    /// What it may return.
    pub(crate) ret: (i32, i32),
}

/// When a callback runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Within the call.
    Within,
    /// Later, in a context of its own.
    Later {
        /// Whether that context may sleep.
        sleepable: bool,
    },
}

impl Entry {
    /// A callback within the call that may return 0 or 1, with these arguments.
    pub(crate) fn within(args: impl IntoIterator<Item = RegState>) -> Self {
        Self { when: When::Within, args: fill(args), ret: (0, 1) }
    }

    /// A callback that runs later.
    pub(crate) fn later(
        args: impl IntoIterator<Item = RegState>,
        sleepable: bool,
        ret: (i32, i32),
    ) -> Self {
        Self { when: When::Later { sleepable }, args: fill(args), ret }
    }
}

fn fill(args: impl IntoIterator<Item = RegState>) -> [RegState; 5] {
    let mut args = args.into_iter();
    core::array::from_fn(|_| args.next().unwrap_or_else(RegState::not_init))
}

/// Has a callback explored, beside the path on which it never runs, or runs no more.
pub(crate) fn push(env: &mut Env<'_>, subprog: u32, entry: &Entry) -> Step {
    let callsite = env.insn_idx;
    let info = &mut env.subprogs[subprog as usize];
    info.is_cb = true;
    let start = info.start;
    if let When::Later { sleepable } = entry.when {
        env.subprogs[subprog as usize].is_async_cb = true;
        let entries = env.state.frame().async_entry + 1;
        let state = explore::push_async(env, start, callsite, subprog, sleepable)?;
        let callee = state.frame_mut();
        callee.async_entry = entries;
        begin(callee, CallbackKind::Async, entry);
        return Ok(());
    }
    if !env.features.callbacks_converge() {
        env.callback_to_run = Some((subprog, entry.clone()));
        return Ok(());
    }
    let state = explore::push_branch(env, start, callsite)?;
    let caller = state.frames.len() - 1;
    let callee = frame::enter(state, subprog, callsite)?;
    begin(callee, CallbackKind::Sync, entry);
    state.callback_unroll_depth += 1;
    state.frames[caller].callback_depth += 1;
    env.state.frame_mut().callback_depth = 0;
    Ok(())
}

/// Enters the callback of the call just made, where the kernel walks callbacks once, as a part of the call.
pub(crate) fn enter_pending(env: &mut Env<'_>) -> Step {
    let Some((subprog, entry)) = env.callback_to_run.take() else { return Ok(()) };
    let callsite = env.insn_idx;
    let callee = frame::enter(&mut env.state, subprog, callsite)?;
    begin(callee, CallbackKind::Sync, &entry);
    env.insn_idx = env.subprogs[subprog as usize].start;
    Ok(())
}

fn begin(callee: &mut Frame, kind: CallbackKind, entry: &Entry) {
    callee.regs[1..=5].copy_from_slice(&entry.args);
    callee.callback = Some(kind);
    callee.callback_ret = entry.ret;
}
