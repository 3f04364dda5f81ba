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

use skep_isa::{Insn, opcode as op};

use crate::env::{Env, Subprog};
use crate::state::{State, StateId};

/// Marks of one insn, for one frame: a bit for each slot.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    /// Slots that the insn may read.
    may_read: u64,
    /// Slots that it overwrites on every path.
    must_write: u64,
    /// Slots that it, or every continuation within the function, overwrites.
    written: u64,
    /// Slots that it or a continuation may read.
    live: u64,
}

/// A function, as a certain chain of calls runs it.
#[derive(Debug)]
struct Instance {
    /// The calls that lead here, outermost first, and the function's first insn.
    chain: Vec<u32>,
    /// The function.
    subprog: u32,
    /// Its first insn.
    start: u32,
    /// Whether marks changed since `live` was computed.
    updated: bool,
    /// Whether `must_write` shrank since.
    shrank: bool,
    /// For each frame of the chain, the marks of all insns; nothing until one is marked.
    frames: Vec<FrameMarks>,
    /// Insns whose `must_write` is set.
    seen: Vec<bool>,
}

/// Marks of all insns of a function, for one frame.
#[derive(Clone, Debug, Default)]
struct FrameMarks {
    /// By insn.
    marks: Vec<Marks>,
    /// Insns whose marks, or those of a successor, changed since they were solved: a bit each, by place in postorder.
    dirty: Vec<u64>,
}

impl FrameMarks {
    fn dirty(&mut self, place: u32) {
        self.dirty[(place / 64) as usize] |= 1 << (place % 64);
    }
}

impl Instance {
    fn depth(&self) -> usize {
        self.chain.len() - 1
    }

    fn marks(&self, frame: usize, insn: u32) -> Option<&Marks> {
        self.frames.get(frame)?.marks.get(insn.checked_sub(self.start)? as usize)
    }

    /// The marks of a frame; room for all insns is made where there is none.
    fn frame_mut(&mut self, frame: usize) -> Option<&mut FrameMarks> {
        let insns = self.seen.len();
        let frame = self.frames.get_mut(frame)?;
        if frame.marks.is_empty() {
            frame.marks.resize(insns, Marks::default());
            // Each insn is to be solved once.
            frame.dirty = vec![u64::MAX; insns.div_ceil(64)];
        }
        Some(frame)
    }

    fn read(&mut self, flow: &Flow, frame: usize, insn: u32, slots: u64) {
        let at = insn.wrapping_sub(self.start) as usize;
        let Some(frame) = self.frame_mut(frame).filter(|frame| at < frame.marks.len()) else {
            return;
        };
        let marks = &mut frame.marks[at];
        let new = slots & !marks.may_read;
        if new == 0 {
            return;
        }
        marks.may_read |= slots;
        let is_new = slots & !marks.live != 0;
        frame.dirty(flow.places[at]);
        self.updated |= is_new;
    }

    fn commit(&mut self, flow: &Flow, insn: u32, written: &[u64; MAX_FRAMES]) {
        let at = insn.wrapping_sub(self.start) as usize;
        let Some(&seen) = self.seen.get(at) else {
            return;
        };
        for (frame, &slots) in written.iter().enumerate().take(self.chain.len()) {
            if slots == 0 && !seen {
                continue;
            }
            let Some(frame) = self.frame_mut(frame) else {
                continue;
            };
            let old = frame.marks[at].must_write;
            let new = if seen { slots & old } else { slots };
            if old != new {
                frame.marks[at].must_write = new;
                frame.dirty(flow.places[at]);
                self.updated = true;
                self.shrank |= old & !new != 0;
            }
        }
        self.seen[at] = true;
    }
}

/// `MAX_CALL_FRAMES`.
const MAX_FRAMES: usize = 8;

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

/// One round over the insns that are to be solved, in postorder; tells whether some are left. Insns whose marks and
/// successors did not change would come out as they are.
fn sweep(frame: &mut FrameMarks, flow: &Flow) -> bool {
    let FrameMarks { marks, dirty } = frame;
    for word in 0..dirty.len() {
        // An insn that is solved may make one of the same word dirty that comes later.
        let mut done = 0;
        loop {
            let left = dirty[word] & !done;
            if left == 0 {
                break;
            }
            let bit = left.trailing_zeros();
            // Those before come in the next round.
            done |= u64::MAX >> (63 - bit);
            dirty[word] &= !(1 << bit);
            let place = word * 64 + bit as usize;
            let Some(node) = flow.nodes.get(place) else {
                continue;
            };
            if !solve_insn(marks, node) {
                continue;
            }
            for &place in &flow.befores[node.befores.0 as usize..node.befores.1 as usize] {
                dirty[(place / 64) as usize] |= 1 << (place % 64);
            }
        }
    }
    dirty.iter().any(|&word| word != 0)
}

/// Solves one insn; tells whether that changed it.
fn solve_insn(marks: &mut [Marks], node: &Node) -> bool {
    let [fall, jump] = node.afters;
    if fall == NOWHERE && jump == NOWHERE {
        return false;
    }
    let (mut live, mut written) = (0, u64::MAX);
    for next in [fall, jump] {
        if let Some(next) = marks.get(next as usize) {
            live |= next.live;
            written &= next.written;
        }
    }
    let mark = &mut marks[node.insn as usize];
    live = live & !mark.must_write | mark.may_read;
    written |= mark.must_write;
    let changed = live != mark.live || written != mark.written;
    (mark.live, mark.written) = (live, written);
    changed
}

/// No insn.
const NOWHERE: u32 = u32::MAX;

/// The control flow of a function: insns in postorder, counted from its first.
#[derive(Debug)]
struct Flow {
    nodes: Vec<Node>,
    /// Places of the insns before each node, one node after the other.
    befores: Vec<u32>,
    /// By insn: its place in postorder.
    places: Vec<u32>,
}

/// An insn.
#[derive(Clone, Copy, Debug)]
struct Node {
    insn: u32,
    /// The insns after it, if any.
    afters: [u32; 2],
    /// Where the insns before it lie in [`Flow::befores`].
    befores: (u32, u32),
}

impl Flow {
    fn new(code: &Code<'_>, subprog: u32) -> Self {
        let (start, end) = (code.start(subprog), code.start(subprog + 1));
        let order = code.postorder(subprog);
        let within = |insn: Option<u32>| {
            let insn = insn.filter(|insn| (start..end).contains(insn));
            insn.map_or(NOWHERE, |insn| insn - start)
        };
        let mut places = vec![0; end.saturating_sub(start) as usize];
        let mut nodes = Vec::with_capacity(order.len());
        for (place, &insn) in order.iter().enumerate() {
            let (fall, jump) = successors(code.insns, insn);
            let afters = [within(fall), within(jump)];
            nodes.push(Node { insn: insn - start, afters, befores: (0, 0) });
            if let Some(slot) = places.get_mut((insn - start) as usize) {
                *slot = place as u32;
            }
        }
        let mut edges: Vec<(u32, u32)> = Vec::new();
        for (place, node) in nodes.iter().enumerate() {
            let afters = node.afters.iter().filter(|&&after| after != NOWHERE);
            edges.extend(afters.map(|&after| (places[after as usize], place as u32)));
        }
        edges.sort_unstable();
        let mut at = 0;
        for (place, node) in nodes.iter_mut().enumerate() {
            let begin = at;
            while edges.get(at).is_some_and(|&(after, _)| after as usize == place) {
                at += 1;
            }
            node.befores = (begin as u32, at as u32);
        }
        Self { nodes, befores: edges.into_iter().map(|(_, before)| before).collect(), places }
    }
}

/// The insns that may run after one, within the function (`bpf_insn_successors`).
fn successors(insns: &[Insn], at: u32) -> (Option<u32>, Option<u32>) {
    let insn = insns[at as usize];
    let next = at + if insn.code == op::LD_IMM64 { 2 } else { 1 };
    if !matches!(insn.code & op::CLASS_MASK, op::JMP | op::JMP32) {
        return (Some(next), None);
    }
    let far = insn.code == (op::JMP32 | op::JA);
    let off = if far { insn.imm } else { i32::from(insn.off) };
    let target = next.wrapping_add_signed(off);
    match insn.code & op::OP_MASK {
        op::EXIT => (None, None),
        op::CALL => (Some(next), None),
        op::JA => (None, Some(target)),
        _ => (Some(next), Some(target)),
    }
}

/// What the solver needs of the program.
struct Code<'e> {
    insns: &'e [Insn],
    subprogs: &'e [Subprog],
    postorder: &'e [u32],
}

impl Code<'_> {
    fn start(&self, subprog: u32) -> u32 {
        self.subprogs.get(subprog as usize).map_or(self.insns.len() as u32, |s| s.start)
    }

    fn postorder(&self, subprog: u32) -> &[u32] {
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
