//! Everything that is known at one point of one path (`struct bpf_verifier_state`).

use skep_isa::Reg;

use super::{Frame, Refs, RegState};

/// A state that was kept, by its place in the arena of `explore`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StateId(pub(crate) u32);

/// All frames, and what is held.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Main program first; the last is running.
    pub(crate) frames: Vec<Frame>,
    /// References, locks, critical sections.
    pub(crate) refs: Refs,
    /// The state that was kept last on this path.
    pub(crate) parent: Option<StateId>,
    /// The insn that this state is before.
    pub(crate) insn_idx: u32,
    /// First insn since the parent.
    pub(crate) first_insn: u32,
    /// Last insn looked at.
    pub(crate) last_insn: u32,
    /// Jumps and marks since the parent: what `precision` walks back.
    pub(crate) history: Vec<crate::precision::HistoryEntry>,
    /// Branches below this state that are not explored yet.
    pub(crate) branches: u32,
    /// Depth within the tree of depth-first search of states with `may_goto`.
    pub(crate) dfs_depth: u32,
    /// Rounds of callbacks unrolled.
    pub(crate) callback_unroll_depth: u32,
    /// Times that `may_goto` was taken.
    pub(crate) may_goto_depth: u32,
    /// Whether the path runs in a sleepable context.
    pub(crate) in_sleepable: bool,
    /// For kept states: whether registers and slots that nothing reads later were taken out.
    pub(crate) cleaned: bool,
    /// For the end of a path that loops: the kept state that covers it.
    pub(crate) equal_to: Option<StateId>,
}

impl State {
    /// The running frame.
    pub(crate) fn frame(&self) -> &Frame {
        // Invariant: a state has at least one frame.
        &self.frames[self.frames.len() - 1]
    }

    /// The running frame.
    pub(crate) fn frame_mut(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Number of the running frame.
    pub(crate) fn curframe(&self) -> u32 {
        self.frames.len() as u32 - 1
    }

    /// A register of the running frame.
    pub(crate) fn reg(&self, reg: Reg) -> &RegState {
        &self.frame().regs[reg.at()]
    }

    /// A register of the running frame.
    pub(crate) fn reg_mut(&mut self, reg: Reg) -> &mut RegState {
        &mut self.frame_mut().regs[reg.at()]
    }

    /// Runs `visit` on every register and every spilled register of all frames (`bpf_for_each_reg_in_vstate`).
    pub(crate) fn for_each_reg(&mut self, mut visit: impl FnMut(&mut RegState)) {
        for frame in &mut self.frames {
            frame.regs.iter_mut().for_each(&mut visit);
            for slot in &mut frame.stack {
                if slot.is_spill() {
                    visit(&mut slot.spilled);
                }
            }
        }
    }
}

impl State {
    /// The state at the entry of a program or global subprogram: one frame in which only R10 is known.
    pub(crate) fn start(subprog: u32, in_sleepable: bool) -> Self {
        Self {
            frames: vec![Frame::new(super::NO_CALLSITE, 0, subprog)],
            refs: Refs::default(),
            parent: None,
            insn_idx: 0,
            first_insn: 0,
            last_insn: 0,
            history: Vec::new(),
            branches: 1,
            dfs_depth: 0,
            callback_unroll_depth: 0,
            may_goto_depth: 0,
            in_sleepable,
            cleaned: false,
            equal_to: None,
        }
    }

    /// A state without frames, to be overwritten.
    pub(crate) fn empty() -> Self {
        Self { frames: Vec::new(), ..Self::start(0, false) }
    }

    /// Becomes a copy of `other`, in the memory that it has.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let shared = self.frames.len().min(other.frames.len());
        self.frames.truncate(shared);
        for (frame, from) in self.frames.iter_mut().zip(&other.frames) {
            frame.copy_from(from);
        }
        self.frames.extend(other.frames[shared..].iter().cloned());
        self.refs.clone_from(&other.refs);
        self.history.clone_from(&other.history);
        self.parent = other.parent;
        self.insn_idx = other.insn_idx;
        self.first_insn = other.first_insn;
        self.last_insn = other.last_insn;
        self.branches = other.branches;
        self.dfs_depth = other.dfs_depth;
        self.callback_unroll_depth = other.callback_unroll_depth;
        self.may_goto_depth = other.may_goto_depth;
        self.in_sleepable = other.in_sleepable;
        self.cleaned = other.cleaned;
        self.equal_to = other.equal_to;
    }

    /// The insn that a frame is at: the call that it waits for, or the one that is looked at (`frame_insn_idx`).
    pub(crate) fn frame_insn(&self, frame: usize) -> u32 {
        self.frames.get(frame + 1).map_or(self.insn_idx, |callee| callee.callsite)
    }

    /// Whether the frames of both were called from the same places (`same_callsites`).
    pub(crate) fn same_callsites(&self, other: &Self) -> bool {
        self.frames.len() == other.frames.len()
            && self.frames.iter().zip(&other.frames).all(|(a, b)| a.callsite == b.callsite)
    }
}
