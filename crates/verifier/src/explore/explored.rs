//! States that were kept, by insn, and branches that wait (`explored_states`, `head` of `struct bpf_verifier_env`).

use crate::state::{State, StateId};

use super::branch::Pending;

/// A state that later paths are compared with (`struct bpf_verifier_state_list`).
#[derive(Debug)]
pub(crate) struct Kept {
    /// The state.
    pub(crate) state: State,
    /// Paths that it did not cover.
    pub(crate) misses: u32,
    /// Paths that it covered.
    pub(crate) hits: u32,
    /// Whether no path is compared with it any more, and it only lives until its descendants are done.
    pub(crate) retired: bool,
}

/// States that were kept, by insn, and branches that wait.
#[derive(Debug, Default)]
pub(crate) struct Explored {
    /// All of them; retired ones that nothing refers to are reused.
    arena: Vec<Kept>,
    /// Places of the arena that are free.
    vacant: Vec<StateId>,
    /// By insn and call site, oldest first.
    buckets: Vec<Vec<StateId>>,
    /// Branches that wait.
    pub(super) pending: Vec<Pending>,
    /// States to build others in, so that their memory is not allocated again and again.
    spare: Vec<State>,
    /// Jumps looked at.
    pub(crate) jmps_processed: u32,
    /// That many when a state was kept last.
    pub(crate) jmps_at_kept: u32,
    /// Insns looked at when a state was kept last.
    pub(crate) insns_at_kept: u32,
    /// States that paths are compared with.
    pub(crate) active: u32,
    /// States that are retired but not gone.
    pub(crate) retired: u32,
}

impl Explored {
    /// For a program of so many insns.
    pub(crate) fn new(insns: usize) -> Self {
        Self { buckets: vec![Vec::new(); insns.max(1)], ..Self::default() }
    }

    /// Branches that wait.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// A kept state.
    pub(crate) fn get(&self, id: StateId) -> &Kept {
        &self.arena[id.0 as usize]
    }

    /// A kept state.
    pub(crate) fn get_mut(&mut self, id: StateId) -> &mut Kept {
        &mut self.arena[id.0 as usize]
    }

    /// Where states before an insn are kept (`explored_state`). The kernel hashes, and counts the states of a whole
    /// bucket as if they were of one insn.
    pub(crate) fn bucket_of(&self, insn: u32, callsite: u32) -> usize {
        (insn ^ callsite) as usize % self.buckets.len()
    }

    /// The states of a bucket, oldest first.
    pub(crate) fn bucket(&self, at: usize) -> &[StateId] {
        &self.buckets[at]
    }

    /// The branch that was pushed last, and a kept state.
    pub(super) fn pushed_and(&mut self, id: StateId) -> (Option<&mut State>, &State) {
        let pushed = self.pending.last_mut().map(|pending| &mut pending.state);
        (pushed, &self.arena[id.0 as usize].state)
    }

    /// A copy of a state, in memory that was used before.
    pub(crate) fn copy(&mut self, of: &State) -> State {
        match self.spare.pop() {
            Some(mut state) => {
                state.copy_from(of);
                state
            }
            None => of.clone(),
        }
    }

    /// Takes back a state that is not needed any more.
    pub(crate) fn recycle(&mut self, state: State) {
        if self.spare.len() < SPARE_MAX {
            self.spare.push(state);
        }
    }

    /// Keeps a state in a bucket.
    pub(crate) fn keep(&mut self, bucket: usize, state: State) -> StateId {
        let kept = Kept { state, misses: 0, hits: 0, retired: false };
        let id = match self.vacant.pop() {
            Some(id) => {
                self.arena[id.0 as usize] = kept;
                id
            }
            None => {
                self.arena.push(kept);
                StateId(self.arena.len() as u32 - 1)
            }
        };
        self.buckets[bucket].push(id);
        self.active += 1;
        id
    }

    /// Compares no path with a state any more.
    pub(crate) fn retire(&mut self, bucket: usize, at: usize) -> StateId {
        let id = self.buckets[bucket].remove(at);
        self.arena[id.0 as usize].retired = true;
        self.active -= 1;
        self.retired += 1;
        id
    }

    /// Gives up a retired state that nothing refers to.
    pub(crate) fn release(&mut self, id: StateId) {
        let kept = &mut self.arena[id.0 as usize];
        kept.retired = false;
        let state = core::mem::replace(&mut kept.state, State::empty());
        self.retired -= 1;
        self.vacant.push(id);
        self.recycle(state);
    }

    /// Forgets all states: another function is explored on its own. The kernel goes on counting, so that the states of
    /// functions that were explored before belong to the peak.
    pub(crate) fn clear(&mut self) {
        self.arena.clear();
        self.vacant.clear();
        self.buckets.iter_mut().for_each(Vec::clear);
        self.pending.clear();
    }
}

/// States whose memory waits for reuse.
const SPARE_MAX: usize = 64;
