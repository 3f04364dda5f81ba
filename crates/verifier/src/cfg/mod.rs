//! The control flow (`kernel/bpf/cfg.c`): every insn is reached, jumps land on insns, where states are kept.

mod successors;
mod visit;

use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::insn::Shape;

pub(crate) use successors::successors;
use visit::Walk;

rejections! {
    /// No path leads to an insn.
    ///
    /// The kernel takes no code that cannot run. Compilers remove such code; it comes from assembly, or from
    /// `asm goto`.
    Unreachable("unreachable-insn", EINVAL, help: "remove the insn, or let some path lead to it") {
        insn: usize,
    } => "unreachable insn {insn}";

    /// A jump lands on the second half of a 64-bit load.
    IntoLdImm64("jump-into-ld-imm64", EINVAL, help: "let the jump land on an insn") {
        insn: usize,
    } => "jump into the middle of ldimm64 insn {insn}";

    /// Control leads out of the program.
    LeavesProgram("leaves-program", EINVAL, help: "end every path with `exit`") {
        from: u32, to: i64,
    } => "{from}: jump out of range from insn {from} to {to}";

    /// A loop is closed by something else than a jump of its own function, which kernels before 6.7 refuse.
    BackEdge("back-edge", EINVAL, help: "close the loop by a jump, or use Linux 6.7 or later; functions cannot call themselves") {
        from: u32, to: usize,
    } => "back-edge from insn {from} to {to}";
}

/// Walks the control flow depth-first and marks where states are to be kept.
pub(crate) fn check(env: &mut Env<'_>) -> Step {
    let mut walk = Walk::new(env.insns.len());
    walk.from(env, 0)?;
    if let Some(cb) = env.exception_cb {
        walk.from(env, env.subprogs[cb as usize].start)?;
    }
    let mut at = 0;
    while let Some(insn) = env.insns.get(at) {
        if !walk.is_explored(at) {
            return Err(Unreachable { insn: at }.into());
        }
        if insn.is_ld_imm64() && walk.is_discovered(at + 1) {
            return Err(IntoLdImm64 { insn: at }.into());
        }
        at += insn.slots() as usize;
    }
    Ok(())
}

/// Orders the insns of each function so that successors come first, where there are no loops.
pub(crate) fn postorder(env: &mut Env<'_>) {
    let len = env.insns.len();
    let mut order = Vec::with_capacity(len);
    let mut discovered = vec![false; len];
    let mut expanded = vec![false; len];
    let mut stack = Vec::new();
    for subprog in 0..env.subprogs.len() {
        env.subprogs[subprog].postorder_start = order.len() as u32;
        stack.push(env.subprogs[subprog].start);
        while let Some(&top) = stack.last() {
            discovered[top as usize] = true;
            if core::mem::replace(&mut expanded[top as usize], true) {
                order.push(top);
                stack.pop();
                continue;
            }
            for next in successors(env.insns, top) {
                if !core::mem::replace(&mut discovered[next as usize], true) {
                    stack.push(next);
                }
            }
        }
    }
    env.postorder = order;
}
