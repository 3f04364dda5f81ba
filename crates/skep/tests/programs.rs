//! The programs of `programs/`, run unmodified on made-up samples: their maps against values computed here.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skep::load::Loaded;
use skep::profile::shipped;
use skep::sample::{CgroupDir, Comm, Record, RecordKind, Task};
use skep::session::{Driver, EventPlan, Method};
use skep_abi::{Cpu, KernelVersion, MapType, Pid, Sample, X86Regs};
use skep_machine::perf::Rate;
use skep_machine::{CgroupId, Machine, Output, PerfEventAttr};
use skep_object::ObjectSpec;

const IPS: &[u8] = include_bytes!("../../../programs/ips.bpf.o");
const STACKS: &[u8] = include_bytes!("../../../programs/stacks.bpf.o");
const TASK: &[u8] = include_bytes!("../../../programs/task.bpf.o");

/// Runs the program `name` of an object over records, on a machine with four CPUs and Linux 6.12.
fn run(object: &[u8], name: &str, records: &[Record]) -> (Machine, Loaded) {
    let profile = shipped(KernelVersion::new(6, 12)).unwrap();
    let resolved = ObjectSpec::parse("test.bpf.o", object).unwrap().resolve(&profile).unwrap();
    let machine = Machine::builder()
        .cpus(4)
        .version(profile.version)
        .btf(profile.btf.clone())
        .build()
        .unwrap();
    let loaded = Loaded::new(&machine, &resolved, &profile).unwrap();
    assert!(loaded.unusable.is_empty(), "{:?}", loaded.unusable);
    let program = loaded.program(name).cloned().unwrap();
    let attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    let plan = EventPlan { attr, per_task: false, tracepoint: None };
    let mut driver = Driver::new(&machine, [program], &plan, Method::Link { cookie: 0 }).unwrap();
    for record in records {
        driver.record(record);
        machine.drain_ringbufs();
    }
    let counts = &driver.counts()[0];
    assert_eq!(counts.first_fault, None);
    assert_eq!(counts.faults + counts.dropped, 0);
    drop(driver);
    (machine, loaded)
}

fn entries(machine: &Machine, loaded: &Loaded, map: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    machine.user_side(loaded.map(map).unwrap().id).unwrap().entries()
}

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn sample(time: u64, tid: u32, sample: Sample) -> Record {
    let cpu = sample.cpu;
    let sample = Sample { pid: Pid(tid), tid: Pid(tid), time, ..sample };
    Record { time, cpu, kind: RecordKind::Sample(Box::new(sample)) }
}

fn task(pid: u32, parent: u32, comm: &str) -> Record {
    let task = Task {
        pid: Pid(pid),
        tid: Pid(pid),
        parent: Some(Pid(parent)),
        comm: Comm::new(comm.as_bytes()),
        uid: Some(0),
        gid: Some(0),
        cpus_allowed: None,
        cgroup: Some(vec![CgroupDir { name: "hive".to_owned(), id: 77 }]),
    };
    Record { time: 0, cpu: Cpu(0), kind: RecordKind::Task(task) }
}

fn number<const N: usize>(bytes: &[u8]) -> u64 {
    let bytes: [u8; N] = bytes.try_into().unwrap();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[test]
fn instruction_pointers_are_counted() {
    let mut numbers = Numbers(7);
    let mut expected = BTreeMap::new();
    let mut records = vec![task(10, 1, "bee")];
    for time in 0..5000 {
        let ip = 0x40_0000 + numbers.below(300);
        *expected.entry(ip).or_insert(0) += 1;
        let regs = Some(X86Regs { ip, cs: 0x33, ..X86Regs::default() });
        let cpu = Cpu(numbers.below(4) as u32);
        records.push(sample(time, 10, Sample { ip, regs, cpu, ..Sample::default() }));
    }
    let (machine, loaded) = run(IPS, "count_ip", &records);
    let bee = machine.tasks().get(Pid(10)).unwrap();
    assert_eq!(bee.cgroup, Some(CgroupId(77)), "as the record says");
    assert_eq!(machine.cgroups().ancestor(CgroupId(77), 0), Some(CgroupId::ROOT));
    let counted: BTreeMap<u64, u64> = entries(&machine, &loaded, "ip_map")
        .iter()
        .map(|(key, value)| (number::<8>(key), number::<4>(value)))
        .collect();
    assert!(counted == expected, "{} and {} addresses", counted.len(), expected.len());
}

/// Name, kernel stack, user stack; `None` where there is none.
type Row = (String, Option<Vec<u64>>, Option<Vec<u64>>);

fn some(stack: &[u64]) -> Option<Vec<u64>> {
    (!stack.is_empty()).then(|| stack.to_vec())
}

#[test]
fn stacks_are_counted_by_command() {
    let mut numbers = Numbers(11);
    let names = ["bee", "wasp", "hornet"];
    let mut records: Vec<Record> = (0..3).map(|at| task(100 + at, 1, names[at as usize])).collect();
    let mut expected: BTreeMap<Row, u64> = BTreeMap::new();
    let mut warm_up = 0;
    for time in 0..3000 {
        let who = numbers.below(3) as usize;
        let depth = 1 + numbers.below(3);
        let user: Vec<u64> = (0..depth).map(|at| 0x40_0000 + at * 64 + numbers.below(2)).collect();
        let in_kernel = numbers.below(4) == 0;
        let kernel: Vec<u64> = if in_kernel {
            vec![0xffff_ffff_8100_0000 + numbers.below(5), 0xffff_ffff_8200_0000]
        } else {
            vec![]
        };
        let ip = kernel.first().or(user.first()).copied().unwrap();
        let regs = X86Regs { ip, cs: if in_kernel { 0x10 } else { 0x33 }, ..X86Regs::default() };
        let period = if numbers.below(10) == 0 { 9_999 } else { 10_000 };
        if period < 10_000 {
            warm_up += 1;
        } else {
            let row = (names[who].to_owned(), some(&kernel), some(&user));
            *expected.entry(row).or_default() += 1;
        }
        let own = Sample {
            ip,
            period,
            regs: Some(regs),
            cpu: Cpu(numbers.below(4) as u32),
            kernel_stack: kernel,
            user_stack: user,
            ..Sample::default()
        };
        records.push(sample(time, 100 + who as u32, own));
    }
    let (machine, loaded) = run(STACKS, "count_stack", &records);
    let stacks: BTreeMap<u64, Vec<u64>> = entries(&machine, &loaded, "stackmap")
        .iter()
        .map(|(id, ips)| {
            let ips = ips.as_chunks().0.iter().map(|ip| u64::from_le_bytes(*ip));
            (number::<4>(id), ips.take_while(|ip| *ip != 0).collect())
        })
        .collect();
    let mut counted: BTreeMap<Row, u64> = BTreeMap::new();
    for (key, value) in entries(&machine, &loaded, "counts") {
        let comm: Vec<u8> = key[..16].iter().copied().take_while(|byte| *byte != 0).collect();
        let stack = |at: usize| stacks.get(&number::<4>(&key[at..at + 4])).cloned();
        let row = (String::from_utf8(comm).unwrap(), stack(16), stack(20));
        *counted.entry(row).or_default() += number::<8>(&value);
    }
    for (row, count) in &expected {
        assert_eq!(counted.get(row), Some(count), "{row:x?}");
    }
    assert_eq!(counted.len(), expected.len());
    assert!(warm_up > 100, "samples of tiny periods are left out, and there were {warm_up}");
    let lines = machine.outputs().take();
    assert_eq!(
        lines.len() as u64,
        expected.values().sum::<u64>(),
        "a line for each counted sample"
    );
}

/// The fields of `struct task_info` in the order of its declaration.
fn task_info(bytes: &[u8]) -> Value {
    let text = |at: usize| {
        let bytes: Vec<u8> = bytes[at..at + 16].iter().copied().take_while(|b| *b != 0).collect();
        String::from_utf8(bytes).unwrap()
    };
    json!({
        "pid": number::<4>(&bytes[0..4]), "tgid": number::<4>(&bytes[4..8]),
        "ppid": number::<4>(&bytes[8..12]), "ancestors": number::<4>(&bytes[12..16]),
        "cpus": number::<8>(&bytes[16..24]), "seen": number::<8>(&bytes[24..32]),
        "record": number::<8>(&bytes[32..40]), "comm": text(40), "parent_comm": text(56),
    })
}

#[test]
fn tasks_are_described_through_core_reads_loops_tail_calls_and_a_ring_buffer() {
    // init ← shell ← make ← cc and ld
    let tree = [(1, 0, "init"), (20, 1, "shell"), (30, 20, "make"), (40, 30, "cc"), (41, 30, "ld")];
    let mut records: Vec<Record> =
        tree.iter().map(|(pid, parent, comm)| task(*pid, *parent, comm)).collect();
    let mut numbers = Numbers(3);
    let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
    let (mut expected, mut weighted) = (Vec::new(), 0);
    for time in 0..200 {
        let (pid, parent, comm) = tree[2 + numbers.below(3) as usize];
        let cpu = numbers.below(4);
        weighted += [1, 2, 4, 8][cpu as usize];
        let count = seen.entry(pid).or_default();
        *count += 1;
        let parent_comm = tree.iter().find(|(pid, ..)| *pid == parent).unwrap().2;
        expected.push(json!({
            "pid": pid, "tgid": pid, "ppid": parent, "ancestors": if parent == 20 { 2 } else { 3 },
            "cpus": 0b1111, "seen": *count, "record": 1000 + time, "comm": comm,
            "parent_comm": parent_comm,
        }));
        let own = Sample { cpu: Cpu(cpu as u32), period: 1, ..Sample::default() };
        records.push(sample(time, pid, own));
    }
    let (machine, loaded) = run(TASK, "describe_task", &records);
    let ring = loaded.map("tasks").unwrap();
    assert_eq!(ring.spec.kind, Some(MapType::Ringbuf));
    let sent: Vec<Value> = machine
        .outputs()
        .take()
        .iter()
        .map(|output| match output {
            Output::Ringbuf { map, data } if *map == ring.id => task_info(data),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sent, expected);
    let by_process: BTreeMap<u32, u64> = entries(&machine, &loaded, "seen_by_tgid")
        .iter()
        .map(|(key, value)| (number::<4>(key) as u32, number::<8>(value)))
        .collect();
    assert_eq!(by_process, seen);
    let variable = |name| loaded.variable(&machine, name).unwrap();
    assert_eq!((variable("samples"), variable("records")), (200, 200));
    assert_eq!((variable("skipped"), variable("unsent"), variable("full")), (0, 0, 0));
    assert_eq!((variable("next_record"), variable("weighted")), (1200, weighted));
}
