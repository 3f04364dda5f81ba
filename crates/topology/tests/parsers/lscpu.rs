//! `lscpu -J`, as a table and as a summary.

use skep_abi::Cpu;
use skep_topology::Form;

use crate::{error, input, parsed, parts, siblings};

#[test]
fn a_table_says_where_every_cpu_that_runs_is() {
    let read = parsed(&input("lscpu-table.json"));
    let machine = read.topology;
    // The two that are offline are cores of their own.
    assert_eq!((read.form, parts(&machine)), (Form::Lscpu, [2, 4, 4, 9, 16]));
    assert_eq!(machine.online().to_string(), "0-2,4-10,12-15");
    assert_eq!([siblings(&machine, 9), siblings(&machine, 3)], [vec![1, 9], vec![3]]);
    let of = |cpu| machine.cpu(Cpu(cpu)).map(|cpu| (cpu.node.0, cpu.socket.0, cpu.max_khz));
    assert_eq!((of(14), of(3)), (Some((3, 1, Some(3_200_000))), Some((0, 0, None))));
    assert_eq!(
        read.notes,
        [
            "the table does not say where the offline CPUs 3,11 are: each is taken for a core of its own, on node 0 unless it says another"
        ]
    );
}

#[test]
fn a_summary_says_what_nodes_have() {
    let read = parsed(&input("lscpu-summary.json"));
    let machine = read.topology;
    assert_eq!(parts(&machine)[..2], [2, 4]);
    assert_eq!(machine.online().to_string(), "0-2,4-10,12-15");
    assert_eq!(
        [siblings(&machine, 9), siblings(&machine, 7), siblings(&machine, 10)],
        [vec![1, 9], vec![7, 15], vec![2, 10]]
    );
    let of = |cpu| machine.cpu(Cpu(cpu)).map(|cpu| (cpu.node.0, cpu.socket.0, cpu.llc.0));
    assert_eq!(
        [of(1), of(10), of(12), of(15)],
        [Some((0, 0, 0)), Some((1, 0, 1)), Some((2, 1, 2)), Some((3, 1, 3))]
    );
    assert_eq!(read.notes.len(), 2);
    assert!(
        read.notes[0].starts_with("the summary does not say which CPUs are siblings"),
        "{:?}",
        read.notes
    );
}

#[test]
fn summaries_of_other_machines_are_cut_as_linux_numbers_them() {
    let summary = |cpus: &str, threads: u32, nodes: &[&str]| {
        let field = |name: &str, data: &str| format!(r#"{{"field":"{name}:","data":"{data}"}}"#);
        let mut fields =
            vec![field("CPU(s)", cpus), field("Thread(s) per core", &threads.to_string())];
        for (node, list) in nodes.iter().enumerate() {
            fields.push(field(&format!("NUMA node{node} CPU(s)"), list));
        }
        format!(
            r#"{{"lscpu":[{{"field":"General","data":"","children":[{}]}}]}}"#,
            fields.join(",")
        )
    };
    let one = parsed(&summary("8", 2, &["0-7"])).topology;
    assert_eq!(siblings(&one, 0), [0, 4]);
    let adjacent = parsed(&summary("8", 2, &["0-3", "4-7"])).topology;
    assert_eq!((siblings(&adjacent, 0), parts(&adjacent)[1]), (vec![0, 1], 2));
    let interleaved = parsed(&summary("8", 2, &["0,2,4,6", "1,3,5,7"])).topology;
    assert_eq!(siblings(&interleaved, 1), [1, 3]);
    let memory_only = parsed(&summary("4", 1, &["0-3", ""])).topology;
    assert_eq!(parts(&memory_only), [1, 2, 1, 4, 4]);
    assert_eq!(
        error(&summary("3", 2, &["0-2"])),
        "lscpu JSON, NUMA node0 CPU(s): 3 CPUs run there, which are no cores of 2 threads; `lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` tells which are siblings"
    );
    assert_eq!(
        error(&summary("2", 1, &["0-1", "1"])),
        "lscpu JSON, NUMA node1 CPU(s): CPU 1 is on another node too"
    );
    assert_eq!(
        error(&summary("3", 1, &["0-1"])),
        "lscpu JSON, On-line CPU(s) list: CPU 2 is in the list, but on no node"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, expected) in [
        ("{\n\"cpus\": [1,}", "lscpu JSON, line 2, column 12: expected value"),
        (
            "{}",
            "lscpu JSON: neither `cpus` nor `lscpu` is there; `lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` writes what is needed",
        ),
        (r#"{"cpus": 3}"#, "lscpu JSON, cpus: `3` is not a list"),
        (r#"{"cpus": []}"#, "lscpu JSON: the machine has no CPU"),
        (r#"{"cpus": [3]}"#, "lscpu JSON, cpus[0]: `3` is not a row of a table"),
        (
            r#"{"cpus": [{"cpu":0,"core":0},{"core":0}]}"#,
            "lscpu JSON, cpus[1].cpu: it is missing: a table needs the number of each CPU; `lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` writes it",
        ),
        (
            r#"{"cpus": [{"cpu":0}]}"#,
            "lscpu JSON, cpus[0].core: it is missing: siblings are known by their core; `lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` writes it",
        ),
        (
            r#"{"cpus": [{"cpu":8192,"core":0}]}"#,
            "lscpu JSON, cpus[0].cpu: `8192` is not a number below 8192",
        ),
        (
            r#"{"cpus": [{"cpu":0,"core":0,"node":"x"}]}"#,
            "lscpu JSON, cpus[0].node: `x` is not a number below 1024",
        ),
        (
            r#"{"cpus": [{"cpu":0,"core":0,"online":"maybe"}]}"#,
            "lscpu JSON, cpus[0].online: `maybe` is not yes or no",
        ),
        (
            r#"{"cpus": [{"cpu":0,"core":0,"maxmhz":"fast"}]}"#,
            "lscpu JSON, cpus[0].maxmhz: `fast` is not a frequency in MHz",
        ),
        (
            r#"{"cpus": [{"cpu":0,"core":0,"l1d:l1i:l2:l3":"0:0:0:x"}]}"#,
            "lscpu JSON, cpus[0].l1d:l1i:l2:l3: `0:0:0:x` is not numbers of caches such as 0:0:0:0",
        ),
        (
            r#"{"cpus": [{"cpu":0,"core":0},{"cpu":0,"core":0}]}"#,
            "lscpu JSON, cpus[1].cpu: CPU 0 has a row already",
        ),
        (
            r#"{"cpus": [{"cpu":0,"core":0,"node":0},{"cpu":1,"core":0,"node":1}]}"#,
            "lscpu JSON: CPUs 0 and 1 are of one core, but not of one node",
        ),
        (
            r#"{"lscpu": [{"field":"CPU(s):","data":"9000"}]}"#,
            "lscpu JSON, CPU(s): `9000` is not a number from 1 to 8192",
        ),
        (
            r#"{"lscpu": [{"data":"9"}]}"#,
            "lscpu JSON, lscpu[0]: `{\"data\":\"9\"}` is not a field with its data",
        ),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn older_tables_quote_numbers_and_say_yes() {
    let read = parsed(
        r#"{"cpus": [{"cpu":"0","core":"0","online":"yes"},{"cpu":"1","core":"0","online":"no","maxmhz":"-"}]}"#,
    );
    assert_eq!(
        (siblings(&read.topology, 1), read.topology.online().to_string()),
        (vec![0, 1], "0".into())
    );
}
