//! Idle CPUs and what else a scheduler may ask, on two nodes of two cores of two threads (siblings are 0 and 1, …).

use skep_abi::{Addr, Cpu, KernelVersion, Pid};
use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};
use skep_machine::scx::{ExitKind, OPS_BUILTIN_IDLE_PER_NODE, OPS_KEEP_BUILTIN_IDLE, SchedExtOps};
use skep_machine::{Task, Width};
use skep_topology::{Numbering, Topology};

use crate::bench::{Bench, TID};

const ENODEV: u64 = -19i64 as u64;
const EBUSY: u64 = -16i64 as u64;
const ENOENT: u64 = -2i64 as u64;
const EINVAL: u64 = -22i64 as u64;
const EOPNOTSUPP: u64 = -95i64 as u64;
const MINUS_ONE: u64 = -1i64 as u64;

const PER_NODE: u64 = OPS_BUILTIN_IDLE_PER_NODE;

/// `struct task_struct`, as far as these calls look at it.
fn btf() -> Btf {
    let mut types = BtfBuilder::new();
    let mut push = |def: &TypeDef| types.push(def).unwrap();
    let int = |name: &str, size: u32| {
        let (is_signed, is_char, is_bool) = (false, false, false);
        let (name, bits) = (name.to_owned(), 8 * size);
        TypeDef::Int { name, size, bits, offset: 0, is_signed, is_char, is_bool }
    };
    let (word, number) = (push(&int("long", 8)), push(&int("int", 4)));
    let bits = push(&TypeDef::Array { element: word, index: number, len: 4 });
    let members = vec![
        MemberDef::at("pid", number, 0),
        MemberDef::at("nr_cpus_allowed", number, 4),
        MemberDef::at("cpus_ptr", word, 8),
        MemberDef::at("cpus_mask", bits, 16),
        MemberDef::at("on_cpu", number, 48),
    ];
    push(&TypeDef::Struct { name: "task_struct".to_owned(), size: 56, members });
    Btf::parse(&types.finish().unwrap()).unwrap()
}

fn bench_at(version: (u8, u8), scheduler: Option<SchedExtOps>) -> Bench {
    let topology = Topology::new().nodes(2).cores_per_node(2).smt(2);
    let topology = topology.numbering(Numbering::SiblingsAdjacent).capacity([7], 512);
    let topology = topology.build().unwrap();
    let version = KernelVersion::new(version.0, version.1);
    let bench = Bench::with(|builder| builder.topology(topology).version(version).btf(btf()));
    if let Some(ops) = scheduler {
        bench.machine.sched_ext().enable(ops).unwrap();
    }
    bench
}

fn bench(scheduler: Option<SchedExtOps>) -> Bench {
    bench_at((6, 19), scheduler)
}

fn ops(flags: u64) -> Option<SchedExtOps> {
    Some(SchedExtOps::new("x").flags(flags))
}

fn own_tracking() -> Option<SchedExtOps> {
    Some(SchedExtOps::new("x").update_idle())
}

/// The first word of a mask that was lent.
fn word(bench: &Bench, mask: u64) -> u64 {
    bench.machine.memory().load(Addr(mask), Width::Dw).unwrap()
}

/// What ended the scheduler.
fn end(bench: &Bench) -> Option<String> {
    let info = bench.machine.sched_ext().exit_info()?;
    assert_eq!((info.kind, info.reason()), (ExitKind::Error, "runtime error"));
    let log = bench.machine.sched_ext().log();
    let lines = [
        "sched_ext: BPF scheduler \"x\" disabled (runtime error)".to_owned(),
        format!("sched_ext: x: {}", info.msg),
    ];
    assert_eq!(log[log.len() - 2..], lines);
    assert_eq!(bench.machine.sched_ext().ops(), None);
    Some(info.msg)
}

/// A mask of all CPUs.
fn all(bench: &Bench) -> u64 {
    bench.call("scx_bpf_get_possible_cpumask", [])
}

/// A scheduler, a call with its argument, what it answers (a mask's word for masks), what ends the scheduler.
type Case = (fn() -> Option<SchedExtOps>, &'static str, i32, u64, Option<&'static str>);

fn none() -> Option<SchedExtOps> {
    None
}

fn global() -> Option<SchedExtOps> {
    ops(0)
}

fn per_node() -> Option<SchedExtOps> {
    ops(PER_NODE)
}

fn kept() -> Option<SchedExtOps> {
    Some(SchedExtOps::new("x").update_idle().flags(OPS_KEEP_BUILTIN_IDLE))
}

const DISABLED: Option<&str> = Some("per-node idle tracking is disabled");
const ENABLED: Option<&str> = Some("SCX_OPS_BUILTIN_IDLE_PER_NODE enabled");
const PICK_ENABLED: Option<&str> = Some("per-node idle tracking is enabled");
const OWN: Option<&str> = Some("built-in idle tracking is disabled");

const CASES: &[Case] = &[
    (none, "get_idle_smtmask_node", 0, 0, None),
    (none, "get_idle_smtmask_node", 99, 0, None),
    (none, "get_idle_cpumask_node", 0, 0, None),
    (none, "get_idle_smtmask", 0, 0, None),
    (none, "get_idle_cpumask", 0, 0, None),
    (none, "pick_idle_cpu_node", 0, ENODEV, None),
    (none, "pick_any_cpu_node", 0, ENODEV, None),
    (none, "pick_idle_cpu", 0, ENODEV, None),
    (none, "pick_any_cpu", 0, ENODEV, None),
    (none, "test_and_clear_cpu_idle", 0, 0, None),
    (none, "cpu_node", 0, MINUS_ONE, None),
    (global, "get_idle_smtmask_node", 0, 0, DISABLED),
    (global, "get_idle_smtmask_node", -1, 0, DISABLED),
    (global, "get_idle_cpumask_node", 0, 0, DISABLED),
    (global, "get_idle_smtmask", 0, 0xff, None),
    (global, "get_idle_cpumask", 0, 0xff, None),
    (global, "pick_idle_cpu_node", 0, EOPNOTSUPP, DISABLED),
    (global, "pick_any_cpu_node", 0, EOPNOTSUPP, DISABLED),
    (global, "pick_idle_cpu", 0, 1, None),
    (global, "pick_any_cpu", 0, 1, None),
    (global, "test_and_clear_cpu_idle", 3, 1, None),
    (global, "test_and_clear_cpu_idle", 8, 0, Some("invalid CPU 8")),
    (global, "test_and_clear_cpu_idle", -7, 0, Some("invalid CPU -7")),
    (global, "cpu_node", 7, 1, None),
    (global, "cpu_node", 8, MINUS_ONE, Some("invalid CPU 8")),
    (per_node, "get_idle_smtmask_node", 0, 0xf, None),
    (per_node, "get_idle_smtmask_node", 1, 0xf0, None),
    (per_node, "get_idle_cpumask_node", 1, 0xf0, None),
    (per_node, "get_idle_smtmask", 0, 0, ENABLED),
    (per_node, "get_idle_cpumask", 0, 0, ENABLED),
    (per_node, "pick_idle_cpu_node", 0, 1, None),
    (per_node, "pick_idle_cpu_node", 1, 4, None),
    (per_node, "pick_any_cpu_node", 1, 4, None),
    (per_node, "pick_idle_cpu", 0, EBUSY, PICK_ENABLED),
    (per_node, "pick_any_cpu", 0, EBUSY, PICK_ENABLED),
    (per_node, "get_idle_smtmask_node", -1, 0, None),
    (per_node, "get_idle_cpumask_node", -1, 0, None),
    (per_node, "pick_idle_cpu_node", -1, ENOENT, None),
    (per_node, "pick_any_cpu_node", -1, ENOENT, None),
    (per_node, "get_idle_smtmask_node", 2, 0, Some("invalid node 2")),
    (per_node, "get_idle_smtmask_node", 1000, 0, Some("invalid node 1000")),
    (per_node, "get_idle_cpumask_node", -5, 0, Some("invalid node -5")),
    (per_node, "pick_idle_cpu_node", 2, EINVAL, Some("invalid node 2")),
    (per_node, "pick_any_cpu_node", i32::MIN, EINVAL, Some("invalid node -2147483648")),
    (own_tracking, "get_idle_smtmask", 0, 0, OWN),
    (own_tracking, "get_idle_cpumask", 0, 0, OWN),
    (own_tracking, "get_idle_smtmask_node", 0, 0, DISABLED),
    (own_tracking, "pick_idle_cpu", 0, EBUSY, OWN),
    (own_tracking, "pick_any_cpu", 0, 1, None),
    (own_tracking, "test_and_clear_cpu_idle", 0, 0, OWN),
    (kept, "get_idle_smtmask", 0, 0xff, None),
    (kept, "pick_idle_cpu", 0, 1, None),
];

#[test]
pub(super) fn each_call_answers_as_the_scheduler_allows() {
    for (scheduler, name, number, expected, message) in CASES {
        let bench = bench(scheduler());
        let what = format!("{name}({number}) with {:?}", scheduler());
        let call = format!("scx_bpf_{name}");
        let number = i64::from(*number) as u64;
        let answer = match *name {
            mask if mask.starts_with("get_") => {
                let mask = bench.call(&call, [number]);
                let word = word(&bench, mask);
                bench.call("scx_bpf_put_idle_cpumask", [mask]);
                word
            }
            "pick_idle_cpu_node" | "pick_any_cpu_node" => {
                bench.call(&call, [all(&bench), number, 0])
            }
            "pick_idle_cpu" | "pick_any_cpu" => bench.call(&call, [all(&bench), 0]),
            _ => bench.call(&call, [number]),
        };
        assert_eq!(answer, *expected, "{what}");
        assert_eq!(end(&bench).as_deref(), *message, "{what}");
        let lives = scheduler().is_some() && message.is_none();
        assert_eq!(bench.machine.sched_ext().ops().is_some(), lives, "{what}");
    }
}

#[test]
fn a_node_that_cannot_be_is_not_available() {
    let topology = Topology::new().nodes(2).node_ids([0, 3]).cores_per_node(2).build().unwrap();
    let bench = Bench::with(|builder| builder.topology(topology));
    bench.machine.sched_ext().enable(ops(PER_NODE).unwrap()).unwrap();
    let mask = bench.call("scx_bpf_get_idle_smtmask_node", [3]);
    assert_eq!(word(&bench, mask), 0xc);
    let mask = bench.call("scx_bpf_get_idle_smtmask_node", [2]);
    assert_eq!((word(&bench, mask), end(&bench).unwrap()), (0, "unavailable node 2".to_owned()));
}

#[test]
fn the_end_comes_after_the_program_and_the_first_error_is_told() {
    let bench = bench(ops(PER_NODE));
    bench.call("scx_bpf_get_idle_smtmask_node", [7]);
    bench.call("scx_bpf_get_idle_smtmask_node", [8]);
    // The program that did it still finds the scheduler.
    let mask = bench.call("scx_bpf_get_idle_smtmask_node", [0]);
    assert_eq!(word(&bench, mask), 0xf);
    bench.machine.irq_work();
    let mask = bench.call("scx_bpf_get_idle_smtmask_node", [0]);
    assert_eq!(word(&bench, mask), 0);
    assert_eq!(end(&bench).unwrap(), "invalid node 7");
}

#[test]
fn before_6_18_a_missing_scheduler_is_one_that_tracks_nothing() {
    let bench = bench_at((6, 17), None);
    let call = |name: &str| bench.call(name, [all(&bench), 0]);
    assert_eq!(call("scx_bpf_pick_idle_cpu"), EBUSY);
    assert_eq!(call("scx_bpf_pick_any_cpu"), 1);
    assert_eq!(bench.call("scx_bpf_pick_idle_cpu_node", [all(&bench), 0, 0]), EOPNOTSUPP);
    assert_eq!(bench.call("scx_bpf_cpu_node", [7]), 1);
    assert_eq!(bench.call("scx_bpf_cpuperf_cap", [7]), 512);
    assert_eq!(bench.machine.sched_ext().exit_info(), None);
}

#[test]
pub(super) fn performance_is_asked_for_and_told() {
    let bench = bench(ops(0));
    let cap = |cpu| bench.call("scx_bpf_cpuperf_cap", [cpu]);
    assert_eq!((cap(0), cap(7)), (1024, 512));
    bench.machine.set_cpuperf(Cpu(3), 700);
    let cur = |cpu| bench.call("scx_bpf_cpuperf_cur", [cpu]);
    assert_eq!((cur(0), cur(3)), (1024, 700));
    bench.call("scx_bpf_cpuperf_set", [3, 512]);
    assert_eq!(bench.machine.cpuperf_target(Cpu(3)), 512);
    for (name, args, message) in [
        ("scx_bpf_cpuperf_set", [3, 1025], "Invalid cpuperf target 1025 for CPU 3"),
        ("scx_bpf_cpuperf_set", [8, 1024], "invalid CPU 8"),
        ("scx_bpf_cpuperf_cap", [8, 0], "invalid CPU 8"),
        ("scx_bpf_cpuperf_cur", [MINUS_ONE, 0], "invalid CPU -1"),
    ] {
        let bench = self::bench(ops(0));
        let answer = bench.call(name, args);
        assert_eq!(answer, if name.ends_with("set") { 0 } else { 1024 });
        assert_eq!(end(&bench).as_deref(), Some(message));
    }
    let bench = self::bench(None);
    bench.call("scx_bpf_cpuperf_set", [3, 512]);
    assert_eq!(bench.machine.cpuperf_target(Cpu(3)), 1024);
    assert_eq!(bench.call("scx_bpf_cpuperf_cap", [7]), 1024);
}

#[test]
pub(super) fn sizes_and_masks_of_the_machine_are_told() {
    let bench = bench(ops(0));
    let sizes = ["scx_bpf_nr_cpu_ids", "scx_bpf_nr_node_ids"].map(|name| bench.call(name, []));
    assert_eq!(sizes, [8, 2]);
    assert_eq!(bench.call("scx_bpf_cpu_node", [5]), 1);
    bench.machine.set_online(Cpu(6), false).unwrap();
    let possible = bench.call("scx_bpf_get_possible_cpumask", []);
    let online = bench.call("scx_bpf_get_online_cpumask", []);
    assert_eq!((word(&bench, possible), word(&bench, online)), (0xff, 0xbf));
    bench.call("scx_bpf_put_cpumask", [online]);
}

#[test]
pub(super) fn tasks_are_where_they_were_seen_last() {
    let bench = bench(None);
    let other = Pid(900);
    bench.machine.tasks().insert(Task::new(other, other, "other"));
    let [mine, theirs] = [TID, other].map(|tid| bench.machine.tasks().object(tid).0);
    let cpu = |task| bench.call("scx_bpf_task_cpu", [task]);
    let running = |task| bench.call("scx_bpf_task_running", [task]);
    assert_eq!((cpu(mine), running(mine)), (1, 1), "it is the one that runs");
    assert_eq!((cpu(theirs), running(theirs)), (0, 0));
    let unknown = bench.machine.unmodelled_fields();
    assert_eq!(unknown, ["the CPU of a task (scx_bpf_task_cpu)"]);
    bench.machine.switch_to(Cpu(5), other);
    assert_eq!((cpu(theirs), running(theirs)), (5, 1));
    let on_cpu = || bench.machine.memory().load(Addr(theirs + 48), Width::W).unwrap();
    assert_eq!(on_cpu(), 1);
    bench.machine.switch_to(Cpu(6), other);
    assert_eq!((cpu(theirs), running(theirs), bench.machine.current(Cpu(5))), (6, 1, None));
    bench.machine.switch_to(Cpu(6), Pid(0));
    assert_eq!((cpu(theirs), running(theirs), on_cpu()), (6, 0, 0));
    assert!(bench.fault("scx_bpf_task_cpu", [bench.at(0)]).contains("is no task_struct"));
}

#[test]
pub(super) fn time_never_goes_back_on_a_cpu() {
    let mut bench = bench(None);
    let mut now = |cpu, time| {
        bench.cpu = Cpu(cpu);
        bench.sample.as_mut().unwrap().time = time;
        bench.call("scx_bpf_now", [])
    };
    assert_eq!([now(0, 100), now(0, 90), now(1, 50), now(0, 101)], [100, 100, 50, 101]);
}

#[test]
pub(super) fn a_cpu_is_chosen_for_a_task() {
    let bench = bench(ops(0));
    let task = bench.machine.tasks().object(TID).0;
    let and =
        |prev, flags| bench.call("scx_bpf_select_cpu_and", [task, prev, 0, all(&bench), flags]);
    assert_eq!((and(2, 0), and(2, 0)), (2, 1), "then a whole core; the first turn leaves 0 out");
    bench.write(0, &[2u64.to_le_bytes(), 0u64.to_le_bytes(), 1u64.to_le_bytes()].concat());
    let whole = |bench: &Bench| {
        let args = [task, all(bench), bench.at(0)];
        bench.call("__scx_bpf_select_cpu_and", args)
    };
    assert_eq!((whole(&bench), whole(&bench), whole(&bench)), (4, 6, EBUSY));
    let dfl = |prev| {
        (bench.call("scx_bpf_select_cpu_dfl", [task, prev, 0, bench.at(64)]), bench.read(64, 1)[0])
    };
    let rest = [dfl(2), dfl(2), dfl(2), dfl(2), dfl(2)];
    assert_eq!(rest.map(|(_, is_idle)| is_idle), [1, 1, 1, 1, 0]);
    assert_eq!(rest[4].0, 2, "where nothing is idle, the last CPU");
    assert_eq!(and(9, 0), EINVAL);
    assert_eq!(end(&bench).unwrap(), "invalid CPU 9");
    assert_eq!(and(2, 0), ENODEV);
    assert_eq!(dfl(2).0, ENODEV);
    let own = self::bench(own_tracking());
    let task = own.machine.tasks().object(TID).0;
    assert_eq!(own.call("scx_bpf_select_cpu_and", [task, 0, 0, all(&own), 0]), EBUSY);
    assert_eq!(end(&own).as_deref(), OWN);
}
