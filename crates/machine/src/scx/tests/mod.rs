//! sched_ext of whole machines, and its parts.

mod idle;
mod instance;
mod model;
mod select;

use skep_abi::Cpu;
use skep_topology::{CpuMask, Topology, TopologyBuilder};

use super::{OPS_BUILTIN_IDLE_PER_NODE, SchedExtOps};
use crate::Machine;

/// A machine with a scheduler that has masks for each node, or for the whole machine.
fn machine(topology: TopologyBuilder, is_per_node: bool) -> Machine {
    built(topology.build().unwrap(), is_per_node)
}

fn built(topology: Topology, is_per_node: bool) -> Machine {
    let version = skep_abi::KernelVersion::new(6, 19);
    let machine = Machine::builder().topology(topology).version(version).build().unwrap();
    let flags = if is_per_node { OPS_BUILTIN_IDLE_PER_NODE } else { 0 };
    machine.sched_ext().enable(SchedExtOps::new("x").flags(flags)).unwrap();
    machine
}

fn numbers(mask: &CpuMask) -> Vec<u32> {
    mask.iter().map(|cpu| cpu.0).collect()
}

/// A mask in a map's value that a call can be given.
fn mask_of(machine: &Machine, cpus: &[u32]) -> skep_abi::Addr {
    let words = machine.cpumasks().words_of(&cpus.iter().copied().map(Cpu).collect());
    let bytes = crate::cpumask::MaskBits::bytes(machine.cpumasks().bits().large);
    let label = crate::memory::Label::new("mask", "");
    let spec = crate::memory::SlabSpec::new(crate::memory::Window::Maps, bytes, 1, label);
    let mask = machine.memory().alloc(&spec).unwrap().addr(0);
    machine.cpumasks().put_words(mask, &words).unwrap();
    mask
}
