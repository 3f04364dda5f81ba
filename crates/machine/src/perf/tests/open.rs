//! What `perf_event_open` refuses.

use skep_abi::{Cpu, Errno, Pid};

use super::{PerfEventAttr, Rate, Target, clock, machine};
use crate::perf::SampleType;
use crate::{File, Machine};

fn refused(
    machine: &Machine,
    attr: &PerfEventAttr,
    target: Target,
    cpu: impl Into<Option<Cpu>>,
) -> Option<Errno> {
    machine.perf_event_open(attr, target, cpu).err()
}

#[test]
fn cpus_and_tasks_must_exist() {
    let machine = machine();
    let attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    let open = |target, cpu: Option<u32>| refused(&machine, &attr, target, cpu.map(Cpu));
    assert_eq!(open(Target::AnyTask, Some(3)), None);
    assert_eq!(open(Target::AnyTask, Some(4)), Some(Errno::EINVAL));
    assert_eq!(open(Target::AnyTask, None), Some(Errno::EINVAL));
    assert_eq!(open(Target::Task(Pid(10)), None), None);
    assert_eq!(open(Target::Task(Pid(10)), Some(9)), Some(Errno::EINVAL));
    assert_eq!(open(Target::Task(Pid(12)), None), Some(Errno::ESRCH));
    assert_eq!(open(Target::Task(Pid(12)), Some(9)), Some(Errno::ESRCH), "the task comes first");
    machine.exit_task(Pid(10));
    assert_eq!(open(Target::Task(Pid(10)), None), Some(Errno::ESRCH));
}

#[test]
fn attributes_come_before_the_target_and_the_pmu_after_it() {
    let machine = machine();
    let mut attr = PerfEventAttr::new(77, 0, Rate::Period(1));
    assert_eq!(refused(&machine, &attr, Target::AnyTask, Cpu(0)), Some(Errno::ENOENT));
    assert_eq!(refused(&machine, &attr, Target::AnyTask, Cpu(9)), Some(Errno::EINVAL));
    attr.rate = Rate::Frequency(1_000_000);
    assert_eq!(refused(&machine, &attr, Target::Task(Pid(12)), None), Some(Errno::EINVAL));
    let mut signal = PerfEventAttr::cpu_clock(Rate::Period(1));
    (signal.sigtrap, signal.remove_on_exec) = (true, true);
    assert_eq!(refused(&machine, &signal, Target::AnyTask, Cpu(0)), Some(Errno::EINVAL));
    assert_eq!(refused(&machine, &signal, Target::Task(Pid(10)), None), None);
    let mut reads = PerfEventAttr::cpu_clock(Rate::Period(1));
    (reads.inherit, reads.sample_type) = (true, SampleType::READ);
    assert_eq!(refused(&machine, &reads, Target::Task(Pid(10)), None), Some(Errno::EINVAL));
    reads.sample_type |= SampleType::TID;
    assert_eq!(refused(&machine, &reads, Target::Task(Pid(10)), None), None);
    let unknown = PerfEventAttr::tracepoint(500);
    assert_eq!(refused(&machine, &unknown, Target::AnyTask, Cpu(0)), Some(Errno::EINVAL));
}

#[test]
fn groups_are_of_one_cpu_and_one_task() {
    let machine = machine();
    let attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    let leader = clock(&machine);
    let open = |attr: &PerfEventAttr, target, cpu, group: &File| {
        machine.perf_event_open_in(attr, target, Some(Cpu(cpu)), Some(group))
    };
    let group = File::from(&leader);
    let sibling = open(&attr, Target::AnyTask, 1, &group).unwrap();
    assert_eq!(sibling.leader().map(|leader| leader.id()), Some(leader.id()));
    let errno =
        |attr: &PerfEventAttr, target, cpu, group: &File| open(attr, target, cpu, group).err();
    assert_eq!(errno(&attr, Target::AnyTask, 2, &group), Some(Errno::EINVAL));
    assert_eq!(errno(&attr, Target::Task(Pid(10)), 1, &group), Some(Errno::EINVAL));
    let of_sibling = errno(&attr, Target::AnyTask, 1, &File::from(&sibling));
    assert_eq!(of_sibling, Some(Errno::EINVAL));
    let pinned = PerfEventAttr { pinned: true, ..attr.clone() };
    assert_eq!(errno(&pinned, Target::AnyTask, 1, &group), Some(Errno::EINVAL));
    assert_eq!(errno(&attr, Target::Task(Pid(12)), 1, &File::Other), Some(Errno::EBADF));
    assert_eq!(errno(&attr, Target::AnyTask, 1, &File::Closed), Some(Errno::EBADF));
    let inherits = PerfEventAttr { inherit: true, ..attr };
    let task = machine.perf_event_open(&inherits, Target::Task(Pid(10)), Cpu(1)).unwrap();
    let mixed = PerfEventAttr { inherit: false, ..inherits };
    let refused = errno(&mixed, Target::Task(Pid(10)), 1, &File::from(&task));
    assert_eq!(refused, Some(Errno::EINVAL));
}
