//! How much stack the deepest chain of calls takes (`check_max_stack_depth`).

use skep_abi::{AttachType, Effect, ProgType};

use crate::call_summary::CallSummary;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::insn::Shape;

/// Bytes of stack that a program has in all.
const MAX_STACK: u32 = 512;
/// Functions that call one another, at most.
const MAX_FRAMES: usize = 8;
/// Bytes of stack below which a function has no stack of its own.
const MIN_PRIVATE: u32 = 64;
/// A tail call out of a function is only made from this much stack.
const MAX_BELOW_TAIL_CALL: u32 = 256;
/// Chains of calls are as many as paths in the call graph; beyond this many insns looked at, skep gives up.
const BUDGET: u64 = 50_000_000;

rejections! {
    /// Functions that call one another need more than 512 bytes of stack together.
    ///
    /// All frames of a chain of calls share 512 bytes; each is rounded up to 16.
    CombinedStack("combined-stack-too-large", EACCES, help: "keep large variables in a per-CPU map, or inline functions so that they share a frame") {
        calls: usize, depth: u32,
    } => "combined stack size of {calls} calls is {depth}. Too large";

    /// A function with a stack of its own needs more than 512 bytes.
    PrivateStack("private-stack-too-large", EACCES, help: "keep large variables in a per-CPU map") {
        subprog: u32, depth: u32,
    } => "stack size of subprog {subprog} is {depth}. Too large";

    /// A function makes a tail call while the functions below it hold 256 bytes of stack or more.
    ///
    /// The stack of the callers stays while the other program runs, and chains of tail calls could use it up.
    StackBelowTailCall("stack-below-tail-call", EACCES, help: "make the tail call from the main program, or shrink the stack of its callers") {
        depth: u32,
    } => "tail_calls are not allowed when call stack of previous frames is {depth} bytes. Too large";

    /// More than 8 functions call one another.
    CallsTooDeep("calls-too-deep", E2BIG, help: "inline some of the functions") {
        frames: usize,
    } => "the call stack of {frames} frames is too deep !";

    /// A callback throws an exception.
    ///
    /// Nothing would unwind the kernel's own frames between the program and its callback.
    ThrowFromCallback("throw-from-callback", EINVAL, help: "return a value from the callback that makes the program throw") {
        insn: u32, subprog: u32,
    } => "bpf_throw kfunc (insn {insn}) cannot be called from callback subprog {subprog}";

    /// A callback that runs later makes a tail call.
    TailCallInAsyncCb("tail-call-in-async-callback", EFAULT, help: "return from the callback without a tail call") {
    } => "verifier bug: subprog has tail_call and async cb";

    /// The function that handles exceptions is called.
    CallsExceptionCb("calls-exception-callback", EINVAL, help: "call another function") {
        insn: u32,
    } => "insn {insn} cannot call exception cb directly";

    /// The function that handles exceptions makes a tail call.
    TailCallInExceptionCb("tail-call-in-exception-callback", EINVAL, help: "return from the handler without a tail call") {
    } => "cannot tail call within exception cb";
}

/// Which functions have a stack of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stack {
    Unknown,
    Shared,
    Private,
}

/// A caller that waits.
#[derive(Clone, Copy, Debug)]
struct Caller {
    next: u32,
    subprog: u32,
}

struct Chain {
    stacks: Vec<Stack>,
    callers: Vec<Caller>,
    depth: u32,
    may_be_private: bool,
    sees_tail_call: bool,
    looked_at: u64,
}

/// Checks it.
pub(crate) fn check(env: &mut Env<'_>) -> Step {
    let may_be_private =
        !env.subprogs.iter().any(|subprog| subprog.has_tail_call) && has_private_stacks(env);
    let mut chain = Chain {
        stacks: vec![Stack::Unknown; env.subprogs.len()],
        callers: Vec::new(),
        depth: 0,
        may_be_private,
        sees_tail_call: false,
        looked_at: 0,
    };
    // Callbacks that run later come first: what they call shares the kernel's stack everywhere.
    for root in (0..env.subprogs.len() as u32).rev() {
        if root == 0 || env.subprogs[root as usize].is_async_cb {
            chain.may_be_private = root == 0 && may_be_private;
            chain.sees_tail_call = false;
            chain.walk(env, root)?;
        }
    }
    Ok(())
}

/// Whether functions of this program may have a stack of their own (`bpf_enable_priv_stack`).
fn has_private_stacks(env: &Env<'_>) -> bool {
    env.features.has_private_stacks()
        && match env.prog.prog_type {
            ProgType::Kprobe
            | ProgType::Tracepoint
            | ProgType::PerfEvent
            | ProgType::RawTracepoint => true,
            ProgType::Tracing => env.prog.attach_type != AttachType::TraceIter,
            _ => false,
        }
}

impl Chain {
    fn walk(&mut self, env: &mut Env<'_>, root: u32) -> Step {
        let (mut subprog, mut at) = (root, env.subprogs[root as usize].start);
        self.depth = 0;
        self.enter(env, subprog)?;
        loop {
            match self.next_callee(env, subprog, at)? {
                Some((insn, callee)) => {
                    self.callers.push(Caller { next: insn + 1, subprog });
                    let frames = self.callers.len();
                    if !self.may_be_private {
                        self.stacks[callee as usize] = Stack::Shared;
                    }
                    self.sees_tail_call |= env.subprogs[callee as usize].has_tail_call;
                    if frames >= MAX_FRAMES {
                        return Err(CallsTooDeep { frames }.into());
                    }
                    (subprog, at) = (callee, env.subprogs[callee as usize].start);
                    self.enter(env, subprog)?;
                }
                None => {
                    self.spread_tail_call(env)?;
                    let Some(caller) = self.callers.pop() else { return Ok(()) };
                    if self.stacks[subprog as usize] != Stack::Private {
                        self.depth -= rounded(env, subprog);
                    }
                    (subprog, at) = (caller.subprog, caller.next);
                }
            }
        }
    }

    /// Adds a function's frame.
    fn enter(&mut self, env: &Env<'_>, subprog: u32) -> Step {
        if !self.may_be_private {
            self.stacks[subprog as usize] = Stack::Shared;
        }
        if subprog != 0
            && env.subprogs[subprog as usize].has_tail_call
            && self.depth >= MAX_BELOW_TAIL_CALL
        {
            return Err(StackBelowTailCall { depth: self.depth }.into());
        }
        let own = rounded(env, subprog);
        let stack = &mut self.stacks[subprog as usize];
        if *stack == Stack::Unknown {
            *stack = if own >= MIN_PRIVATE { Stack::Private } else { Stack::Shared };
        }
        if *stack == Stack::Private {
            if own > MAX_STACK {
                return Err(PrivateStack { subprog, depth: own }.into());
            }
            return Ok(());
        }
        self.depth += own;
        if self.depth > MAX_STACK {
            return Err(CombinedStack { calls: self.callers.len() + 1, depth: self.depth }.into());
        }
        Ok(())
    }

    /// The next function that is called from `at` on within the running one, and where.
    fn next_callee(&mut self, env: &Env<'_>, subprog: u32, at: u32) -> Step<Option<(u32, u32)>> {
        for insn_idx in at..env.subprog_end(subprog) {
            self.looked_at += 1;
            if self.looked_at > BUDGET {
                return Stop::unsupported("chains of calls beyond counting");
            }
            let insn = env.insns[insn_idx as usize];
            if insn.is_kfunc_call() {
                self.check_throw(env, subprog, insn_idx)?;
                continue;
            }
            if !insn.is_pseudo_call() && !insn.is_pseudo_func() {
                continue;
            }
            let first = insn_idx.wrapping_add_signed(insn.imm).wrapping_add(1);
            let Some(callee) = env.subprog_at(first) else {
                return Stop::bug("a call leads to no subprogram");
            };
            if env.subprogs[callee as usize].is_async_cb {
                if env.subprogs[callee as usize].has_tail_call {
                    return Err(TailCallInAsyncCb {}.into());
                }
                if !insn.is_pseudo_call() {
                    continue;
                }
                if env.subprogs[callee as usize].is_exception_cb {
                    return Err(CallsExceptionCb { insn: insn_idx }.into());
                }
            }
            return Ok(Some((insn_idx, callee)));
        }
        Ok(None)
    }

    fn check_throw(&self, env: &Env<'_>, subprog: u32, insn: u32) -> Step {
        let call = CallSummary::of(env, env.insns[insn as usize]);
        if call.is_none_or(|call| call.effect != Some(Effect::Throw)) {
            return Ok(());
        }
        let is_cb = |subprog: u32| env.subprogs[subprog as usize].is_cb;
        match is_cb(subprog) || self.callers.iter().any(|caller| is_cb(caller.subprog)) {
            true => Err(ThrowFromCallback { insn, subprog }.into()),
            false => Ok(()),
        }
    }

    /// Once a function of the chain makes a tail call, those below it can be left by one.
    fn spread_tail_call(&self, env: &mut Env<'_>) -> Step {
        if !self.sees_tail_call {
            return Ok(());
        }
        for caller in &self.callers {
            let subprog = &mut env.subprogs[caller.subprog as usize];
            if subprog.is_exception_cb {
                return Err(TailCallInExceptionCb {}.into());
            }
            subprog.tail_call_reachable = true;
        }
        Ok(())
    }
}

/// A frame's bytes as the JIT lays them out; older releases count them as the interpreter would.
fn rounded(env: &Env<'_>, subprog: u32) -> u32 {
    let depth = env.subprogs[subprog as usize].stack_depth;
    match env.features.counts_stack_as_jited() {
        true => depth.next_multiple_of(16),
        false => depth.max(1).next_multiple_of(32),
    }
}
