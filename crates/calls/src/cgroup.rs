//! `kernel/bpf/helpers.c`: control groups, as far as programs hold them or ask which one a task is in.

use skep_machine::cgroup::CgroupId;
use skep_machine::{Cgroups, Fault, Kernel};
use skep_macros::calls;

use crate::arg::{Anything, CgroupStruct, Kptr, TaskStruct};
use crate::ret::Owned;

/// The control group of the current task.
pub(crate) struct CurrentCgroup;

fn cgroups<'m>(k: &Kernel<'_, 'm>) -> &'m Cgroups {
    k.run.machine.cgroups()
}

/// A task of which that is not known is in the root, and the machine says so.
fn current(k: &Kernel<'_, '_>) -> CgroupId {
    let known = k.run.machine.tasks().get(k.run.task).and_then(|task| task.cgroup);
    known.unwrap_or_else(|| {
        k.run.machine.note_unknown("the control group of the current task");
        CgroupId::ROOT
    })
}

#[calls(avail { TRACING, SkMsg, CGROUP_SOCKET, CGROUP_OTHER, BASE: "6.12" })]
impl CurrentCgroup {
    /// Returns the number of the control group of the current task in the default hierarchy.
    #[helper(80, since = "4.18")]
    fn bpf_get_current_cgroup_id(k: &mut Kernel<'_, '_>) -> u64 {
        current(k).0
    }

    /// Returns the number of the control group that is above the current task's, at a level from the root, which is level
    /// 0; 0 when the level is deeper.
    #[helper(123, since = "5.7")]
    fn bpf_get_current_ancestor_cgroup_id(k: &mut Kernel<'_, '_>, ancestor_level: Anything) -> u64 {
        cgroups(k).ancestor(current(k), ancestor_level.0 as i32).map_or(0, |id| id.0)
    }
}

/// References.
pub(crate) struct CgroupRefs;

#[calls(
    since = "6.2",
    hooks { XDP, TC, STRUCT_OPS, TRACING, SYSCALL, CGROUP },
    gpl,
)]
impl CgroupRefs {
    /// Takes another reference to a control group, or returns null when it is gone.
    #[kfunc(flags { "6.2": ACQUIRE | RCU | RET_NULL })]
    fn bpf_cgroup_acquire(
        k: &mut Kernel<'_, '_>,
        cgrp: Kptr<CgroupStruct>,
    ) -> Result<Option<Owned<CgroupStruct>>, Fault> {
        Ok(cgroups(k).acquire(cgrp.addr())?.map(Owned::new))
    }

    /// Gives a reference to a control group up.
    #[kfunc(flags { "6.2": RELEASE })]
    fn bpf_cgroup_release(k: &mut Kernel<'_, '_>, cgrp: Kptr<CgroupStruct>) -> Result<(), Fault> {
        cgroups(k).release(cgrp.addr())
    }

    /// Takes a reference to the control group that is above another one, at a level from the root, or to itself; null for a
    /// level that is deeper or negative.
    #[kfunc(flags { "6.2": ACQUIRE | RCU | RET_NULL })]
    fn bpf_cgroup_ancestor(
        k: &mut Kernel<'_, '_>,
        cgrp: Kptr<CgroupStruct>,
        level: i32,
    ) -> Result<Option<Owned<CgroupStruct>>, Fault> {
        Ok(cgroups(k).acquire_ancestor(cgrp.addr(), level)?.map(Owned::new))
    }

    /// Takes a reference to the control group with a number, or returns null when there is none.
    #[kfunc(since = "6.4", flags { "6.4": ACQUIRE | RET_NULL })]
    fn bpf_cgroup_from_id(k: &mut Kernel<'_, '_>, cgid: u64) -> Option<Owned<CgroupStruct>> {
        cgroups(k).get_from_id(CgroupId(cgid)).map(Owned::new)
    }

    /// Tells whether a task is in a control group, or in one below it.
    #[kfunc(since = "6.5", flags { "6.5": RCU })]
    fn bpf_task_under_cgroup(
        k: &mut Kernel<'_, '_>,
        task: Kptr<TaskStruct>,
        ancestor: Kptr<CgroupStruct>,
    ) -> Result<i64, Fault> {
        let tasks = k.run.machine.tasks();
        let of = tasks.seen(task.addr())?.and_then(|tid| tasks.get(tid));
        let of = of.map(|task| task.cgroup.unwrap_or(CgroupId::ROOT));
        let ancestor = cgroups(k).seen(ancestor.addr())?;
        let is_under =
            of.zip(ancestor).is_some_and(|(of, above)| cgroups(k).is_descendant(of, above));
        Ok(is_under.into())
    }

    /// Takes a reference to the control group that a task is in in a hierarchy of version 1: null, since the machine has no
    /// such hierarchies.
    #[kfunc(since = "6.8", flags { "6.8": ACQUIRE | RCU | RET_NULL })]
    fn bpf_task_get_cgroup1(
        k: &mut Kernel<'_, '_>,
        task: Kptr<TaskStruct>,
        _hierarchy_id: i32,
    ) -> Result<Option<Owned<CgroupStruct>>, Fault> {
        k.run.machine.tasks().seen(task.addr())?;
        Ok(None)
    }
}
