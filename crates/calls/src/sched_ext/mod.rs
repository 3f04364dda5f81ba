//! sched_ext for those that watch: what any tracing program may ask of the scheduler's side.

mod ext;
mod idle;
mod select;

pub(crate) use ext::Ext;
pub(crate) use idle::Idle;
pub(crate) use select::SelectCpu;

use skep_abi::Pid;
use skep_machine::scx::SchedExt;
use skep_machine::{Fault, Kernel};

use crate::arg::{ConstKptr, Cpumask};

/// Any mask.
type Mask = ConstKptr<Cpumask>;

fn scx<'m>(k: &Kernel<'_, 'm>) -> SchedExt<'m> {
    k.run.machine.sched_ext()
}

/// The thread whose `task_struct` is at an address.
fn thread(k: &Kernel<'_, '_>, task: skep_abi::Addr) -> Result<Pid, Fault> {
    k.run.machine.tasks().at(task).ok_or_else(|| Fault::WrongObject {
        addr: task,
        what: "task_struct",
        found: k.run.memory().describe(task),
    })
}
