//! The model: what machines answer, and what no machine is.

mod mask;
mod refused;

use skep_abi::{Cpu, Node};

use crate::{Core, CpuMask, Level, Llc, Numbering, Socket, Topology};

fn cpus<const N: usize>(numbers: [u32; N]) -> Vec<Cpu> {
    numbers.map(Cpu).to_vec()
}

#[test]
fn first_threads_come_first_unless_siblings_are_adjacent() {
    let builder = Topology::new().nodes(2).cores_per_node(2).smt(2);
    let apart = builder.clone().build().unwrap();
    assert_eq!(apart.siblings(Cpu(1)), cpus([1, 5]));
    assert_eq!(apart.cpus_of_node(Node(1)), cpus([2, 3, 6, 7]));
    assert_eq!(apart.cpu(Cpu(6)).map(|cpu| (cpu.core, cpu.thread)), Some((Core(2), 1)));
    // The measured machine: SMT 2 x 4 cores on 2 nodes, siblings 0 and 1.
    let adjacent = builder.numbering(Numbering::SiblingsAdjacent).build().unwrap();
    assert_eq!(adjacent.siblings(Cpu(0)), cpus([0, 1]));
    assert_eq!(adjacent.cpus_of_node(Node(1)), cpus([4, 5, 6, 7]));
    assert_eq!((adjacent.cores().len(), adjacent.nr_cpu_ids()), (4, 8));
}

#[test]
fn sockets_nodes_and_caches_that_are_not_said_go_with_each_other() {
    let parts =
        |machine: Topology| (machine.sockets().len(), machine.nodes().len(), machine.llcs().len());
    let new = Topology::new;
    assert_eq!(parts(new().nodes(4).cores_per_node(8).build().unwrap()), (4, 4, 4));
    assert_eq!(parts(new().sockets(2).build().unwrap()), (2, 2, 2));
    assert_eq!(parts(new().sockets(2).nodes(8).cores_per_node(2).build().unwrap()), (2, 8, 8));
    assert_eq!(parts(new().llcs_per_node(4).cores_per_node(8).build().unwrap()), (1, 1, 4));
    // Sub-NUMA clusters: two nodes share a cache; and a kernel with `numa=off` on two sockets.
    let shared = [(Level::Llc, 2), (Level::Node, 2), (Level::Core, 4)];
    assert_eq!(parts(new().shape(&shared).build().unwrap()), (2, 4, 2));
    let off = [(Level::Node, 1), (Level::Socket, 2), (Level::Core, 4)];
    assert_eq!(parts(new().shape(&off).build().unwrap()), (2, 1, 2));
}

#[test]
fn a_cache_and_a_socket_know_their_cpus() {
    let machine = Topology::new().llcs_per_node(2).cores_per_node(4).smt(2).build().unwrap();
    assert_eq!(machine.llc_siblings(Cpu(7)), cpus([2, 3, 6, 7]));
    assert_eq!(machine.cpus_of_llc(Llc(0)), cpus([0, 1, 4, 5]));
    assert_eq!(machine.cpus_of_socket(Socket(0)).len(), 8);
    assert_eq!(
        (machine.cpus_of_llc(Llc(2)), machine.cpus_of_socket(Socket(1))),
        (&[][..], &[][..])
    );
}

#[test]
fn smt_is_active_while_some_core_has_two_cpus_online() {
    let machine = Topology::new().cores_per_node(2).smt(2);
    assert!(machine.clone().build().unwrap().is_smt_active());
    let off = machine.clone().smt_off().build().unwrap();
    assert!(!off.is_smt_active() && off.present().weight() == 4 && off.online().weight() == 2);
    assert!(off.is_smt_active_with(&CpuMask::from_iter(cpus([0, 2]))));
    assert!(machine.clone().offline([2]).build().unwrap().is_smt_active());
    assert!(!machine.offline([2, 3]).build().unwrap().is_smt_active());
    assert!(!Topology::uniform(4).unwrap().is_smt_active());
}

#[test]
fn possible_present_and_online_are_apart() {
    let machine = Topology::new().cores_per_node(6).offline([1]).absent([4, 5]).build().unwrap();
    assert_eq!(machine.nr_cpu_ids(), 6);
    let masks = [machine.possible(), machine.present(), machine.online()];
    assert_eq!(masks.map(ToString::to_string), ["0-5", "0-3", "0,2-3"]);
}

#[test]
fn nodes_may_have_holes_no_cpus_and_no_memory() {
    let machine = Topology::new()
        .nodes(2)
        .cores_per_node(2)
        .node_ids([1, 4])
        .node_memory(4, 0)
        .memory_node(6, 1 << 40)
        .build()
        .unwrap();
    assert_eq!((machine.nr_node_ids(), machine.nodes().len()), (7, 3));
    assert_eq!(machine.cpu(Cpu(0)).map(|cpu| cpu.node), Some(Node(1)));
    assert_eq!(machine.node(Node(0)), None);
    assert_eq!(machine.node(Node(4)).map(|node| node.memory), Some(0));
    assert_eq!(machine.node(Node(6)).map(|node| node.cpus.len()), Some(0));
    assert!(machine.cpus_of_node(Node(2)).is_empty());
}

#[test]
fn an_offline_node_takes_its_cpus_with_it() {
    let machine = Topology::new().nodes(2).cores_per_node(2).offline_nodes([1]).build().unwrap();
    assert_eq!((machine.present().to_string(), machine.nr_cpu_ids()), ("0-1".to_owned(), 4));
    assert_eq!(machine.node(Node(1)).map(|node| node.online), Some(false));
}

#[test]
fn nodes_are_found_from_the_nearest_on_and_the_lower_first() {
    let ring = Topology::new()
        .nodes(4)
        .distances([[10, 16, 32, 16], [16, 10, 16, 32], [32, 16, 10, 16], [16, 32, 16, 10]])
        .build()
        .unwrap();
    assert_eq!(ring.nodes_by_distance(Node(2)), [2, 1, 3, 0].map(Node));
    assert_eq!(
        (ring.distance(Node(0), Node(2)), ring.distance(Node(0), Node(9))),
        (Some(32), None)
    );
    let plain = Topology::new().nodes(3).build().unwrap();
    assert_eq!(plain.nodes_by_distance(Node(1)), [1, 0, 2].map(Node));
    assert_eq!(plain.distance(Node(0), Node(1)), Some(20));
    assert!(plain.nodes_by_distance(Node(7)).is_empty());
}

#[test]
fn a_node_is_its_own_nearest_even_where_others_are_as_near() {
    let fake = Topology::new().nodes(2).distance(10).build().unwrap();
    assert_eq!(fake.nodes_by_distance(Node(1)), [1, 0].map(Node));
}

#[test]
fn capacities_and_frequencies_are_kept() {
    let hybrid =
        Topology::new().cores_per_node(4).capacity(2..4, 512).max_khz([0], 5_200_000).build();
    let hybrid = hybrid.unwrap();
    let of = |cpu| hybrid.cpu(Cpu(cpu)).map(|cpu| (cpu.capacity, cpu.max_khz));
    assert_eq!((of(0), of(3)), (Some((1024, Some(5_200_000))), Some((512, None))));
}

#[test]
fn the_largest_machine_is_a_machine() {
    let machine = Topology::new().nodes(1024).cores_per_node(4).smt(2).build().unwrap();
    assert_eq!((machine.nr_cpu_ids(), machine.nr_node_ids()), (8192, 1024));
    assert_eq!(machine.possible().words().len(), 128);
    assert_eq!(machine.siblings(Cpu(4095)), cpus([4095, 8191]));
    assert_eq!(machine.nodes_by_distance(Node(1023))[..2], [Node(1023), Node(0)]);
}

#[test]
fn cpus_may_have_holes_and_numbers_of_cores_are_dense() {
    let mut spec = Topology::new().cores_per_node(3).spec().unwrap();
    spec.cpus.remove(&Cpu(1));
    spec.cpus.get_mut(&Cpu(2)).unwrap().core = 4_000_000_000;
    let machine = spec.build().unwrap();
    assert_eq!((machine.nr_cpu_ids(), machine.cpus().count()), (3, 2));
    assert_eq!(machine.cpu(Cpu(1)), None);
    assert_eq!(machine.cpu(Cpu(2)).map(|cpu| cpu.core), Some(Core(1)));
    assert!(machine.siblings(Cpu(1)).is_empty());
}
