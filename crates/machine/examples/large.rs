//! Builds machines of growing size, opens a perf event on each of their CPUs, and prints how long that takes:
//! `cargo run --release -p skep-machine --example large`.

use std::time::Instant;

use skep_abi::Cpu;
use skep_machine::Machine;
use skep_machine::perf::{PerfEventAttr, Rate, Target};
use skep_topology::Topology;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (nodes, cores) in [(2, 4), (16, 64), (16, 256)] {
        let start = Instant::now();
        let topology = Topology::new().nodes(nodes).cores_per_node(cores).smt(2).build()?;
        let declared = start.elapsed();
        let machine = Machine::builder().topology(topology).build()?;
        let built = start.elapsed();
        let mut events = Vec::new();
        for cpu in 0..machine.nr_cpu_ids() {
            let attr = PerfEventAttr::cpu_clock(Rate::Frequency(99));
            events.push(machine.perf_event_open(&attr, Target::AnyTask, Cpu(cpu))?);
        }
        println!(
            "{} CPUs on {nodes} nodes: declared in {declared:?}, built by {built:?}, {} events open by {:?}",
            machine.nr_cpu_ids(),
            events.len(),
            start.elapsed()
        );
    }
    Ok(())
}
