//! The shipped programs through the library's own words.

use skep_abi::{Cpu, Pid, ProgType, Sample};
use skep_machine::perf::{Fired, Inert, Rate, Target};
use skep_machine::{NewTask, NoUserMemory, PerfEventAttr, Task};

use super::{LoadedObject, Machine, Object};

const IPS: &[u8] = include_bytes!("../../../../programs/ips.bpf.o");
const STACKS: &[u8] = include_bytes!("../../../../programs/stacks.bpf.o");

fn machine() -> Machine {
    let machine = Machine::builder().cpus(4).build().unwrap();
    machine.tasks().insert(Task::new(Pid(7), Pid(7), "bee"));
    machine
}

fn load(machine: &Machine, object: &[u8]) -> LoadedObject {
    machine.load(&Object::parse("test.bpf.o", object).unwrap()).unwrap()
}

fn clock() -> PerfEventAttr {
    PerfEventAttr::cpu_clock(Rate::Frequency(99))
}

#[test]
fn a_program_counts_what_its_event_samples() {
    let machine = machine();
    let loaded = load(&machine, IPS);
    let event = machine.perf_event_open(&clock(), Target::AnyTask, Cpu(3)).unwrap();
    loaded.program("count_ip").unwrap().attach_perf_event(&event).ioctl().unwrap();
    let sample = Sample::new(Pid(7), Pid(7)).ip(0x40_1000);
    assert_eq!(event.fire(&sample).unwrap(), Fired::Discarded);
    event.disable();
    assert_eq!(event.fire(&sample).unwrap(), Fired::Inert(Inert::Off));
    let map = loaded.map("ip_map").unwrap();
    assert_eq!(map.get::<u64, u32>(&0x40_1000).unwrap(), Some(1));
    assert_eq!(map.get::<u64, u32>(&0x40_2000).unwrap(), None);
    assert_eq!(map.entries::<u64, u32>().unwrap(), [(0x40_1000, 1)]);
    let why = map.get::<u32, u32>(&1).unwrap_err().to_string();
    assert_eq!(why, "keys of map ip_map have 8 bytes, the type asked for has 4");
    assert!(map.get::<u64, u64>(&0x40_1000).is_err());
    drop(loaded);
    event.enable();
    assert_eq!(event.fire(&sample).unwrap(), Fired::Discarded, "the event holds the program");
    drop(event);
    assert!(machine.progs().is_empty());
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let machine = machine();
    let loaded = load(&machine, IPS);
    let why = loaded.program("nothing").unwrap_err().to_string();
    assert_eq!(why, "the object has no program `nothing`; it has count_ip");
    assert!(loaded.map("nothing").unwrap_err().to_string().contains("it has ip_map"));
    let why = machine.perf_event_open(&clock(), Target::Task(Pid(9)), None).unwrap_err();
    assert!(why.to_string().ends_with("for task 9: -ESRCH (-3)"), "{why}");
    let why = Machine::builder()
        .kernel(skep_abi::KernelVersion::new(5, 4))
        .build()
        .unwrap_err()
        .to_string();
    assert!(why.starts_with("skep ships no types of Linux 5.4; it ships those of 6.1,"), "{why}");
    assert!(Object::open("/nowhere/at/all").is_err());
}

#[test]
fn programs_that_walk_stacks_are_told_apart_by_the_verifier() {
    let machine = machine();
    let (ips, stacks) = (load(&machine, IPS), load(&machine, STACKS));
    let mut attr = clock();
    attr.precise_ip = 1;
    let open = || machine.perf_event_open(&attr, Target::AnyTask, Cpu(0)).unwrap();
    ips.program("count_ip").unwrap().attach_perf_event(&open()).ioctl().unwrap();
    let why = stacks.program("count_stack").unwrap().attach_perf_event(&open()).link();
    let why = why.unwrap_err().to_string();
    assert!(why.ends_with("-EPROTO (-71)"), "{why}");
    let ids: Vec<u32> = machine.progs().iter().map(|prog| prog.id().0).collect();
    assert_eq!(ids, [1, 2], "programs of two objects have numbers of their own");
}

#[test]
fn a_cookie_needs_a_link() {
    let machine = machine();
    let loaded = load(&machine, IPS);
    let event = machine.perf_event_open(&clock(), Target::AnyTask, Cpu(0)).unwrap();
    let program = loaded.program("count_ip").unwrap();
    assert!(program.attach_perf_event(&event).cookie(1).ioctl().is_err());
    let link = program.attach_perf_event(&event).cookie(1).link().unwrap();
    assert_eq!(link.prog().prog_type(), ProgType::PerfEvent);
    drop((loaded, event));
    assert_eq!(
        (machine.perf_events().len(), machine.progs().len(), machine.links().len()),
        (1, 1, 1)
    );
    drop(link);
    assert_eq!((machine.perf_events().len(), machine.progs().len()), (0, 0));
}

#[test]
fn children_of_an_inherited_event_are_sampled_too() {
    let machine = machine();
    let loaded = load(&machine, IPS);
    let attr = PerfEventAttr { inherit: true, ..clock() };
    let event = machine.perf_event_open(&attr, Target::Task(Pid(7)), None).unwrap();
    let _link = loaded.program("count_ip").unwrap().attach_perf_event(&event).link().unwrap();
    machine.new_task(&NewTask::fork(Pid(7), Pid(8)), &NoUserMemory);
    for tid in [7, 8, 9] {
        event.fire(&Sample::new(Pid(tid), Pid(tid)).ip(1).cpu(Cpu(tid % 4))).unwrap();
    }
    assert_eq!(loaded.map("ip_map").unwrap().get::<u64, u32>(&1).unwrap(), Some(2));
}
