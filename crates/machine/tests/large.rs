//! Machines far larger than the host.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use skep_abi::{Cpu, MapType, Node};
use skep_machine::{Machine, MapDef};
use skep_topology::{Topology, TopologyBuilder};

fn machine(topology: TopologyBuilder) -> Machine {
    Machine::builder().topology(topology.build().unwrap()).build().unwrap()
}

#[test]
fn the_largest_machine_is_built_and_every_cpu_has_its_values() {
    let machine = machine(Topology::new().nodes(16).cores_per_node(256).smt(2));
    assert_eq!((machine.nr_cpu_ids(), machine.nr_nodes()), (8192, 16));
    assert_eq!(machine.cpu(Cpu(8191)).map(skep_machine::CpuState::node), Some(Node(15)));
    let id = machine.create_map(MapDef::new("m", MapType::PercpuArray, 4, 8, 1)).unwrap();
    let value = machine.map(id).unwrap().lookup(Cpu(8191), &[0; 4]).unwrap();
    machine.memory().store(value, skep_machine::Width::Dw, 7).unwrap();
    let seen = machine.user_side(id).unwrap().entries();
    assert_eq!((seen[0].1.len(), seen[0].1[8191 * 8]), (8192 * 8, 7));
}

#[test]
fn per_cpu_values_are_of_possible_cpus_only() {
    let mut spec = Topology::new().cores_per_node(4).spec().unwrap();
    spec.cpus.remove(&Cpu(1));
    let machine = Machine::builder().topology(spec.build().unwrap()).build().unwrap();
    assert!(machine.cpu(Cpu(1)).is_none() && machine.cpu(Cpu(3)).is_some());
    assert_eq!(machine.nr_cpu_ids(), 4);
    for kind in [MapType::PercpuArray, MapType::PercpuHash, MapType::LruPercpuHash] {
        let id = machine.create_map(MapDef::new("m", kind, 4, 8, 1)).unwrap();
        let map = machine.map(id).unwrap();
        map.update(Cpu(3), &[0; 4], &[9; 8], 0).unwrap();
        assert_eq!(map.lookup(Cpu(1), &[0; 4]), None, "{kind:?}");
        // As user space sees it: CPUs 0, 2 and 3.
        let value = &machine.user_side(id).unwrap().entries()[0].1;
        assert_eq!((value.len(), &value[16..]), (24, &[9; 8][..]), "{kind:?}");
    }
}

#[test]
fn a_kernel_that_is_built_for_fewer_cpus_is_refused() {
    let machine = machine(Topology::new().cores_per_node(8).nr_cpus(96));
    assert_eq!((machine.nr_cpu_ids(), machine.config_nr_cpus()), (8, 96));
}
