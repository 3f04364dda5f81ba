//! Loops of the control flow: strongly connected components (6.17).
//!
//! Tarjan's algorithm: `order[v]` is when `v` was first seen, `low[v]` the least order of a vertex on the stack that
//! `v` reaches. A vertex whose `low` equals its `order` is the root of a component, which is everything above it on
//! the stack. `low` only falls.

use crate::cfg::successors;
use crate::env::Env;

/// Loops.
#[derive(Debug, Default)]
pub(crate) struct SccInfo {
    /// One past the highest number of a component; numbers begin at 1.
    pub(crate) end: u32,
}

/// `low` of a vertex whose component is known: it lies under no other.
const ASSIGNED: u32 = u32::MAX;

struct Search {
    order: Vec<u32>,
    low: Vec<u32>,
    stack: Vec<u32>,
    path: Vec<u32>,
    next_order: u32,
    next_scc: u32,
}

/// Numbers the components; insns in none have 0. A component has several insns, or one that jumps to itself, or one
/// that calls a function which runs its callback many times.
pub(crate) fn compute(env: &mut Env<'_>) {
    let len = env.insns.len();
    let mut search = Search {
        order: vec![0; len],
        low: vec![0; len],
        stack: Vec::new(),
        path: Vec::new(),
        next_order: 1,
        next_scc: 1,
    };
    for start in 0..len as u32 {
        if search.order[start as usize] == 0 {
            search.path.push(start);
            search.run(env);
        }
    }
    env.sccs.end = search.next_scc;
}

impl Search {
    fn run(&mut self, env: &mut Env<'_>) {
        while let Some(&vertex) = self.path.last() {
            let at = vertex as usize;
            if self.order[at] == 0 {
                self.order[at] = self.next_order;
                self.low[at] = self.next_order;
                self.next_order += 1;
                self.stack.push(vertex);
            }
            let mut unseen = None;
            for next in successors(env.insns, vertex) {
                if self.order[next as usize] == 0 {
                    unseen = Some(next);
                    break;
                }
                self.low[at] = self.low[at].min(self.low[next as usize]);
            }
            if let Some(next) = unseen {
                self.path.push(next);
                continue;
            }
            self.path.pop();
            if self.low[at] == self.order[at] {
                self.assign(env, vertex);
            }
        }
    }

    /// Takes a component off the stack.
    fn assign(&mut self, env: &mut Env<'_>, root: u32) {
        let is_loop = self.stack.last() != Some(&root)
            || successors(env.insns, root).any(|next| next == root)
            || env.features.callbacks_are_loops() && env.aux[root as usize].calls_callback;
        while let Some(vertex) = self.stack.pop() {
            self.low[vertex as usize] = ASSIGNED;
            if is_loop {
                env.aux[vertex as usize].scc = self.next_scc;
            }
            if vertex == root {
                break;
            }
        }
        self.next_scc += u32::from(is_loop);
    }
}
