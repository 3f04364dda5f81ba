//! The control flow of a function, and one round of solving over it.

use skep_isa::{Insn, opcode as op};

use super::instance::{FrameMarks, Marks};
use super::stack::Code;

/// One round over the insns that are to be solved, in postorder; tells whether some are left. Insns whose marks and
/// successors did not change would come out as they are.
pub(super) fn sweep(frame: &mut FrameMarks, flow: &Flow) -> bool {
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
pub(super) struct Flow {
    pub(super) nodes: Vec<Node>,
    /// Places of the insns before each node, one node after the other.
    pub(super) befores: Vec<u32>,
    /// By insn: its place in postorder.
    pub(super) places: Vec<u32>,
}

/// An insn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) insn: u32,
    /// The insns after it, if any.
    pub(super) afters: [u32; 2],
    /// Where the insns before it lie in [`Flow::befores`].
    pub(super) befores: (u32, u32),
}

impl Flow {
    pub(super) fn new(code: &Code<'_>, subprog: u32) -> Self {
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
