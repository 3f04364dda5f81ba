//! `kernel/trace/bpf_trace.c`: the current `task_struct`.

use skep_machine::Kernel;
use skep_macros::calls;

use crate::ret::TrustedTask;

/// The current task as an object.
pub(crate) struct CurrentTask;

#[calls(avail { TRACING, BASE: "5.8" }, gpl)]
impl CurrentTask {
    /// Returns the address of the current `task_struct`, as a number.
    ///
    /// It is 0 on a machine that was built without the kernel's types.
    #[helper(35, since = "4.8")]
    fn bpf_get_current_task(k: &mut Kernel<'_, '_>) -> u64 {
        k.run.machine.tasks().object(k.run.task).0
    }

    /// Returns the current `task_struct`, whose fields may be walked.
    ///
    /// It is null on a machine that was built without the kernel's types.
    #[helper(158, since = "5.11", avail { TRACING, BASE: "5.15" })]
    fn bpf_get_current_task_btf(k: &mut Kernel<'_, '_>) -> TrustedTask {
        TrustedTask(k.run.machine.tasks().object(k.run.task))
    }
}
