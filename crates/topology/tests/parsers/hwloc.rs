//! hwloc's XML.

use skep_abi::{Cpu, Node};
use skep_topology::Form;

use crate::{error, input, parsed, parts, siblings};

#[test]
fn a_synthetic_machine_has_its_nodes_and_cores() {
    let read = parsed(&input("two-nodes.xml"));
    let machine = read.topology;
    assert_eq!((read.form, read.notes.len(), parts(&machine)), (Form::Hwloc, 0, [2, 2, 2, 8, 16]));
    assert_eq!(
        (siblings(&machine, 0), machine.cpu(Cpu(8)).map(|cpu| cpu.node)),
        (vec![0, 1], Some(Node(1)))
    );
    assert_eq!(machine.node(Node(1)).map(|node| node.memory), Some(1 << 30));
}

#[test]
fn packages_caches_and_numbers_of_cpus_are_read() {
    let machine = parsed(&input("x86.xml")).topology;
    assert_eq!(parts(&machine), [2, 2, 4, 8, 16]);
    assert_eq!((siblings(&machine, 3), machine.llc_siblings(Cpu(3)).len()), (vec![3, 11], 4));
    assert_eq!(machine.node(Node(0)).map(|node| node.memory), Some(32 << 30));
}

#[test]
fn an_export_of_linux_has_distances_frequencies_and_offline_cpus() {
    let read = parsed(&input("numa.xml"));
    let machine = read.topology;
    assert_eq!(parts(&machine), [2, 4, 4, 9, 16]);
    assert_eq!((machine.online().to_string(), machine.nr_cpu_ids()), ("0-2,4-10,12-15".into(), 16));
    assert_eq!(machine.distance(Node(0), Node(3)), Some(21));
    assert_eq!(machine.cpu(Cpu(15)).and_then(|cpu| cpu.max_khz), Some(3_200_000));
    assert_eq!(
        read.notes,
        [
            "hwloc does not say where the offline CPUs 3,11 are: each is taken for a core of its own on node 0"
        ]
    );
}

fn document(inside: &str) -> String {
    format!(
        "<topology version=\"2.0\">\n<object type=\"Machine\" complete_cpuset=\"0x3\">\n{inside}\n</object>\n</topology>"
    )
}

const NUMA: &str = r#"<object type="NUMANode" os_index="0" cpuset="0x3"/>"#;

#[test]
fn memory_of_another_kind_is_a_node_without_cpus() {
    let hbm = r#"<object type="NUMANode" os_index="4" cpuset="0x3" local_memory="17179869184"/>"#;
    let pus = r#"<object type="PU" os_index="0"/><object type="PU" os_index="1"/>"#;
    let machine = parsed(&document(&format!("{NUMA}{hbm}{pus}"))).topology;
    assert_eq!((machine.cpus_of_node(Node(0)).len(), machine.cpus_of_node(Node(4)).len()), (2, 0));
    assert_eq!(
        (machine.nr_node_ids(), machine.node(Node(4)).map(|node| node.memory >> 30)),
        (5, Some(16))
    );
}

#[test]
fn distances_that_linux_could_not_have_are_left_out_with_a_note() {
    let distances = r#"<distances2 type="NUMANode" kind="5"><indexes>0</indexes><u64values>7</u64values></distances2>"#;
    let read = parsed(&document(&format!("{NUMA}<object type=\"PU\" os_index=\"0\"/>{distances}")));
    assert!(
        read.notes
            .iter()
            .any(|note| note.contains("distances of nodes are left out: distance 7 from node 0")),
        "{:?}",
        read.notes
    );
}

#[test]
fn what_is_wrong_is_told_with_line_and_column() {
    for (text, expected) in [
        ("<a/>".to_owned(), "hwloc XML: no <topology> is there; `lstopo --of xml` writes one"),
        (
            "<topology>".to_owned(),
            "hwloc XML, line 1, column 1: this is of hwloc 1; hwloc 2 writes what skep reads",
        ),
        (
            "<topology version=\"3.0\"/>".to_owned(),
            "hwloc XML, line 1, column 1: version 3.0 is not read, but only 2",
        ),
        (document(NUMA), "hwloc XML: the machine has no CPU"),
        (
            document("<object type=\"PU\" os_index=\"0\"/>"),
            "hwloc XML: PU 0 is in the cpuset of no NUMANode",
        ),
        (
            document("<object type=\"PU\"/>"),
            "hwloc XML, line 3, column 1, attribute os_index: it is missing",
        ),
        (
            document("  <object type=\"PU\" os_index=\"8192\"/>"),
            "hwloc XML, line 3, column 3, attribute os_index: `8192` is not a CPU below 8192",
        ),
        (
            document("<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0xf...f\"/>"),
            "hwloc XML, line 3, column 1, attribute cpuset: `0xf...f` is not a set of CPUs below 8192",
        ),
        (
            document("<object type=\"PU\" os_index=\"0\"/><object type=\"PU\" os_index=\"0\"/>"),
            "hwloc XML, line 3, column 33: PU 0 is there already",
        ),
        (
            "<topology version=\"2.0\"><object type=\"Group\">".to_owned(),
            "hwloc XML, line 1, column 46: it ends within an element",
        ),
    ] {
        assert_eq!(error(&text), expected, "{text}");
    }
    assert!(error("<topology version=\"2.0\"></object>").starts_with("hwloc XML, line 1, column "));
}
