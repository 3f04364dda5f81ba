//! Samples per second through a counting program, on a machine with 2,048 CPUs and an event on each:
//! `cargo bench -p skep --bench fire`.

use std::time::Instant;

use skep::machine::PerfEventAttr;
use skep::machine::perf::{Fired, Overflow, Rate, Target};
use skep::machine::{File, LinkCreate, Machine as Inner, NoUserMemory};
use skep::{Cpu, Machine, Object, Pid, Sample};
use skep_abi::{MapType, ProgType};
use skep_interp::{Interp, Interpreted, Program, ProgramSpec};
use skep_isa::assemble;
use skep_machine::{MapDef, ProgSpec};

const CPUS: u32 = 2048;
const IPS: &[u8] = include_bytes!("../../../programs/ips.bpf.o");

/// Fires `rounds` samples on each CPU; returns samples per second.
fn fire(machine: &Inner, events: &[std::sync::Arc<skep_machine::PerfEvent>], rounds: u64) -> f64 {
    let start = Instant::now();
    for round in 0..rounds {
        for event in events {
            let cpu = event.cpu().unwrap_or_default();
            let sample = Sample::new(Pid(7), Pid(7)).ip(0x40_1000 + round % 64).time(round);
            let overflow = Overflow { sample: &sample, cpu, user: &NoUserMemory, throttle: false };
            assert_eq!(machine.overflow(event, overflow), Fired::Discarded);
        }
    }
    (rounds * u64::from(CPUS)) as f64 / start.elapsed().as_secs_f64()
}

/// `*(u64 *)value += 1; return 0;` on an element of an array that the insns name directly.
fn counter(machine: &Inner) -> std::sync::Arc<skep_machine::Prog> {
    let id = machine.create_map(MapDef::new("count", MapType::Array, 4, 8, 1)).expect("a map");
    let map = machine.map(id).expect("the map was just made");
    let value = map.lookup(Cpu(0), &[0; 4]).expect("an array has its elements");
    let text = format!("r1 = {:#x} ll\nr2 = 1\nlock *(u64 *)(r1 +0) += r2\nr0 = 0\nexit", value.0);
    let insns = assemble(&text).expect("the program above is well-formed");
    let id = machine.new_prog_id();
    let spec = ProgramSpec::raw(id, "count", ProgType::PerfEvent, insns);
    let program = Program::new(machine, spec).expect("a machine has room for its first program");
    let interp = std::sync::Arc::new(Interp::new());
    let spec = ProgSpec::new("count", ProgType::PerfEvent);
    machine.prog_load(id, spec, Interpreted::new(&interp, program))
}

fn main() {
    let start = Instant::now();
    let machine = Machine::builder().cpus(CPUS).build().expect("a bench needs address space");
    println!(
        "build   {:6.1} ms for a machine with {CPUS} CPUs",
        start.elapsed().as_secs_f64() * 1e3
    );
    let loaded = machine.load(&Object::parse("ips.bpf.o", IPS).expect("ours")).expect("accepted");
    let hash = loaded.program("count_ip").expect("ours").prog().clone();
    for (name, prog) in [("array", counter(&machine)), ("hash", hash)] {
        let start = Instant::now();
        let attr = PerfEventAttr::cpu_clock(Rate::Frequency(99));
        let mut links = Vec::new();
        let events: Vec<_> = (0..CPUS)
            .map(|cpu| {
                let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(cpu));
                let event = event.expect("the machine has the CPU").event().clone();
                let create = LinkCreate::perf_event(File::from(&prog), File::from(&event), 0);
                links.push(machine.link_create(&create).expect("the event is new"));
                event
            })
            .collect();
        println!(
            "open    {:6.1} ms for {CPUS} events and links",
            start.elapsed().as_secs_f64() * 1e3
        );
        let best = (0..5).map(|_| fire(&machine, &events, 200)).fold(0.0, f64::max);
        println!("{name:7} {:6.2} M samples/s, {:.0} ns each", best / 1e6, 1e9 / best);
    }
}
