//! Leaving a function, and the program.

use super::Next;
use crate::call;
use crate::diag::Step;
use crate::env::Env;

/// `exit`: back to the caller, or out of the program.
pub(super) fn check(env: &mut Env<'_>) -> Step<Next> {
    let is_main = env.state.curframe() == 0;
    // A callback must leave as many references as it found, so this comes before the frame goes.
    call::check_leaks(env, false, is_main, "BPF_EXIT instruction in main prog")?;
    if !is_main {
        return call::exit_subprog(env).map(Next::Returned);
    }
    call::check_return(env)?;
    Ok(Next::Done)
}

/// `bpf_throw`: out of every frame at once.
pub(crate) fn throw(env: &mut Env<'_>) -> Step<Next> {
    call::check_leaks(env, true, true, "bpf_throw")?;
    Ok(Next::Done)
}
