//! Entering a function (`setup_func_entry`).

use crate::diag::{Step, rejections};
use crate::state::{Frame, State};

/// Frames that may be active at once (`MAX_CALL_FRAMES`).
const MAX_CALL_FRAMES: u32 = 8;

rejections! {
    /// Functions call each other more than eight deep, the program's own frame included.
    ///
    /// Callbacks that a helper runs count too.
    CallStackTooDeep("call-stack-too-deep", E2BIG, help: "inline some of the functions, or turn recursion into a loop") {
        frames: u32,
    } => "the call stack of {frames} frames is too deep";
}

/// Begins a frame of `subprog` within `state`; nothing but R10 is known in it.
pub(crate) fn enter(state: &mut State, subprog: u32, callsite: u32) -> Step<&mut Frame> {
    let depth = state.curframe() + 1;
    if depth >= MAX_CALL_FRAMES {
        return Err(CallStackTooDeep { frames: depth + 1 }.into());
    }
    state.frames.push(Frame::new(callsite, depth, subprog));
    Ok(state.frame_mut())
}
