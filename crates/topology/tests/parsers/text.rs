//! The short text.

use skep_abi::{Cpu, Node};

use crate::{error, parsed, parts, siblings};

#[test]
fn parts_multiply_from_the_outside_in() {
    for (text, expected) in [
        ("8 cpus", [1, 1, 1, 8, 8]),
        ("1 cpu", [1, 1, 1, 1, 1]),
        ("2 nodes x 16 cores x 2 threads", [2, 2, 2, 32, 64]),
        ("1 socket x 4 nodes x 2 llcs x 2 cores", [1, 4, 8, 16, 16]),
        ("2 packages*2 l3s*4 cores × 2 threads", [2, 2, 4, 16, 32]),
        ("1 socket x 1 llc x 2 nodes x 4 cpus", [1, 2, 1, 8, 8]),
        ("1 node x 2 sockets x 4 cores", [2, 1, 2, 8, 8]),
        ("  4 threads ", [1, 1, 1, 1, 4]),
        ("2 nodes", [2, 2, 2, 2, 2]),
        ("1024 nodes x 8 cores", [1024, 1024, 1024, 8192, 8192]),
    ] {
        assert_eq!(parts(&parsed(text).topology), expected, "{text}");
    }
}

#[test]
fn siblings_are_apart_or_adjacent() {
    assert_eq!(siblings(&parsed("2 nodes x 2 cores x 2 threads").topology, 1), [1, 5]);
    let adjacent = parsed("2 nodes x 2 cores x 2 threads, siblings adjacent").topology;
    assert_eq!(siblings(&adjacent, 1), [0, 1]);
}

#[test]
fn cpus_are_offline_or_absent() {
    let machine = parsed("12 cpus, offline 3,7-9, absent 11 , nr_cpus 8192").topology;
    assert_eq!(machine.online().to_string(), "0-2,4-6,10");
    assert_eq!((machine.present().to_string(), machine.nr_cpus()), ("0-10".into(), Some(8192)));
    let off = parsed("2 cores x 2 threads, smt off").topology;
    assert_eq!((off.online().to_string(), off.is_smt_active()), ("0-1".into(), false));
}

#[test]
fn nodes_have_numbers_memory_and_distances() {
    let machine =
        parsed("2 nodes x 2 cpus, node ids 0,4, memory 64G, memory-node 6 512GiB, distance 21");
    let machine = machine.topology;
    let memory = |node| machine.node(Node(node)).map(|node| node.memory >> 30);
    assert_eq!([memory(0), memory(4), memory(6), memory(1)], [Some(64), Some(64), Some(512), None]);
    assert_eq!(machine.distance(Node(0), Node(6)), Some(21));
    let gone = parsed("2 nodes x 2 cpus, offline nodes 1").topology;
    assert_eq!((gone.present().to_string(), gone.nr_cpu_ids()), ("0-1".into(), 4));
}

#[test]
fn cpus_have_capacities_and_frequencies() {
    let hybrid = parsed("4 cpus, freq 3.2GHz, freq 1800MHz on 2-3, capacity 512 on 2,3").topology;
    let of = |cpu| hybrid.cpu(Cpu(cpu)).map(|cpu| (cpu.capacity, cpu.max_khz));
    assert_eq!(of(1), Some((1024, Some(3_200_000))));
    assert_eq!(of(3), Some((512, Some(1_800_000))));
}

#[test]
fn what_is_wrong_is_told_with_its_column() {
    for (text, expected) in [
        (
            "2",
            "topology, column 2: it ends before a unit: sockets, nodes, llcs, cores, threads or cpus",
        ),
        ("2 node x", "topology, column 9: it ends before how many, as in `2 nodes x 8 cores`"),
        (
            "2 hives",
            "topology, column 3: `hives` is not a unit: sockets, nodes, llcs, cores, threads or cpus",
        ),
        (
            "2 nodes 4 cores",
            "topology, column 9: `4` is not `,` between options, or `x` between parts",
        ),
        (
            "2 cores x 2 nodes",
            "topology, column 11: nodes within cores: a machine has each of sockets, nodes and llcs once, in any order, then cores, then threads",
        ),
        ("0 cpus", "topology, column 1: 0 cores: a machine has at least 1"),
        ("8193 cpus", "topology, column 1: 8193 CPUs are too many: Linux can be built for 8192"),
        (
            "2000 nodes",
            "topology, column 1: 2000 NUMA nodes are too many: Linux can be built for 1024",
        ),
        (
            "99999999999 cpus",
            "topology, column 1: `99999999999` is not how many, as in `2 nodes x 8 cores`",
        ),
        (
            "2 cpus x 2 threads",
            "topology, column 3: `cpus` is not the last part: cpus have no parts; say cores",
        ),
        (
            "8 cpus, offline 8",
            "topology, column 17: 8 is over 7, the highest that this machine has",
        ),
        ("8 cpus, offline 3,7-5", "topology, column 19: the range 7-5 is upside down"),
        ("8 cpus, offline all", "topology, column 17: `all` is not a list such as 3,7-9"),
        ("8 cpus, offline 0-7", "topology: no CPU is online: at least one must be"),
        ("8 cpus, siblings mixed", "topology, column 18: `mixed` is not `apart` or `adjacent`"),
        ("8 cpus, smt on", "topology, column 13: `on` is not `off`"),
        ("8 cpus, memory 64", "topology, column 18: it ends before K, M, G or T after the number"),
        ("8 cpus, memory 5000T", "topology, column 16: `5000` is not below 4 PiB"),
        (
            "8 cpus, freq 3.2",
            "topology, column 17: it ends before kHz, MHz or GHz after the number",
        ),
        (
            "8 cpus, freq 1.2345kHz",
            "topology, column 14: `1.2345kHz` is not whole kHz below 4.3 THz",
        ),
        ("8 cpus, nr_cpus 4", "topology: NR_CPUS 4 is too small for CPU 7"),
        ("8 cpus, nr_cpus 9999", "topology: NR_CPUS 9999: it is 1 to 8192"),
        ("8 cpus, capacity 2000 on 3", "topology: capacity 2000 of CPU 3 is over 1024"),
        (
            "8 cpus, colour blue",
            "topology, column 9: `colour` is not an option: siblings, smt, offline, absent, node ids, memory, memory-node, distance, capacity, freq or nr_cpus",
        ),
        (
            "8 cpus,",
            "topology, column 8: it ends before an option: siblings, smt, offline, absent, node ids, memory, memory-node, distance, capacity, freq or nr_cpus",
        ),
        (
            "8 cpus\n, fast",
            "topology, line 2, column 3: `fast` is not an option: siblings, smt, offline, absent, node ids, memory, memory-node, distance, capacity, freq or nr_cpus",
        ),
        (
            "8 ¢pus",
            "topology, column 3: `¢` is not a unit: sockets, nodes, llcs, cores, threads or cpus",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
    let many = format!("8 cpus{}", ", offline 1".repeat(65));
    assert!(error(&many).contains("more than 64 options; a TOML file has room for more"));
}
