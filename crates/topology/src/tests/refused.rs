//! What no machine is, with its error.

use skep_abi::{Cpu, Node};

use crate::{Level, Topology, TopologyBuilder, TopologyError as E};

#[track_caller]
fn refused(builder: TopologyBuilder, error: &E, text: &str) {
    let found = builder.build().unwrap_err();
    assert_eq!(found, *error);
    assert!(found.to_string().contains(text), "{found}");
}

#[test]
fn sizes_beyond_linux_are_refused_before_anything_is_made() {
    let new = Topology::new;
    refused(new().cores_per_node(8193), &E::TooManyCpus(8193), "8192");
    refused(
        new().nodes(1024).cores_per_node(u32::MAX).smt(u32::MAX),
        &E::TooManyCpus(u64::MAX),
        "too many",
    );
    refused(new().nodes(1025), &E::TooManyNodes(1025), "1024");
    refused(new().sockets(1025), &E::TooManyNodes(1025), "1024");
    refused(new().cores_per_node(0), &E::Zero("cores"), "0 cores");
    refused(new().smt(0), &E::Zero("threads"), "0 threads");
    refused(new().sockets(0).nodes(2), &E::Zero("sockets"), "0 sockets");
    refused(new().nodes(0), &E::Zero("nodes"), "0 nodes");
    refused(new().memory_node(1024, 1), &E::NodeNumber(1024), "1023");
    assert_eq!(Topology::uniform(0).unwrap_err(), E::Zero("cores"));
    let mut spec = new().spec().unwrap();
    let of = spec.cpus.remove(&Cpu(0)).unwrap();
    assert_eq!(spec.clone().build().unwrap_err(), E::NoCpus);
    spec.cpus.insert(Cpu(8192), of);
    assert_eq!(spec.build().unwrap_err(), E::CpuNumber(8192));
}

#[test]
fn the_compiled_size_holds_every_cpu() {
    let four = || Topology::new().cores_per_node(4);
    refused(four().nr_cpus(3), &E::NrCpusTooSmall { nr_cpus: 3, nr_cpu_ids: 4 }, "CPU 3");
    refused(four().nr_cpus(8193), &E::NrCpus(8193), "1 to 8192");
    refused(four().nr_cpus(0), &E::NrCpus(0), "1 to 8192");
    assert_eq!(four().nr_cpus(4).build().unwrap().nr_cpus(), Some(4));
}

#[test]
fn cpus_and_nodes_that_do_not_exist_are_named() {
    let four = || Topology::new().cores_per_node(4);
    refused(four().offline([4]), &E::NoSuchCpu(Cpu(4)), "CPU 4");
    refused(four().capacity([0, 9], 10), &E::NoSuchCpu(Cpu(9)), "CPU 9");
    refused(four().offline_nodes([1]), &E::NoSuchNode(Node(1)), "node 1");
    refused(four().node_memory(3, 0), &E::NoSuchNode(Node(3)), "node 3");
    refused(four().offline(0..4), &E::NothingOnline, "no CPU is online");
    refused(four().offline(0..), &E::NoSuchCpu(Cpu(4)), "CPU 4");
    refused(four().capacity([1], 1025), &E::Capacity { cpu: Cpu(1), capacity: 1025 }, "1024");
    refused(four().node_ids([1, 1]), &E::NodeIds { given: 1, nodes: 1 }, "1 nodes");
}

#[test]
fn parts_are_shared_out_evenly_and_named_once() {
    let error = E::Uneven { parts: 3, what: "nodes", among: 2, of: "sockets" };
    refused(Topology::new().sockets(2).nodes(3), &error, "3 nodes cannot be shared out evenly");
    let error = E::Uneven { parts: 3, what: "cores", among: 2, of: "llcs" };
    refused(Topology::new().llcs_per_node(2).cores_per_node(3), &error, "2 llcs");
    let shape = |levels: &[(Level, u32)]| Topology::new().shape(levels).build().unwrap_err();
    let twice = shape(&[(Level::Node, 2), (Level::Node, 2)]);
    assert!(twice.to_string().starts_with("nodes within nodes"), "{twice}");
    let inside_out = shape(&[(Level::Core, 2), (Level::Socket, 2)]);
    assert!(inside_out.to_string().starts_with("sockets within cores"), "{inside_out}");
    assert!(matches!(shape(&[(Level::Thread, 2), (Level::Core, 2)]), E::Order { .. }));
}

#[test]
fn distances_are_those_that_linux_takes() {
    let two = || Topology::new().nodes(2);
    let at = |from, to, distance| E::Distance { from: Node(from), to: Node(to), distance };
    refused(two().distances([[10, 9], [20, 10]]), &at(0, 1, 9), "10 to 255");
    refused(two().distances([[10, 20], [256, 10]]), &at(1, 0, 256), "256");
    refused(two().distances([[11, 20], [20, 10]]), &at(0, 0, 11), "at 10 from itself");
    refused(two().distance(9), &at(0, 1, 9), "9");
    let rows = E::DistanceTable { nodes: 2, found: "it has 1 rows".into() };
    refused(two().distances([[10, 20]]), &rows, "2 rows of 2");
    let row = E::DistanceTable { nodes: 2, found: "the row of node 0 has 3 numbers".into() };
    refused(two().distances([[10, 20, 20], [20, 10, 20]]), &row, "node 0 has 3");
}

#[test]
fn what_siblings_and_caches_share_is_one() {
    let spec = || Topology::new().sockets(2).cores_per_node(1).smt(2).spec().unwrap();
    let mut across = spec();
    across.cpus.get_mut(&Cpu(2)).unwrap().node = Node(1);
    let error = E::SplitCore { first: Cpu(0), second: Cpu(2), what: "node" };
    assert_eq!(across.build().unwrap_err(), error);
    let mut across = spec();
    across.cpus.values_mut().for_each(|cpu| cpu.llc = 0);
    assert_eq!(across.build().unwrap_err(), E::SplitLlc { first: Cpu(0), second: Cpu(1) });
    let mut gone = spec();
    gone.cpus.get_mut(&Cpu(1)).unwrap().present = false;
    assert_eq!(gone.build().unwrap_err(), E::OnlineNotPresent(Cpu(1)));
    let mut dark = spec();
    dark.nodes.get_mut(&Node(1)).unwrap().online = false;
    assert_eq!(dark.build().unwrap_err(), E::OfflineNode { node: Node(1), cpu: Cpu(1) });
}
