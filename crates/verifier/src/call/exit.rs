//! Leaving a subprogram or callback (`prepare_func_exit`).

use skep_isa::Reg;

use super::ret::{RetRange, When, check_range};
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::Base;
use crate::{explore, liveness, precision};

rejections! {
    /// A subprogram returns a pointer to the stack.
    ///
    /// Its own stack is gone when it returns, and the verifier does not tell whose stack it is.
    ReturnsStack("returns-stack-pointer", EINVAL, help: "let the caller pass the memory") {
    } => "cannot return stack pointer to the caller";

    /// A callback returns something that is no number.
    CallbackNotScalar("callback-returns-pointer", EACCES, help: "return 0 to go on, 1 to stop") {
    } => "R0 not a scalar value";
}

/// Leaves: the insn to go on at. A callback goes back to the call that runs it, which may run it again.
pub(crate) fn exit_subprog(env: &mut Env<'_>) -> Step<u32> {
    liveness::update(env);
    let result = *env.reg(Reg::R0);
    if result.ty.is(Base::Stack) {
        return Err(ReturnsStack {}.into());
    }
    let callee = env.state.frame();
    let (callsite, allowed) = (callee.callsite, RetRange::new(callee.callback_ret));
    let is_callback = callee.is_sync_callback();
    if is_callback {
        if !result.is_scalar() {
            return Err(CallbackNotScalar {}.into());
        }
        precision::mark_chain(env, Reg::R0)?;
        check_range(env, Reg::R0, allowed, When::Callback)?;
    }
    if !env.features.calls_under_lock() {
        super::check_leaks(env, false, true, "BPF_EXIT instruction")?;
    }
    env.state.frames.pop();
    if is_callback && !env.features.callbacks_converge() {
        return Ok(callsite + 1);
    }
    if is_callback {
        explore::widen_at_return(env, callsite);
        return Ok(callsite);
    }
    *env.reg_mut(Reg::R0) = result;
    Ok(callsite + 1)
}
