//! Every form that machines are read from, and what is wrong in each.

#[path = "parsers/hwloc.rs"]
mod hwloc;
#[path = "parsers/lscpu.rs"]
mod lscpu;
#[path = "parsers/mutation.rs"]
mod mutation;
#[path = "parsers/text.rs"]
mod text;
#[path = "parsers/toml.rs"]
mod toml;

use skep_abi::Cpu;
use skep_topology::{Parsed, Topology, parse};

/// An input of `inputs/`.
fn input(name: &str) -> String {
    let path = format!("{}/tests/inputs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn parsed(content: &str) -> Parsed {
    parse(content).unwrap_or_else(|error| panic!("{content}: {error}"))
}

/// What is wrong with a text.
fn error(content: &str) -> String {
    match parse(content) {
        Ok(parsed) => panic!("{content}: {parsed:?}"),
        Err(error) => error.to_string(),
    }
}

/// Sockets, nodes, caches, cores and CPUs.
fn parts(machine: &Topology) -> [usize; 5] {
    let cpus = machine.cpus().count();
    [
        machine.sockets().len(),
        machine.nodes().len(),
        machine.llcs().len(),
        machine.cores().len(),
        cpus,
    ]
}

/// Siblings of a CPU.
fn siblings(machine: &Topology, cpu: u32) -> Vec<u32> {
    machine.siblings(Cpu(cpu)).iter().map(|cpu| cpu.0).collect()
}
