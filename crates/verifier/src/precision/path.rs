//! The whole path from the program's start to the insn that is looked at, for messages.

use std::collections::VecDeque;

use crate::env::Env;
use crate::explore::NO_INSN;

use super::history::HistoryEntry;

/// Insns that are kept from either end of a long path.
const ENDS: usize = 2_000;

/// The insns of the path that is walked, from the first; `None` stands for those left out in the middle.
pub(crate) fn path(env: &Env<'_>) -> Vec<Option<u32>> {
    let mut path = Ends::default();
    let state = &env.state;
    if state.frames.is_empty() || env.insns.is_empty() {
        return Vec::new();
    }
    stretch(&mut path, state.insn_idx, state.first_insn, &state.history);
    let mut parent = state.parent;
    while let Some(id) = parent {
        let state = &env.explored.get(id).state;
        if state.last_insn == NO_INSN {
            break;
        }
        stretch(&mut path, state.last_insn, state.first_insn, &state.history);
        parent = state.parent;
    }
    path.finish(env)
}

fn stretch(path: &mut Ends, last: u32, first: u32, history: &[HistoryEntry]) {
    let (mut at, mut left) = (last, history.len());
    loop {
        path.push(at);
        let entry = left.checked_sub(1).map(|last| &history[last]).filter(|e| e.insn == at);
        let is_only = left == 1 && entry.is_some();
        if at == first && (left == 0 || is_only) {
            return;
        }
        at = match entry {
            Some(entry) => {
                left -= 1;
                entry.prev
            }
            None if at == 0 => return,
            None => at - 1,
        };
        if at == NO_INSN {
            return;
        }
    }
}

/// Both ends of a sequence that is told from the last to the first.
#[derive(Default)]
struct Ends {
    last: Vec<u32>,
    first: VecDeque<u32>,
    has_gap: bool,
}

impl Ends {
    fn push(&mut self, insn: u32) {
        if self.last.len() < ENDS {
            self.last.push(insn);
            return;
        }
        if self.first.len() == ENDS {
            self.first.pop_front();
            self.has_gap = true;
        }
        self.first.push_back(insn);
    }

    /// In the order of the path, without second halves of `ld_imm64`.
    fn finish(self, env: &Env<'_>) -> Vec<Option<u32>> {
        let is_insn = |&&insn: &&u32| env.insns.get(insn as usize).is_some_and(|i| i.code != 0);
        let first = self.first.iter().rev().filter(is_insn).map(|&insn| Some(insn));
        let gap = self.has_gap.then_some(None);
        let last = self.last.iter().rev().filter(is_insn).map(|&insn| Some(insn));
        first.chain(gap).chain(last).collect()
    }
}
