//! Control groups, by the types of the running kernel.

use skep_abi::{Addr, Errno, Pid};
use skep_btf::{Btf, Kind};

use super::CgroupId;
use crate::{Machine, NewTask, NoUserMemory, Task, Width};

fn machine() -> Option<Machine> {
    let bytes = match std::fs::read("/sys/kernel/btf/vmlinux") {
        Ok(bytes) => bytes,
        Err(error) => {
            skep_skip::skipped!("the kernel's types cannot be read: {error}");
            return None;
        }
    };
    Some(Machine::builder().btf(Btf::parse(&bytes).unwrap()).build().unwrap())
}

/// A field of an object, as a program loads it.
fn field(machine: &Machine, of: &str, at: Addr, path: &str) -> u64 {
    let btf = machine.btf().unwrap();
    let field = btf.field(btf.find(of, Kind::Struct).unwrap(), path).unwrap();
    let width = Width::from_bytes(btf.size_of(field.ty).unwrap()).unwrap_or(Width::Dw);
    machine.memory().load(Addr(at.0 + field.byte_offset()), width).unwrap()
}

#[test]
fn a_task_points_to_its_cgroup_and_that_to_those_above() {
    let Some(machine) = machine() else { return };
    let cgroups = machine.cgroups();
    let hive = cgroups.create(CgroupId::ROOT, "hive").unwrap();
    let comb = cgroups.create(hive, "comb").unwrap();
    machine.tasks().insert(Task::new(Pid(7), Pid(7), "bee"));
    machine.cgroup_attach(comb, Pid(7)).unwrap();
    let task = machine.tasks().object(Pid(7));
    let of_task = |task| {
        let set = Addr(field(&machine, "task_struct", task, "cgroups"));
        Addr(field(&machine, "css_set", set, "dfl_cgrp"))
    };
    let at = of_task(task);
    assert_eq!(at, cgroups.object(comb));
    assert_eq!(cgroups.at(at), Some(comb));
    assert_eq!(field(&machine, "cgroup", at, "level"), 2);
    assert_eq!(field(&machine, "cgroup", at, "self.parent"), cgroups.object(hive).0);
    let node = Addr(field(&machine, "cgroup", at, "kn"));
    assert_eq!(field(&machine, "kernfs_node", node, "id"), comb.0);
    let name = Addr(field(&machine, "kernfs_node", node, "name"));
    assert_eq!(machine.memory().read_cstr(name, 16).unwrap(), b"comb");
    let btf = machine.btf().unwrap();
    let cgroup = btf.find("cgroup", Kind::Struct).unwrap();
    let above = Addr(at.0 + btf.field(cgroup, "ancestors").unwrap().byte_offset());
    let ancestors =
        [0, 8, 16, 24].map(|at| machine.memory().load(above.offset(at), Width::Dw).unwrap());
    let [root, hive_at, comb_at] = [CgroupId::ROOT, hive, comb].map(|id| cgroups.object(id).0);
    assert_eq!(ancestors, [root, hive_at, comb_at, 0]);
    // A new task is where its parent is, whatever becomes of that one.
    machine.new_task(&NewTask::fork(Pid(7), Pid(8)), &NoUserMemory);
    machine.cgroup_attach(hive, Pid(7)).unwrap();
    assert_eq!(of_task(task), cgroups.object(hive));
    assert_eq!(of_task(machine.tasks().object(Pid(8))), cgroups.object(comb));
    assert_eq!(machine.unmodelled_fields(), Vec::<String>::new());
}

#[test]
fn a_cgroup_that_is_in_use_stays_and_a_held_one_lives_on() {
    let Some(machine) = machine() else { return };
    let cgroups = machine.cgroups();
    let hive = cgroups.create(CgroupId::ROOT, "hive").unwrap();
    let comb = cgroups.create(hive, "comb").unwrap();
    assert_eq!(cgroups.create(hive, "comb"), Err(Errno::EEXIST));
    assert_eq!(cgroups.create(CgroupId(99), "x"), Err(Errno::ENOENT));
    assert_eq!(cgroups.create_as(hive, "other", comb), Err(Errno::EEXIST));
    assert_eq!(machine.cgroup_rmdir(CgroupId::ROOT), Err(Errno::EBUSY));
    assert_eq!(machine.cgroup_rmdir(hive), Err(Errno::EBUSY), "comb is in it");
    machine.tasks().insert(Task::new(Pid(7), Pid(7), "bee"));
    machine.cgroup_attach(comb, Pid(7)).unwrap();
    assert_eq!(machine.cgroup_attach(comb, Pid(8)), Err(Errno::ESRCH));
    assert_eq!(machine.cgroup_rmdir(comb), Err(Errno::EBUSY), "a task is in it");
    machine.exit_task(Pid(7));
    let held = cgroups.get_from_id(comb).unwrap();
    assert_eq!(machine.cgroup_rmdir(comb), Ok(()));
    assert_eq!((cgroups.is_alive(comb), cgroups.get_from_id(comb)), (Some(false), None));
    assert_eq!(machine.cgroup_rmdir(hive), Ok(()), "what is left of comb keeps nobody");
    assert_eq!(cgroups.acquire(held), Ok(Some(held)), "it is held, so it can be held again");
    assert_eq!(cgroups.acquire_ancestor(held, 1).unwrap(), Some(cgroups.object(hive)));
    assert_eq!(machine.leaked_objects().len(), 2);
    for held in [cgroups.object(hive), held, held] {
        assert_eq!(cgroups.release(held), Ok(()));
    }
    assert_eq!((cgroups.is_alive(comb), cgroups.is_alive(hive)), (None, None));
    assert_eq!(cgroups.acquire(held), Ok(None), "gone");
    assert_eq!(machine.held_objects(), []);
    let root = cgroups.object(CgroupId::ROOT);
    assert!(cgroups.release(root).unwrap_err().to_string().contains("nobody holds"));
    assert!(cgroups.acquire(machine.tasks().object(Pid(1))).is_err());
}

#[test]
fn ancestors_are_counted_from_the_root() {
    let machine = Machine::builder().build().unwrap();
    let cgroups = machine.cgroups();
    let hive = cgroups.create(CgroupId::ROOT, "hive").unwrap();
    let comb = cgroups.create(hive, "comb").unwrap();
    let other = cgroups.create(CgroupId::ROOT, "other").unwrap();
    let above = [0, 1, 2, 3, -1].map(|level| cgroups.ancestor(comb, level));
    assert_eq!(above, [Some(CgroupId::ROOT), Some(hive), Some(comb), None, None]);
    assert!(cgroups.is_descendant(comb, hive) && cgroups.is_descendant(comb, comb));
    assert!(!cgroups.is_descendant(comb, other) && !cgroups.is_descendant(hive, comb));
    assert_eq!(cgroups.object(hive), Addr::NULL, "without types there are no objects");
}
