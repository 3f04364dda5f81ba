//! `programs/smt.bpf.c` on machines that nobody here owns: whether the sibling was busy at the instant of each sample.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use skep::load::Loaded;
use skep::profile::shipped;
use skep::profiler::smt::{self, OBJECT, Share};
use skep::profiler::{Tables, stacks};
use skep::report::{Symbolizer, folded};
use skep::sample::sched::Script;
use skep::sample::{Comm, Record, RecordKind, Spaces, Task};
use skep::session::{Driver, EventPlan, Method};
use skep_abi::{Cpu, KernelVersion, Node, Pid, Sample, X86Regs};
use skep_machine::perf::Rate;
use skep_machine::scx::SchedExtOps;
use skep_machine::{Machine, PerfEventAttr};
use skep_object::ObjectSpec;
use skep_topology::{CpuMask, Topology, TopologyBuilder};

/// A machine, what its CPUs do, and what is asked of it.
struct Bench {
    topology: TopologyBuilder,
    /// CPUs whose samples count.
    chosen: Vec<u32>,
    script: &'static str,
    /// CPUs of which the program is told that the masks of idle CPUs are right.
    told: Vec<u32>,
    /// Loads the scheduler whose masks the program asks.
    enable: fn(&Machine),
}

/// What came of it.
struct Found {
    shares: BTreeMap<u32, Share>,
    /// Folded stacks, which have the groups in front.
    folded: String,
    samples: u64,
    elsewhere: u64,
    scheduler_lives: bool,
}

fn bench(topology: TopologyBuilder, script: &'static str) -> Bench {
    let chosen = (0..128).collect();
    let enable = |machine: &Machine| smt::enable(machine).unwrap();
    Bench { topology, chosen, script, told: (0..8192).collect(), enable }
}

impl Bench {
    /// Runs the program on samples: nanosecond, CPU, process.
    fn run(self, samples: &[(u64, u32, u32)]) -> Found {
        let profile = shipped(KernelVersion::new(6, 19)).unwrap();
        let resolved = ObjectSpec::parse("smt.bpf.o", OBJECT).unwrap().resolve(&profile).unwrap();
        let machine = Machine::builder()
            .topology(self.topology.build().unwrap())
            .version(profile.version)
            .btf(profile.btf.clone())
            .build()
            .unwrap();
        (self.enable)(&machine);
        let loaded = Loaded::new(&machine, &resolved, &profile).unwrap();
        assert!(loaded.unusable.is_empty(), "{:?}", loaded.unusable);
        assert!(loaded.unverified.is_empty(), "{:?}", loaded.unverified);
        let chosen: CpuMask = self.chosen.iter().copied().map(Cpu).collect();
        let told: CpuMask = self.told.iter().copied().map(Cpu).collect();
        smt::fill(&machine, &loaded, &chosen, &told).unwrap();
        let program = loaded.program("smt").cloned().unwrap();
        let attr = PerfEventAttr::cpu_clock(Rate::Period(1));
        let plan = EventPlan { attr, per_task: false, tracepoint: None };
        let driver = Driver::new(&machine, [program], &plan, Method::Link { cookie: 0 }).unwrap();
        let mut driver = driver.idle_script(Script::parse(self.script).unwrap());
        // The script's time begins with the first record.
        for (pid, comm) in [(7, "bee"), (8, "wasp")] {
            driver.record(&task(1_000, pid, comm));
        }
        for (time, cpu, pid) in samples {
            driver.record(&sample(1_000 + time, *cpu, *pid));
        }
        let counts = driver.counts();
        assert_eq!((&counts[0].first_fault, counts[0].dropped), (&None, 0));
        let tables = Tables::read(&machine, &loaded).unwrap();
        let set = stacks(&tables, &Spaces::default(), driver.seen()).set;
        let mut text = Vec::new();
        folded::write(&Symbolizer::new().profile(&set, &mut |_| ()), &mut text).unwrap();
        let shares = smt::shares(&machine, &loaded).unwrap().into_iter();
        let shares: BTreeMap<u32, Share> =
            shares.map(|(Node(node), share)| (node, share)).collect();
        let found = Found {
            folded: String::from_utf8(text).unwrap(),
            samples: tables.counted().samples,
            elsewhere: loaded.variable(&machine, "elsewhere").unwrap(),
            scheduler_lives: machine.sched_ext().ops().is_some(),
            shares,
        };
        // Totals are honest.
        let of_nodes: u64 = found.shares.values().map(Share::samples).sum();
        let (counted, rows) = (tables.counted(), tables.rows().iter().map(|row| row.samples));
        assert_eq!(found.samples, of_nodes + found.elsewhere);
        assert_eq!(of_nodes, rows.sum::<u64>() + counted.uncounted);
        assert_eq!((counted.uncounted, counted.unplaced), (0, 0));
        found
    }
}

fn task(time: u64, pid: u32, comm: &str) -> Record {
    let comm = Comm::new(comm.as_bytes());
    let (pid, parent) = (Pid(pid), Some(Pid(1)));
    let task = Task {
        pid,
        tid: pid,
        parent,
        comm,
        uid: Some(0),
        gid: Some(0),
        cpus_allowed: None,
        cgroup: None,
    };
    Record { time, cpu: Cpu(0), kind: RecordKind::Task(task) }
}

fn sample(time: u64, cpu: u32, pid: u32) -> Record {
    let (cpu, pid, ip) = (Cpu(cpu), Pid(pid), 0x40_0000 + u64::from(pid));
    let regs = Some(X86Regs { ip, cs: 0x33, ..X86Regs::default() });
    let user_stack = vec![ip, 0x40_1000];
    let sample = Sample { pid, tid: pid, time, cpu, ip, regs, user_stack, ..Sample::default() };
    Record { time, cpu, kind: RecordKind::Sample(Box::new(sample)) }
}

/// Samples of one process at these times on a CPU.
fn on(cpu: u32, pid: u32, times: &[u64]) -> Vec<(u64, u32, u32)> {
    times.iter().map(|time| (*time, cpu, pid)).collect()
}

fn share(none: u64, idle: u64, busy: u64, core_free: u64) -> Share {
    Share { none, idle, busy, unknown: 0, core_free }
}

#[test]
fn one_object_runs_on_three_machines_and_counts_exactly() {
    // A node of four CPUs without SMT: there is no sibling, whatever the others do.
    let small = Topology::new().cores_per_node(4);
    let found = bench(small, "0s cpu 0-3 busy\n").run(&[(1, 0, 7), (2, 1, 7), (3, 1, 8)]);
    assert_eq!(found.shares, BTreeMap::from([(0, share(3, 0, 0, 0))]));
    assert_eq!(
        found.folded,
        "node 0, no sibling;bee;[unknown];[unknown] 2\n\
         node 0, no sibling;wasp;[unknown];[unknown] 1\n"
    );

    // Four nodes of sixteen cores of two threads: CPU 17 is of node 1, its sibling is CPU 81.
    let big = || Topology::new().nodes(4).cores_per_node(16).smt(2);
    let script =
        "10ns cpu 81 busy\n20ns cpu 16-31,80-95 busy\n30ns cpu 81 idle\n40ns cpu 81 task 7\n";
    let times = [5, 9, 10, 15, 19, 20, 25, 30, 39, 40, 41, 42];
    let bee_then_wasp: Vec<_> =
        times.iter().map(|time| (*time, 17, if *time < 20 { 7 } else { 8 })).collect();
    let found = bench(big(), script).run(&bee_then_wasp);
    // Idle at 5, 9, 30 and 39; busy with free cores at 10, 15 and 19; busy on a full node at 20, 25, 40, 41 and 42.
    assert_eq!(found.shares, BTreeMap::from([(1, share(0, 4, 8, 3))]));
    assert_eq!(
        found.folded,
        "node 1, sibling busy;bee;[unknown];[unknown] 3\n\
         node 1, sibling busy;wasp;[unknown];[unknown] 5\n\
         node 1, sibling idle;bee;[unknown];[unknown] 2\n\
         node 1, sibling idle;wasp;[unknown];[unknown] 2\n"
    );
    assert_eq!((found.samples, found.elsewhere, found.scheduler_lives), (12, 0, true));
    // The same instants elsewhere: the neighbours of other nodes are idle throughout.
    let on_others = [on(1, 7, &times), on(63, 7, &times)].concat();
    let found = bench(big(), script).run(&on_others);
    assert_eq!(found.shares, BTreeMap::from([(0, share(0, 12, 0, 0)), (3, share(0, 12, 0, 0))]));

    // A machine whose node 2 is not there: the others count as before, and its CPUs have no samples.
    let holey = Topology::new().nodes(4).cores_per_node(2).smt(2).offline_nodes([2]);
    let found = bench(holey, "0ns cpu 8,14 busy\n0ns cpu 15 idle\n").run(&[
        (1, 0, 7),
        (2, 6, 7),
        (3, 7, 7),
    ]);
    assert_eq!(found.shares, BTreeMap::from([(0, share(0, 0, 1, 1)), (3, share(0, 1, 1, 1))]));
    assert!(found.scheduler_lives);
}

#[test]
fn samples_of_cpus_that_were_not_chosen_are_left_out() {
    let topology = Topology::new().nodes(2).cores_per_node(2).smt(2);
    let chosen = Bench { chosen: vec![4, 7], ..bench(topology, "0ns cpu 0 busy\n") };
    let found = chosen.run(&[(1, 0, 7), (2, 4, 7), (3, 6, 7), (4, 7, 7)]);
    assert_eq!(found.shares, BTreeMap::from([(0, share(0, 0, 1, 1)), (1, share(0, 1, 0, 0))]));
    assert_eq!((found.samples, found.elsewhere), (4, 2));
}

#[test]
fn a_sibling_counts_while_it_is_online() {
    // CPU 2 is the second thread of CPU 0's core; CPU 3, of CPU 1's, is busy all the time.
    let topology = Topology::new().cores_per_node(2).smt(2).offline([2]);
    let script = "0s cpu 3 busy\n10ns cpu 2 online\n20ns cpu 2 busy\n30ns cpu 2 offline\n";
    let found = bench(topology, script).run(&on(0, 7, &[1, 2, 3, 10, 11, 20, 30]));
    // Before it comes and after it went there is none.
    assert_eq!(found.shares, BTreeMap::from([(0, share(4, 2, 1, 0))]));
}

#[test]
fn one_busy_sibling_of_three_is_enough() {
    let topology = || Topology::new().cores_per_node(2).smt(4);
    let found = bench(topology(), "5ns cpu 6 busy\n9ns cpu 1 busy\n").run(&on(0, 7, &[4, 5, 6, 9]));
    assert_eq!(found.shares, BTreeMap::from([(0, share(0, 1, 3, 2))]));
}

#[test]
fn where_nothing_tells_which_cpus_are_idle_none_is_taken_for_idle() {
    let topology = Topology::new().cores_per_node(2).smt(2).offline([3]);
    let unknown = Bench { told: Vec::new(), ..bench(topology, "") };
    let found = unknown.run(&[(1, 0, 7), (2, 0, 7), (3, 1, 7)]);
    let expected = Share { none: 1, unknown: 2, ..Share::default() };
    assert_eq!(found.shares, BTreeMap::from([(0, expected)]));
    assert!(found.folded.contains("node 0, sibling unknown;bee"), "{}", found.folded);
}

#[test]
fn of_a_sibling_that_nobody_tells_of_nothing_is_guessed() {
    // Core 0 has CPUs 0, 2, 4 and 6, of which nobody tells what 4 does.
    let topology = Topology::new().cores_per_node(2).smt(4);
    let told = (0..8).filter(|cpu| *cpu != 4).collect();
    let partly = Bench { told, ..bench(topology, "0s cpu 1,3,5,7 busy\n5ns cpu 6 busy\n") };
    let found = partly.run(&on(0, 7, &[3, 4, 5, 6]));
    // As long as the others are idle it is not known; that one of them is busy is enough.
    let expected = Share { unknown: 2, busy: 2, ..Share::default() };
    assert_eq!(found.shares, BTreeMap::from([(0, expected)]));
}

#[test]
fn without_masks_for_each_node_the_program_ends_the_scheduler() {
    let topology = Topology::new().nodes(1).cores_per_node(1).smt(2);
    let enable =
        |machine: &Machine| machine.sched_ext().enable(SchedExtOps::new("global")).unwrap();
    let global = Bench { enable, ..bench(topology, "") };
    let found = global.run(&[(1, 0, 7), (2, 0, 7)]);
    assert!(!found.scheduler_lives);
    // The first run saw an empty mask and took the sibling for busy; the second found no scheduler, and so no node.
    assert_eq!(found.shares, BTreeMap::from([(0, share(0, 0, 1, 0))]));
    assert_eq!(found.elsewhere, 1);
}

#[test]
fn more_threads_than_the_program_knows_are_refused() {
    let profile = shipped(KernelVersion::new(6, 19)).unwrap();
    let resolved = ObjectSpec::parse("smt.bpf.o", OBJECT).unwrap().resolve(&profile).unwrap();
    let topology = Topology::new().cores_per_node(1).smt(9).build().unwrap();
    let machine = Machine::builder()
        .topology(topology)
        .version(profile.version)
        .btf(profile.btf.clone())
        .build()
        .unwrap();
    let loaded = Loaded::new(&machine, &resolved, &profile).unwrap();
    let error =
        smt::fill(&machine, &loaded, &CpuMask::new(), &CpuMask::new()).unwrap_err().to_string();
    assert_eq!(error, "the core of CPU 0 has 9 threads, and the program knows at most 8");
}
