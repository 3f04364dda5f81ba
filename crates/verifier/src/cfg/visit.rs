//! The depth-first walk over the control flow (`visit_insn`), which also marks insns: where states are kept, where
//! history is kept, which functions sleep or move the packet.

use skep_isa::{Insn, opcode};

use super::{BackEdge, LeavesProgram};
use crate::call_summary::CallSummary;
use crate::diag::Step;
use crate::env::Env;
use crate::insn::Shape;

/// How far the walk is with an insn; higher is further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    New,
    Discovered,
    FellThrough,
    Branched,
    Explored,
}

/// Which way leads to an insn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    FallThrough,
    Branch,
}

/// Whether an insn is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    Done,
    KeepExploring,
}

/// The walk.
pub(super) struct Walk {
    progress: Vec<Progress>,
    stack: Vec<u32>,
}

impl Walk {
    pub(super) fn new(insns: usize) -> Self {
        Self { progress: vec![Progress::New; insns], stack: Vec::new() }
    }

    /// Whether the walk came here and finished.
    pub(super) fn is_explored(&self, insn: usize) -> bool {
        self.progress[insn] == Progress::Explored
    }

    /// Whether the walk came here.
    pub(super) fn is_discovered(&self, insn: usize) -> bool {
        self.progress[insn] != Progress::New
    }

    /// Walks everything that can be reached from an insn.
    pub(super) fn from(&mut self, env: &mut Env<'_>, start: u32) -> Step {
        self.progress[start as usize] = Progress::Discovered;
        self.stack.push(start);
        while let Some(&top) = self.stack.last() {
            if self.visit(env, top)? == Visit::Done {
                self.progress[top as usize] = Progress::Explored;
                self.stack.pop();
            }
        }
        Ok(())
    }

    /// An edge that may close a loop in every release.
    fn jump(&mut self, env: &mut Env<'_>, from: u32, to: i64, edge: Edge) -> Step<Visit> {
        self.push(env, from, to, edge, true)
    }

    fn push(
        &mut self,
        env: &mut Env<'_>,
        from: u32,
        to: i64,
        edge: Edge,
        may_loop: bool,
    ) -> Step<Visit> {
        let taken = match edge {
            Edge::FallThrough => Progress::FellThrough,
            Edge::Branch => Progress::Branched,
        };
        if self.progress[from as usize] >= taken {
            return Ok(Visit::Done);
        }
        let Some(target) = usize::try_from(to).ok().filter(|&to| to < env.insns.len()) else {
            return Err(LeavesProgram { from, to }.into());
        };
        if edge == Edge::Branch {
            mark_jump(env, target);
        }
        match self.progress[target] {
            Progress::New => {
                self.progress[from as usize] = taken;
                self.progress[target] = Progress::Discovered;
                self.stack.push(target as u32);
                return Ok(Visit::KeepExploring);
            }
            Progress::Explored => self.progress[from as usize] = taken,
            // A loop: its head waits on the stack.
            _ if may_loop || env.features.loops_by_any_edge() => {}
            _ => return Err(BackEdge { from, to: target }.into()),
        }
        Ok(Visit::Done)
    }

    fn visit(&mut self, env: &mut Env<'_>, at: u32) -> Step<Visit> {
        let insn = env.insns[at as usize];
        if insn.is_pseudo_func() {
            return self.visit_call(env, at, insn, true);
        }
        if !insn.is_jump_class() {
            let next = i64::from(at) + i64::from(insn.slots());
            return self.push(env, at, next, Edge::FallThrough, false);
        }
        let target = i64::from(at) + i64::from(insn.jump_off()) + 1;
        match insn.code & opcode::OP_MASK {
            opcode::EXIT => Ok(Visit::Done),
            opcode::CALL => {
                mark_call(env, at, insn);
                self.visit_call(env, at, insn, insn.is_pseudo_call())
            }
            opcode::JA => {
                if self.jump(env, at, target, Edge::FallThrough)? == Visit::KeepExploring {
                    return Ok(Visit::KeepExploring);
                }
                mark_jump(env, target as usize);
                Ok(Visit::Done)
            }
            _ => {
                env.aux[at as usize].prune_point = true;
                env.aux[at as usize].force_checkpoint |= insn.is_may_goto();
                if self.jump(env, at, i64::from(at) + 1, Edge::FallThrough)? == Visit::KeepExploring
                {
                    return Ok(Visit::KeepExploring);
                }
                self.jump(env, at, target, Edge::Branch)
            }
        }
    }

    fn visit_call(
        &mut self,
        env: &mut Env<'_>,
        at: u32,
        insn: Insn,
        visits_callee: bool,
    ) -> Step<Visit> {
        let next = i64::from(at) + i64::from(insn.slots());
        if self.push(env, at, next, Edge::FallThrough, false)? == Visit::KeepExploring {
            return Ok(Visit::KeepExploring);
        }
        // Leaving a subprogram is a jump to here.
        let aux = &mut env.aux[next as usize];
        aux.prune_point = true;
        aux.jmp_point = true;
        if !visits_callee {
            return Ok(Visit::Done);
        }
        let callee = i64::from(at) + i64::from(insn.imm) + 1;
        env.aux[at as usize].prune_point = true;
        merge_callee(env, at, callee as u32);
        self.push(env, at, callee, Edge::Branch, insn.is_pseudo_func())
    }
}

fn mark_jump(env: &mut Env<'_>, target: usize) {
    let aux = &mut env.aux[target];
    aux.prune_point = true;
    aux.jmp_point = true;
    aux.jump_target = true;
}

/// What a function that it calls does, a function does.
fn merge_callee(env: &mut Env<'_>, at: u32, callee: u32) {
    let caller = env.subprog_of(at) as usize;
    let callee = env.subprog_of(callee) as usize;
    let (changes_pkt_data, might_sleep) =
        (env.subprogs[callee].changes_pkt_data, env.subprogs[callee].might_sleep);
    env.subprogs[caller].changes_pkt_data |= changes_pkt_data;
    env.subprogs[caller].might_sleep |= might_sleep;
}

fn mark_call(env: &mut Env<'_>, at: u32, insn: Insn) {
    let Some(call) = CallSummary::of(env, insn) else { return };
    let walks_rounds = env.features.callbacks_converge();
    let aux = &mut env.aux[at as usize];
    aux.prune_point |= call.defers_callback();
    if call.runs_callback() && walks_rounds {
        aux.calls_callback = true;
        aux.force_checkpoint = true;
        aux.prune_point = true;
        aux.jmp_point = true;
    }
    if call.is_iter_next {
        aux.is_iter_next = true;
        aux.force_checkpoint = true;
        aux.prune_point = true;
    }
    let caller = env.subprog_of(at) as usize;
    env.subprogs[caller].might_sleep |= call.might_sleep;
    env.subprogs[caller].changes_pkt_data |= call.changes_pkt_data;
}
