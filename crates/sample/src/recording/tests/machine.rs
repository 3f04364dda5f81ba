//! The machine that a recording describes.

use skep_abi::{Cpu, Node};
use skep_perfdata::{Recorded, cpus, numa, sample, strings, text};

use super::*;
use crate::recording::RecordedMachine;

fn described(features: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Recorded {
    let mut made = sampled(&[10]);
    for feature in features {
        made.feature(feature);
    }
    made
}

fn machine(made: &Recorded) -> RecordedMachine {
    open(&made.file()).unwrap().machine().unwrap().clone()
}

/// `HEADER_CACHE`: level, type and CPUs of each.
fn caches(caches: &[(u32, &str, &str)]) -> (u32, Vec<u8>) {
    let mut bytes = 1u32.to_le_bytes().to_vec();
    bytes.extend((caches.len() as u32).to_le_bytes());
    for (level, kind, cpus) in caches {
        bytes.extend([*level, 64, 512, 8].into_iter().flat_map(u32::to_le_bytes));
        bytes.extend([text(kind), text("32K"), text(cpus)].concat());
    }
    (20, bytes)
}

#[test]
fn sockets_nodes_cores_and_caches_are_the_recorded_ones() {
    let mut features = cpus(8, &["0-1,4-5", "2-3,6-7"], &["0,4", "1,5", "2,6", "3,7"]).to_vec();
    features.push(numa(&[(0, 1 << 20, "0-1,4-5"), (3, 2 << 20, "2-3,6-7")]));
    features.push(caches(&[
        (1, "Instruction", "0"),
        (3, "Unified", "0-1,4-5"),
        (3, "Unified", "2-3,6-7"),
    ]));
    let machine = machine(&described(features));
    let topology = &machine.topology;
    assert_eq!(machine.notes, [] as [String; 0]);
    assert_eq!(topology.siblings(Cpu(2)), [Cpu(2), Cpu(6)]);
    assert_eq!(topology.cpus_of_node(Node(3)), [2, 3, 6, 7].map(Cpu));
    assert_eq!(topology.node(Node(3)).unwrap().memory, 2 << 30);
    assert_eq!((topology.sockets().len(), topology.llcs().len()), (2, 2));
    assert!(topology.is_smt_active());
}

#[test]
fn cpus_that_perf_did_not_list_were_offline() {
    // SMT off: CPUs 2 and 3 have no core of their own in the list.
    let machine = machine(&described(cpus(4, &["0-1"], &["0", "1"])));
    assert_eq!(machine.topology.online().to_string(), "0-1");
    assert_eq!(machine.topology.possible().to_string(), "0-3");
}

#[test]
fn without_a_description_there_are_the_cpus_that_records_name() {
    let machine = machine(&sampled(&[10]));
    assert_eq!(machine.topology.possible().to_string(), "0-1");
    assert!(machine.notes[0].starts_with("the recording does not tell which CPUs share a core"));
}

#[test]
fn a_description_that_is_cut_or_absurd_is_left_out() {
    let [nr, (bit, whole)] = cpus(4, &["0-3"], &["0,2", "1,3"]);
    for len in 0..whole.len() {
        let machine = machine(&described([nr.clone(), (bit, whole[..len].to_vec())]));
        assert_eq!(machine.topology.possible().to_string(), "0-3", "{len} bytes");
    }
    let huge = u32::MAX.to_le_bytes().repeat(2);
    for feature in
        [(7, huge.clone()), (13, huge.clone()), (14, huge.clone()), (20, huge.clone()), (12, huge)]
    {
        let bit = feature.0;
        let machine = machine(&described([feature]));
        assert!(machine.topology.nr_cpu_ids() <= 8192, "feature {bit}");
    }
    let twisted = described([
        (7, [4u32, 4].into_iter().flat_map(u32::to_le_bytes).collect()),
        (13, {
            let mut bytes = strings(&[]);
            bytes.extend(strings(&["0-1", "1-2", "nonsense"]));
            bytes
        }),
        numa(&[(0, 1, "0"), (1, 1, "1-3")]),
    ]);
    let machine = machine(&twisted);
    assert!(
        machine.notes.iter().any(|note| note.starts_with("cores and caches are left out")),
        "{:?}",
        machine.notes
    );
}

#[test]
fn a_small_file_cannot_ask_for_endless_lists() {
    let mut lists = (20_000u32).to_le_bytes().to_vec();
    lists.extend(text("0-4095").repeat(20_000));
    let found = machine(&described([(7, [8u32, 8].map(u32::to_le_bytes).concat()), (13, lists)]));
    assert_eq!(found.topology.possible().to_string(), "0-7");
    let expected = "its CPU topology counts 20000 sockets, more than the 8192 that are possible";
    assert_eq!(found.notes[0], expected);
}

#[test]
fn cpus_that_cannot_be_do_not_make_the_machine() {
    let mut made = sampled(&[10]);
    made.record(&sample(7, 20).cpu(u32::MAX).task(42).ip(1));
    assert_eq!(machine(&made).topology.possible().to_string(), "0-1");
    // Where the machine is described, no record makes it larger.
    for feature in cpus(2, &["0-1"], &["0", "1"]) {
        made.feature(feature);
    }
    made.record(&sample(7, 30).cpu(700).task(42).ip(1));
    assert_eq!(machine(&made).topology.possible().to_string(), "0-1");
}
