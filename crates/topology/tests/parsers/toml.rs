//! skep's own file.

use skep_abi::{Cpu, Node};
use skep_topology::Form;

use crate::{error, input, parsed, parts, siblings};

#[test]
fn a_file_changes_a_shape() {
    let read = parsed(&input("cxl.toml"));
    let machine = read.topology;
    assert_eq!((read.form, read.notes.len(), parts(&machine)), (Form::Toml, 0, [2, 3, 2, 8, 16]));
    assert_eq!(machine.nr_cpus(), Some(8192));
    assert_eq!(machine.nodes_by_distance(Node(0)), [0, 2, 1].map(Node));
    let cxl = machine.node(Node(2)).unwrap();
    assert_eq!((cxl.memory >> 30, cxl.cpus.len()), (512, 0));
    let of = |cpu| machine.cpu(Cpu(cpu)).map(|cpu| (cpu.node.0, cpu.capacity, cpu.max_khz));
    assert_eq!(of(5), Some((1, 512, Some(3_200_000))));
    assert_eq!(
        (machine.online().to_string(), siblings(&machine, 5)),
        ("0-6,8-14".into(), vec![5, 13])
    );
}

#[test]
fn a_file_without_a_shape_says_each_cpu() {
    let read = parsed(&input("hybrid.toml")).topology;
    assert_eq!(parts(&read), [1, 1, 2, 6, 8]);
    assert_eq!(
        [siblings(&read, 0), siblings(&read, 3), siblings(&read, 5)],
        [vec![0, 1], vec![2, 3], vec![5]]
    );
    assert_eq!(read.cpu(Cpu(7)).map(|cpu| cpu.capacity), Some(640));
}

#[test]
fn what_is_wrong_is_told_with_line_and_column() {
    for (text, expected) in [
        ("", "TOML: no CPU is described: write `shape = \"2 nodes x 8 cores\"`, or [[cpu]] tables"),
        ("shape = 8", "TOML, line 1, column 9: invalid type: integer `8`, expected a string"),
        ("x", "TOML, line 1, column 2: key with no value, expected `=`"),
        (
            "shape = \"8 cpus\"\nspeed = 3",
            "TOML, line 2, column 1: unknown field `speed`, expected one of `shape`, `nr_cpus`, `distances`, `node`, `cpu`",
        ),
        (
            "\nshape = \"8 cpus, offline 8\"",
            "TOML, line 2, column 26, shape: 8 is over 7, the highest that this machine has",
        ),
        ("[[cpu]]\nnode = 1", "TOML, line 1, column 1: missing field `ids`"),
        ("[[cpu]]\nids = \"3-1\"", "TOML, line 2, column 7: the range 3-1 is upside down"),
        (
            "[[cpu]]\nids = 8192",
            "TOML, line 2, column 7: CPU 8192 is too large: the highest that Linux can have is 8191",
        ),
        ("[[cpu]]\nids = true", "TOML, line 2, column 7: a list such as \"0-3,8\", or a number"),
        (
            "shape = \"1 cpu\"\n[[node]]\nid = 1024",
            "TOML, line 3, column 6: node 1024 is too large: the highest that Linux can have is 1023",
        ),
        (
            "shape = \"1 cpu\"\n[[node]]\nid = 1\nmemory = \"lots\"",
            "TOML, line 4, column 10: `lots` is not a size such as \"64G\"",
        ),
        (
            "shape = \"2 nodes\"\ndistances = [[10, 20]]",
            "TOML, line 2, column 13: the table of distances needs 2 rows of 2 numbers; it has 1 rows",
        ),
        (
            "[[cpu]]\nids = 0\npresent = false\nonline = true",
            "TOML: CPU 0 is online but not present",
        ),
        (
            "shape = \"2 nodes x 1 core x 2 threads\"\n[[cpu]]\nids = 2\nnode = 1",
            "TOML: CPUs 0 and 2 are of one core, but not of one node",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
    let again = "[[cpu]]\nids = \"0-8191\"\n".repeat(9);
    assert!(error(&again).contains("line 18, column 7: the tables name more than 65536 CPUs"));
}
