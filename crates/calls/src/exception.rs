//! `kernel/bpf/helpers.c`: exceptions, and preemption.

use skep_machine::{Kernel, Stop};
use skep_macros::calls;

use crate::ret::Answer;

/// Exceptions.
pub(crate) struct Exceptions;

#[calls(
    since = "6.7",
    hooks { XDP, TC, STRUCT_OPS, TRACING, SYSCALL, CGROUP },
    gpl,
)]
impl Exceptions {
    /// Ends the program with `cookie` as its result, or with what its exception callback makes of that.
    #[kfunc(effect = Throw)]
    fn bpf_throw(_k: &mut Kernel<'_, '_>, cookie: u64) -> Answer<()> {
        Err(Stop::Throw(cookie).into())
    }
}

/// Preemption.
pub(crate) struct Preempt;

#[calls(since = "6.10", avail { COMMON }, gpl)]
impl Preempt {
    /// Keeps the program on its CPU; may be nested.
    #[kfunc(effect = PreemptDisable)]
    fn bpf_preempt_disable(_k: &mut Kernel<'_, '_>) {}

    /// Ends what `bpf_preempt_disable` began.
    #[kfunc(effect = PreemptEnable)]
    fn bpf_preempt_enable(_k: &mut Kernel<'_, '_>) {}
}
