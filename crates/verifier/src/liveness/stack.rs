//! Which stack slots may still be read (6.18).
//!
//! While paths are walked, each insn notes which slots it reads and which it overwrites, for each chain of calls that
//! leads to it (an *instance* of its function). From that, for each instance, insn `i` and frame of the chain:
//!
//! - `live[i]     = (⋃ live[s] over successors s) − must_write[i] ∪ may_read[i]`
//! - `written[i]  = (⋂ written[s] over successors s) ∪ must_write[i]`
//!
//! and the call that led to the instance takes over `live` and `written` of its first insn as what it reads and
//! overwrites. `may_read` only grows, `must_write` only shrinks once an insn was seen. For a state without branches
//! left all marks of its continuation are in, so that slots which are not live then need not be compared.

use std::collections::HashMap;

use skep_isa::Insn;

use super::flow::{Flow, sweep};
use super::instance::{FrameMarks, Instance};
use crate::env::{Env, Subprog};
use crate::state::{State, StateId};

/// `MAX_CALL_FRAMES`.
pub(super) const MAX_FRAMES: usize = 8;

/// Marks of stack slots, for each function and chain of calls.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    instances: Vec<Instance>,
    /// By subprogram; none until it runs.
    flows: Vec<Option<Flow>>,
    by_chain: HashMap<Vec<u32>, usize>,
    /// The instance of the insn that is looked at.
    current: Option<usize>,
    /// What the insn that is looked at overwrites, for each frame.
    written: [u64; MAX_FRAMES],
    /// Key that is looked up.
    key: Vec<u32>,
}

impl Liveness {
    /// The instance that runs in a frame of a state.
    fn instance_of(&mut self, code: &Code<'_>, state: &State, frame: usize) -> usize {
        let subprog = state.frames[frame].subprog;
        self.key.clear();
        self.key.extend(state.frames[1..=frame].iter().map(|f| f.callsite));
        self.key.push(code.start(subprog));
        self.instance(code, subprog)
    }

    /// The instance of the key.
    fn instance(&mut self, code: &Code<'_>, subprog: u32) -> usize {
        if let Some(&found) = self.by_chain.get(&self.key) {
            return found;
        }
        let (start, end) = (code.start(subprog), code.start(subprog + 1));
        if self.flows.len() <= subprog as usize {
            self.flows.resize_with(subprog as usize + 1, || None);
        }
        self.flows[subprog as usize].get_or_insert_with(|| Flow::new(code, subprog));
        self.instances.push(Instance {
            chain: self.key.clone(),
            subprog,
            start,
            updated: false,
            shrank: false,
            frames: vec![FrameMarks::default(); self.key.len()],
            seen: vec![false; end.saturating_sub(start) as usize],
        });
        let id = self.instances.len() - 1;
        self.by_chain.insert(self.key.clone(), id);
        id
    }

    /// Computes what is live in an instance, and tells the instance that called it.
    fn solve(&mut self, code: &Code<'_>, id: usize) {
        let instance = &mut self.instances[id];
        let Some(flow) = &self.flows[instance.subprog as usize] else {
            return;
        };
        let shrank = core::mem::take(&mut instance.shrank);
        for frame in instance.frames.iter_mut().filter(|frame| !frame.marks.is_empty()) {
            if shrank {
                frame.marks.iter_mut().for_each(|m| m.written = 0);
                frame.dirty.fill(u64::MAX);
            }
            // One frame's marks do not depend on another's.
            while sweep(frame, flow) {}
        }
        instance.updated = false;
        self.tell_caller(code, id);
    }

    fn tell_caller(&mut self, code: &Code<'_>, id: usize) {
        let instance = &self.instances[id];
        let depth = instance.depth();
        if depth == 0 {
            return;
        }
        let mut written = [0; MAX_FRAMES];
        let mut read = [0; MAX_FRAMES];
        for frame in 0..depth {
            if let Some(first) = instance.marks(frame, instance.start) {
                written[frame] = first.written;
                read[frame] = first.live;
            }
        }
        let callsite = instance.chain[depth - 1];
        let caller = code.subprog_of(callsite);
        self.key.clear();
        self.key.extend_from_slice(&instance.chain[..depth - 1]);
        self.key.push(code.start(caller));
        let outer = self.instance(code, caller);
        let outer = &mut self.instances[outer];
        let Some(flow) = &self.flows[caller as usize] else {
            return;
        };
        for (frame, &slots) in read.iter().enumerate().filter(|&(_, &slots)| slots != 0) {
            outer.read(flow, frame, callsite, slots);
        }
        outer.commit(flow, callsite, &written);
    }
}

/// What the solver needs of the program.
pub(super) struct Code<'e> {
    pub(super) insns: &'e [Insn],
    subprogs: &'e [Subprog],
    postorder: &'e [u32],
}

impl Code<'_> {
    pub(super) fn start(&self, subprog: u32) -> u32 {
        self.subprogs.get(subprog as usize).map_or(self.insns.len() as u32, |s| s.start)
    }

    pub(super) fn postorder(&self, subprog: u32) -> &[u32] {
        let bound = |at: u32| {
            let subprog = self.subprogs.get(at as usize);
            subprog.map_or(self.postorder.len(), |s| s.postorder_start as usize)
        };
        self.postorder.get(bound(subprog)..bound(subprog + 1)).unwrap_or(&[])
    }

    fn subprog_of(&self, insn: u32) -> u32 {
        self.subprogs.partition_point(|s| s.start <= insn) as u32 - 1
    }
}

/// The marks, beside what they are computed from.
fn parts<'e>(env: &'e mut Env<'_>) -> (&'e mut Liveness, Code<'e>, &'e State) {
    let Env { liveness, insns, subprogs, postorder, state, .. } = env;
    (liveness, Code { insns, subprogs, postorder }, state)
}

/// An insn is looked at: it wrote nothing yet.
pub(crate) fn begin_insn(env: &mut Env<'_>) {
    let (liveness, code, state) = parts(env);
    if liveness.current.is_none() {
        liveness.current = Some(liveness.instance_of(&code, state, state.frames.len() - 1));
    }
    liveness.written = [0; MAX_FRAMES];
}

/// The insn was applied, from a state that was `depth` frames deep: its marks count.
pub(crate) fn end_insn(env: &mut Env<'_>, depth: usize) {
    let insn = env.state.insn_idx;
    if env.state.frames.len() != depth {
        // The marks of a call come from the function that it enters.
        env.liveness.current = None;
    }
    let Liveness { instances, flows, written, current, .. } = &mut env.liveness;
    if let Some(current) = *current {
        let instance = &mut instances[current];
        if let Some(flow) = &flows[instance.subprog as usize] {
            instance.commit(flow, insn, written);
        }
    }
}

/// Brings what is live up to date with the marks, for the chain of calls of the walked path: at the end of a path, and
/// before a function is left (`bpf_update_live_stack`).
pub(crate) fn update(env: &mut Env<'_>) {
    let (liveness, code, state) = parts(env);
    liveness.current = None;
    for frame in (0..state.frames.len()).rev() {
        let id = liveness.instance_of(&code, state, frame);
        if liveness.instances[id].updated {
            liveness.solve(&code, id);
        }
    }
}

/// Notes that the insn that is looked at may read these slots (a bit each) of a frame.
pub(crate) fn mark_stack_read(env: &mut Env<'_>, frame: u32, slots: u64) {
    env.log.touch_slots(slots);
    let insn = env.insn_idx;
    let (liveness, code, state) = parts(env);
    let current = liveness.current;
    let current =
        current.unwrap_or_else(|| liveness.instance_of(&code, state, state.frames.len() - 1));
    liveness.current = Some(current);
    let Liveness { instances, flows, .. } = liveness;
    let instance = &mut instances[current];
    if let Some(flow) = &flows[instance.subprog as usize] {
        instance.read(flow, frame as usize, insn, slots);
    }
}

/// Notes that the insn that is looked at overwrites these slots (a bit each) of a frame, wholly.
pub(crate) fn mark_stack_write(env: &mut Env<'_>, frame: u32, slots: u64) {
    env.log.touch_slots(slots);
    if let Some(written) = env.liveness.written.get_mut(frame as usize) {
        *written |= slots;
    }
}

/// Which slots of each frame of a state may be read later (`bpf_stack_slot_alive`).
pub(crate) fn live_slots(env: &mut Env<'_>, id: StateId) -> [u64; MAX_FRAMES] {
    let Env { liveness, insns, subprogs, postorder, explored, aux, .. } = env;
    let code = Code { insns, subprogs, postorder };
    let state = &explored.get(id).state;
    let top = state.frames.len() - 1;
    let mut live = [0; MAX_FRAMES];
    for depth in 0..=top {
        let instance = liveness.instance_of(&code, state, depth);
        let instance = &liveness.instances[instance];
        // Of a frame that waits for a call: what is read after it, or by it once more where it runs callbacks.
        let at = state.frame_insn(depth);
        let waits = depth < top && !aux[at as usize].calls_callback;
        for (frame, live) in live.iter_mut().enumerate().take(depth + 1) {
            if let Some(marks) = instance.marks(frame, at + u32::from(waits)) {
                *live |= marks.live;
            }
        }
    }
    live
}
