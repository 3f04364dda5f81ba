//! Tasks, and their objects by the types of the running kernel.

use skep_abi::{Addr, Cpu, Pid};
use skep_btf::{Btf, Kind};

use super::Task;
use crate::{Machine, Width};

/// A machine with the running kernel's types, or why there is none.
fn machine(cpus: u32) -> Option<Machine> {
    let bytes = match std::fs::read("/sys/kernel/btf/vmlinux") {
        Ok(bytes) => bytes,
        Err(error) => {
            skep_skip::skipped!("the kernel's types cannot be read: {error}");
            return None;
        }
    };
    Some(Machine::builder().cpus(cpus).btf(Btf::parse(&bytes).unwrap()).build().unwrap())
}

/// Value and address of a field of an object.
fn field(machine: &Machine, of: &str, at: Addr, path: &str) -> (u64, Addr) {
    let btf = machine.btf().unwrap();
    let ty = btf.find(of, Kind::Struct).unwrap();
    let field = btf.field(ty, path).unwrap();
    let addr = Addr(at.0 + field.byte_offset());
    let width = Width::from_bytes(btf.size_of(field.ty).unwrap()).unwrap_or(Width::Dw);
    (machine.memory().load(addr, width).unwrap(), addr)
}

fn task_field(machine: &Machine, at: Addr, path: &str) -> u64 {
    field(machine, "task_struct", at, path).0
}

fn comm(machine: &Machine, at: Addr) -> String {
    let (_, addr) = field(machine, "task_struct", at, "comm");
    String::from_utf8(machine.memory().read_cstr(addr, 16).unwrap()).unwrap()
}

#[test]
fn a_task_struct_tells_what_is_known() {
    let Some(machine) = machine(70) else { return };
    let tasks = machine.tasks();
    let mut task = Task::new(Pid(11), Pid(10), "worker-with-a-long-name");
    (task.uid, task.gid, task.parent, task.start_time) = (1000, 100, Some(Pid(5)), 777);
    task.affinity = vec![0b101, 1];
    tasks.insert(task);
    tasks.insert(Task::new(Pid(10), Pid(10), "leader"));
    let at = tasks.object(Pid(11));
    let number = |path| task_field(&machine, at, path);
    assert_eq!((number("pid"), number("tgid"), number("start_time")), (11, 10, 777));
    assert_eq!(comm(&machine, at), "worker-with-a-l");
    assert_eq!(task_field(&machine, Addr(number("group_leader")), "pid"), 10);
    let parent = Addr(number("real_parent"));
    assert_eq!((task_field(&machine, parent, "pid"), number("parent")), (5, parent.0));
    let cred = Addr(number("real_cred"));
    assert_eq!(field(&machine, "cred", cred, "uid.val").0, 1000);
    assert_eq!(field(&machine, "cred", cred, "egid.val").0, 100);
    let mask = Addr(number("cpus_ptr"));
    assert_eq!(mask, field(&machine, "task_struct", at, "cpus_mask").1);
    let words = [0, 8].map(|at| machine.memory().load(mask.offset(at), Width::Dw).unwrap());
    assert_eq!((words, number("nr_cpus_allowed")), ([0b101, 1], 3));
    assert_ne!(number("mm"), 0);
    assert!(machine.unmodelled_fields().is_empty(), "{:?}", machine.unmodelled_fields());
}

#[test]
fn a_task_of_which_nothing_is_known_has_the_idle_task_as_its_parent() {
    let Some(machine) = machine(2) else { return };
    let at = machine.tasks().object(Pid(42));
    assert_eq!((task_field(&machine, at, "pid"), comm(&machine, at)), (42, String::new()));
    let idle = Addr(task_field(&machine, at, "real_parent"));
    assert_eq!(
        (task_field(&machine, idle, "pid"), comm(&machine, idle)),
        (0, "swapper/0".to_owned())
    );
    assert_eq!(task_field(&machine, idle, "real_parent"), idle.0);
    assert_eq!(task_field(&machine, idle, "mm"), 0, "threads of the kernel have no address space");
    let mask = Addr(task_field(&machine, at, "cpus_ptr"));
    assert_eq!(machine.memory().load(mask, Width::Dw), Ok(0b11));
}

#[test]
fn fields_without_a_value_are_zero_and_noted_by_name() {
    let Some(machine) = machine(1) else { return };
    let at = machine.tasks().object(Pid(1));
    assert_eq!(task_field(&machine, at, "utime"), 0);
    assert_eq!(task_field(&machine, at, "utime"), 0);
    assert_eq!(task_field(&machine, at, "se.vruntime"), 0);
    assert_eq!(machine.unmodelled_fields(), ["task_struct.se.vruntime", "task_struct.utime"]);
    let (_, pid) = field(&machine, "task_struct", at, "pid");
    assert!(machine.memory().store(pid, Width::W, 1).is_err(), "programs do not write tasks");
}

#[test]
fn what_happens_to_a_task_shows_in_its_object() {
    let Some(machine) = machine(1) else { return };
    let tasks = machine.tasks();
    let mut shell = Task::new(Pid(100), Pid(100), "sh");
    shell.uid = 7;
    tasks.insert(shell);
    tasks.fork(Pid(200), Pid(200), Pid(100), Pid(100), 5000);
    let child = tasks.object(Pid(200));
    let parent_pid =
        |at| task_field(&machine, Addr(task_field(&machine, at, "real_parent")), "pid");
    assert_eq!((comm(&machine, child), parent_pid(child)), ("sh".to_owned(), 100));
    assert_eq!(tasks.get(Pid(200)).unwrap().uid, 7);
    tasks.rename(Pid(200), Pid(200), "make");
    assert_eq!(comm(&machine, child), "make");
    tasks.fork(Pid(201), Pid(200), Pid(200), Pid(200), 6000);
    let thread = tasks.object(Pid(201));
    assert_eq!((task_field(&machine, thread, "tgid"), parent_pid(thread)), (200, 100));
    tasks.exit(Pid(100));
    assert_eq!((parent_pid(child), parent_pid(thread)), (1, 1), "orphans are init's");
    assert!(!tasks.get(Pid(100)).unwrap().is_alive);
}

#[test]
fn an_object_lives_until_the_programs_that_may_hold_it_have_ended() {
    let Some(machine) = machine(2) else { return };
    let tasks = machine.tasks();
    tasks.insert(Task::new(Pid(7), Pid(7), "short"));
    let busy = machine.cpu(Cpu(1)).unwrap().enter().unwrap();
    let held = tasks.object(Pid(7));
    tasks.exit(Pid(7));
    // New tasks take the objects of those that ended, as soon as they may.
    let others = |from: u32| (from..from + 10).map(|n| tasks.object(Pid(n))).collect::<Vec<_>>();
    assert!(!others(1000).contains(&held));
    assert_eq!(task_field(&machine, held, "pid"), 7);
    drop(busy);
    assert!(others(2000).contains(&held));
}

#[test]
fn the_object_of_a_leader_outlives_it_with_its_threads() {
    let Some(machine) = machine(1) else { return };
    let tasks = machine.tasks();
    tasks.insert(Task::new(Pid(7), Pid(7), "leader"));
    tasks.insert(Task::new(Pid(8), Pid(7), "thread"));
    let thread = tasks.object(Pid(8));
    let leader = Addr(task_field(&machine, thread, "group_leader"));
    tasks.exit(Pid(7));
    (100..110).for_each(|n| assert_ne!(tasks.object(Pid(n)), leader));
    assert_eq!(task_field(&machine, leader, "pid"), 7);
    tasks.exit(Pid(8));
    assert!((200..210).any(|n| tasks.object(Pid(n)) == leader));
}

#[test]
fn a_million_short_tasks_take_the_memory_of_a_few() {
    let machine = Machine::builder().build().unwrap();
    let tasks = machine.tasks();
    for n in 0..1_000_000 {
        let tid = Pid(1000 + n);
        tasks.fork(tid, tid, Pid(1), Pid(1), 0);
        tasks.exit(tid);
    }
    let known = (0..1_000_000).filter(|n| tasks.get(Pid(1000 + n)).is_some()).count();
    assert_eq!(known, 4096);
    assert_eq!(tasks.object(Pid(1)), Addr::NULL, "without types there are no objects");
}

#[test]
fn the_object_of_a_map_tells_its_shape() {
    let Some(machine) = machine(1) else { return };
    let def = crate::MapDef::new("a_map_with_a_long_name", skep_abi::MapType::Hash, 4, 16, 1000);
    let map = machine.map(machine.create_map(def).unwrap()).unwrap();
    let number = |path| field(&machine, "bpf_map", map.addr(), path).0;
    assert_eq!((number("map_type"), number("key_size"), number("value_size")), (1, 4, 16));
    assert_eq!(number("max_entries"), 1000);
    let (_, name) = field(&machine, "bpf_map", map.addr(), "name");
    assert_eq!(machine.memory().read_cstr(name, 16).unwrap(), b"a_map_with_a_lo");
}
