//! Calls: helpers, kfuncs, subprograms, and what they do to references and callbacks; dispatch only.

use crate::diag::{Step, Stop};
use crate::env::Env;

/// Stack that a call initialises: bytes from `off` of the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawStack {
    /// Whether the argument was on the stack.
    pub(crate) is_stack: bool,
    /// Frame.
    pub(crate) frame: u32,
    /// Offset from the frame pointer, negative.
    pub(crate) off: i32,
    /// Bytes.
    pub(crate) size: u32,
}

/// A call of a helper (`check_helper_call`).
pub(crate) fn helper(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("calls of helpers")
}

/// A call of a kfunc (`check_kfunc_call`).
pub(crate) fn kfunc(_env: &mut Env<'_>) -> Step<AfterKfunc> {
    Stop::unsupported("calls of kfuncs")
}

/// Where the path goes after a kfunc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterKfunc {
    /// On.
    Continues,
    /// It threw an exception: every frame is left.
    Throws,
}

/// Refuses calls that may not be made while a lock is held (the check that `do_check` makes before any call).
pub(crate) fn check_lock_held(_env: &Env<'_>, _insn: skep_isa::Insn) -> Step {
    Ok(())
}

/// A call of a subprogram (`check_func_call`): enters it, or judges the call where it is global. The insn to go on
/// at is left in `env.insn_idx`.
pub(crate) fn subprog(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("calls of subprograms")
}

/// Leaves a subprogram or callback (`prepare_func_exit`): the insn to go on at.
pub(crate) fn exit_subprog(_env: &mut Env<'_>) -> Step<u32> {
    Stop::unsupported("calls of subprograms")
}

/// Checks that nothing is held where the program leaves (`check_resource_leak`); `what` begins the kernel's
/// sentence, such as `BPF_EXIT instruction in main prog`.
pub(crate) fn check_leaks(
    _env: &mut Env<'_>,
    _exception_exit: bool,
    _check_lock: bool,
    _what: &str,
) -> Step {
    Stop::unsupported("references")
}

/// Checks what the program or callback returns (`check_return_code`).
pub(crate) fn check_return(_env: &mut Env<'_>) -> Step {
    Stop::unsupported("return values")
}
