//! The functions of a program (`add_subprog_and_kfunc`, `check_subprogs`).

mod ctx_type;
mod exception_cb;
mod global_args;
mod kfunc;

use skep_isa::opcode;

use crate::diag::{Step, rejections};
use crate::env::{Env, Subprog};
use crate::insn::Shape;

pub(crate) use ctx_type::REJECTIONS as CTX_TYPE_REJECTIONS;
pub(crate) use ctx_type::is_ctx;
pub(crate) use exception_cb::REJECTIONS as EXCEPTION_CB_REJECTIONS;
pub(crate) use global_args::{REJECTIONS as GLOBAL_ARGS_REJECTIONS, global_args};
pub(crate) use kfunc::REJECTIONS as KFUNC_REJECTIONS;

/// No program has more functions.
const MAX_SUBPROGS: usize = 256;

rejections! {
    /// A call, or the address of a function, leads outside the program.
    ///
    /// The distance in the insn does not lie within the program's insns. Compilers never write this; the object was
    /// damaged or assembled by hand.
    CallOutOfProgram("call-out-of-program", EINVAL, help: "let the call's distance lead to an insn of the program") {
    } => "call to invalid destination";

    /// The program has more than 256 functions.
    ///
    /// Every static function that is not inlined counts, and so does every callback.
    TooManySubprogs("too-many-subprograms", E2BIG, help: "mark small functions `__always_inline`, or split the program by tail calls") {
    } => "too many subprograms";

    /// A jump leads out of its function.
    ///
    /// Jumps must stay within the function that they are in; only calls lead elsewhere.
    JumpOutOfRange("jump-out-of-range", EINVAL, help: "let the jump land on an insn of the same function") {
        from: u32, to: i32,
    } => "jump out of range from insn {from} to {to}";

    /// A function does not end in `exit` or a jump.
    ///
    /// Control would fall through its last insn into whatever follows. Compilers leave this behind where a path has
    /// undefined behaviour, such as a missing `return` or a loop without end that was assumed to end.
    FallsThroughEnd("falls-through-end", EINVAL, help: "return from every path of the function") {
    } => "last insn is not an exit or jmp";
}

/// Finds every function: called, or taken the address of; and every kfunc that is called.
pub(crate) fn find(env: &mut Env<'_>) -> Step {
    add(env, 0)?;
    let insns = env.insns;
    let mut kfuncs = kfunc::Seen::default();
    for (at, insn) in (0_i64..).zip(insns) {
        if insn.is_pseudo_func() || insn.is_pseudo_call() {
            add(env, at + i64::from(insn.imm) + 1)?;
        } else if insn.is_kfunc_call() {
            kfuncs.add(env, *insn)?;
        }
    }
    if !env.features.has_exceptions() {
        return Ok(());
    }
    let Some(first) = exception_cb::first_insn(env)? else { return Ok(()) };
    add(env, i64::from(first))?;
    if let Some(cb) = env.subprog_at(first) {
        env.exception_cb = Some(cb);
        let subprog = &mut env.subprogs[cb as usize];
        subprog.is_cb = true;
        subprog.is_async_cb = true;
        subprog.is_exception_cb = true;
    }
    Ok(())
}

fn add(env: &mut Env<'_>, first: i64) -> Step {
    let start = u32::try_from(first).ok().filter(|&start| (start as usize) < env.insns.len());
    let start = start.ok_or_else(|| Box::from(CallOutOfProgram {}))?;
    let Err(place) = env.subprogs.binary_search_by_key(&start, |s| s.start) else { return Ok(()) };
    if env.subprogs.len() >= MAX_SUBPROGS {
        return Err(TooManySubprogs {}.into());
    }
    env.subprogs.insert(place, Subprog { start, ..Subprog::default() });
    Ok(())
}

/// Checks that jumps stay within their function, and that no function falls through its end.
pub(crate) fn check(env: &mut Env<'_>) -> Step {
    for subprog in 0..env.subprogs.len() {
        let (start, end) = (env.subprogs[subprog].start, env.subprog_end(subprog as u32));
        for at in start..end {
            let insn = env.insns[at as usize];
            let facts = &mut env.subprogs[subprog];
            if insn.is_helper_call() && insn.imm == TAIL_CALL {
                facts.has_tail_call = true;
                facts.tail_call_reachable = true;
            }
            facts.has_ld_abs |= insn.is_ld_abs();
            let op = insn.code & opcode::OP_MASK;
            if !insn.is_jump_class() || matches!(op, opcode::EXIT | opcode::CALL) {
                continue;
            }
            // Wraps as the kernel's `int` does, and so leaves the function all the same.
            let to = at.wrapping_add_signed(insn.jump_off()).wrapping_add(1);
            if to < start || to >= end {
                return Err(JumpOutOfRange { from: at, to: to.cast_signed() }.into());
            }
        }
        let last = env.insns[end as usize - 1];
        if !last.is_exit() && !last.is_goto() {
            return Err(FallsThroughEnd {}.into());
        }
    }
    Ok(())
}

/// `BPF_FUNC_tail_call`: a jump by another name, which the kernel looks for in the encoding, before prototypes.
const TAIL_CALL: i32 = 12;
