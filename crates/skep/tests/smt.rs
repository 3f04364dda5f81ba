//! `programs/smt.bpf.c` on machines that nobody here owns: whether the sibling was busy at the instant of each sample.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use skep::load::Loaded;
use skep::profile::shipped;
use skep::sample::sched::Script;
use skep::sample::{Record, RecordKind};
use skep::session::{Driver, EventPlan, Method};
use skep_abi::{Cpu, KernelVersion, Pid, Sample};
use skep_machine::perf::Rate;
use skep_machine::scx::{OPS_BUILTIN_IDLE_PER_NODE, SchedExtOps};
use skep_machine::{Machine, PerfEventAttr};
use skep_object::ObjectSpec;
use skep_topology::{Topology, TopologyBuilder};

const SMT: &[u8] = include_bytes!("../../../programs/smt.bpf.o");

/// Samples of a node: sibling idle, sibling busy, sibling busy while a core was free.
type Shares = BTreeMap<u32, [u64; 3]>;

/// What the program counts on a machine whose CPUs do what a script says, for samples (nanosecond, CPU).
struct Counted {
    shares: Shares,
    samples: u64,
    elsewhere: u64,
    scheduler_lives: bool,
}

fn counted(
    topology: TopologyBuilder,
    chosen: &[u32],
    flags: u64,
    script: &str,
    samples: &[(u64, u32)],
) -> Counted {
    let profile = shipped(KernelVersion::new(6, 19)).unwrap();
    let resolved = ObjectSpec::parse("smt.bpf.o", SMT).unwrap().resolve(&profile).unwrap();
    let topology = topology.build().unwrap();
    let machine = Machine::builder()
        .topology(topology.clone())
        .version(profile.version)
        .btf(profile.btf.clone())
        .build()
        .unwrap();
    machine.sched_ext().enable(SchedExtOps::new("builtin").flags(flags).hotplug()).unwrap();
    let loaded = Loaded::new(&machine, &resolved, &profile).unwrap();
    assert!(loaded.unusable.is_empty(), "{:?}", loaded.unusable);
    assert!(loaded.unverified.is_empty(), "{:?}", loaded.unverified);
    let map = |name: &str| machine.user_side(loaded.map(name).unwrap().id).unwrap();
    for cpu in topology.cpus() {
        let others = topology.siblings(cpu.cpu).iter().filter(|other| **other != cpu.cpu);
        let others: Vec<u8> = others.flat_map(|other| other.0.to_le_bytes()).collect();
        let mut value = (others.len() as u32 / 4).to_le_bytes().to_vec();
        value.extend(others);
        value.resize(32, 0);
        map("cores").update(&cpu.cpu.0.to_le_bytes(), &value, 0).unwrap();
    }
    let mut words = [0u8; 1024];
    for cpu in chosen {
        words[*cpu as usize / 8] |= 1 << (cpu % 8);
    }
    map("chosen").update(&[0; 4], &words, 0).unwrap();
    let program = loaded.program("smt").cloned().unwrap();
    let attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    let plan = EventPlan { attr, per_task: false, tracepoint: None };
    let driver = Driver::new(&machine, [program], &plan, Method::Link { cookie: 0 }).unwrap();
    let mut driver = driver.idle_script(Script::parse(script).unwrap());
    // The script's time begins with the first record.
    driver.record(&Record { time: 1_000, cpu: Cpu(0), kind: RecordKind::Unthrottle });
    for (time, cpu) in samples {
        let (time, cpu) = (1_000 + time, Cpu(*cpu));
        let sample = Sample { pid: Pid(7), tid: Pid(7), time, cpu, ..Sample::default() };
        driver.record(&Record { time, cpu, kind: RecordKind::Sample(Box::new(sample)) });
    }
    let counts = driver.counts();
    assert_eq!(counts[0].first_fault, None);
    let variable = |name: &str| loaded.variable(&machine, name).unwrap();
    let mut shares = Shares::new();
    for (node, share) in map("nodes").entries() {
        let node = u32::from_le_bytes(node.try_into().unwrap());
        let share = [0, 8, 16].map(|at| u64::from_le_bytes(share[at..at + 8].try_into().unwrap()));
        if share != [0; 3] {
            shares.insert(node, share);
        }
    }
    Counted {
        shares,
        samples: variable("samples"),
        elsewhere: variable("elsewhere"),
        scheduler_lives: machine.sched_ext().ops().is_some(),
    }
}

const PER_NODE: u64 = OPS_BUILTIN_IDLE_PER_NODE;

#[test]
fn one_object_runs_on_three_machines_and_counts_exactly() {
    // A node of four CPUs without SMT: there is no sibling, whatever the others do.
    let small = Topology::new().cores_per_node(4);
    let all: Vec<u32> = (0..4).collect();
    let found = counted(small, &all, PER_NODE, "0s cpu 0-3 busy\n", &[(1, 0), (2, 1), (3, 1)]);
    assert_eq!(found.shares, Shares::from([(0, [3, 0, 0])]));

    // Four nodes of sixteen cores of two threads: CPU 17 is of node 1, its sibling is CPU 81.
    let big = || Topology::new().nodes(4).cores_per_node(16).smt(2);
    let script =
        "10ns cpu 81 busy\n20ns cpu 16-31,80-95 busy\n30ns cpu 81 idle\n40ns cpu 81 task 7\n";
    let times = [5, 9, 10, 15, 19, 20, 25, 30, 39, 40, 41, 42];
    let on_17 = times.map(|time| (time, 17));
    let everywhere: Vec<u32> = (0..128).collect();
    let found = counted(big(), &everywhere, PER_NODE, script, &on_17);
    assert_eq!(found.shares, Shares::from([(1, [4, 5, 3])]));
    assert_eq!((found.samples, found.elsewhere, found.scheduler_lives), (12, 0, true));
    // The same instants elsewhere: the neighbours of other nodes are idle throughout.
    let on_others: Vec<_> = times.iter().flat_map(|time| [(*time, 1), (*time, 63)]).collect();
    let found = counted(big(), &everywhere, PER_NODE, script, &on_others);
    assert_eq!(found.shares, Shares::from([(0, [12, 0, 0]), (3, [12, 0, 0])]));

    // A machine whose node 2 is not there: the others count as before, and its CPUs have no samples.
    let holey = Topology::new().nodes(4).cores_per_node(2).smt(2).offline_nodes([2]);
    let script = "0ns cpu 8,14 busy\n0ns cpu 15 idle\n";
    let found =
        counted(holey, &(0..16).collect::<Vec<_>>(), PER_NODE, script, &[(1, 0), (2, 6), (3, 7)]);
    assert_eq!(found.shares, Shares::from([(0, [0, 0, 1]), (3, [1, 0, 1])]));
    assert!(found.scheduler_lives);
}

#[test]
fn samples_of_cpus_that_were_not_chosen_are_left_out() {
    let topology = Topology::new().nodes(2).cores_per_node(2).smt(2);
    let samples = [(1, 0), (2, 4), (3, 6), (4, 7)];
    let found = counted(topology, &[4, 7], PER_NODE, "0ns cpu 0 busy\n", &samples);
    assert_eq!(found.shares, Shares::from([(0, [0, 0, 1]), (1, [1, 0, 0])]));
    assert_eq!((found.samples, found.elsewhere), (4, 2));
}

#[test]
fn without_masks_for_each_node_the_program_ends_the_scheduler() {
    let topology = Topology::new().nodes(1).cores_per_node(1).smt(2);
    let found = counted(topology, &[0, 1], 0, "", &[(1, 0), (2, 0)]);
    assert!(!found.scheduler_lives);
    // The first run saw an empty mask and took the sibling for busy; the second found no scheduler, and so no node.
    assert_eq!((found.shares, found.elsewhere), (Shares::from([(0, [0, 1, 0])]), 1));
}
