//! Control groups of tasks.

use skep_abi::Pid;
use skep_machine::{CgroupId, Task};

use super::storage::owners;
use crate::bench::{Bench, TID};

/// A bench whose task is in `/hive/comb`, and both.
fn bench() -> (Bench, CgroupId, CgroupId) {
    let bench = owners();
    let cgroups = bench.machine.cgroups();
    let hive = cgroups.create(CgroupId::ROOT, "hive").unwrap();
    let comb = cgroups.create(hive, "comb").unwrap();
    bench.machine.cgroup_attach(comb, TID).unwrap();
    (bench, hive, comb)
}

#[test]
pub(super) fn the_current_task_is_in_a_control_group() {
    let (mut bench, hive, comb) = bench();
    assert_eq!(bench.call("bpf_get_current_cgroup_id", []), comb.0);
    let above = |level: u64| bench.call("bpf_get_current_ancestor_cgroup_id", [level]);
    assert_eq!([0, 1, 2].map(above), [1, hive.0, comb.0]);
    assert_eq!((above(3), above(u64::MAX), above(u64::from(u32::MAX))), (0, 0, 0));
    bench.task = Pid(9);
    assert_eq!(bench.machine.unmodelled_fields(), Vec::<String>::new());
    assert_eq!(bench.call("bpf_get_current_cgroup_id", []), 1, "nothing is known of it");
    assert_eq!(bench.machine.unmodelled_fields(), ["the control group of the current task"]);
}

#[test]
pub(super) fn control_groups_are_held_and_given_up() {
    let (bench, hive, comb) = bench();
    let from_id = |id: u64| bench.call("bpf_cgroup_from_id", [id]);
    assert_eq!((from_id(99), from_id(0)), (0, 0));
    let held = from_id(comb.0);
    assert_eq!(held, bench.machine.cgroups().object(comb).0);
    assert_eq!(bench.call("bpf_cgroup_acquire", [held]), held);
    let above = |level: i64| bench.call("bpf_cgroup_ancestor", [held, level.cast_unsigned()]);
    let hive = bench.machine.cgroups().object(hive).0;
    assert_eq!((above(1), above(2), above(3), above(-1)), (hive, held, 0, 0));
    for held in [held, held, held, hive] {
        bench.call("bpf_cgroup_release", [held]);
    }
    assert_eq!(bench.machine.held_objects(), []);
    assert!(bench.fault("bpf_cgroup_release", [held]).contains("nobody holds"));
    assert!(bench.fault("bpf_cgroup_acquire", [bench.at(0)]).contains("is no cgroup"));
}

#[test]
pub(super) fn a_task_is_under_all_that_are_above_it() {
    let (bench, hive, comb) = bench();
    let other = bench.machine.cgroups().create(CgroupId::ROOT, "other").unwrap();
    bench.machine.tasks().insert(Task::new(Pid(5), Pid(5), "wasp"));
    let [own, wasp] = [TID, Pid(5)].map(|tid| bench.machine.tasks().object(tid).0);
    let under = |task: u64, id| {
        let cgroup = bench.machine.cgroups().object(id).0;
        bench.call("bpf_task_under_cgroup", [task, cgroup])
    };
    let all = [CgroupId::ROOT, hive, comb, other];
    assert_eq!(all.map(|id| under(own, id)), [1, 1, 1, 0]);
    assert_eq!(all.map(|id| under(wasp, id)), [1, 0, 0, 0]);
    assert_eq!(bench.call("bpf_task_get_cgroup1", [own, 0]), 0, "no hierarchy of version 1");
    assert!(bench.fault("bpf_task_get_cgroup1", [bench.at(0), 0]).contains("is no task"));
}
