//! The host's machine as sysfs shows it, on folders made up for the purpose and on this host.

#[path = "../examples/sysfs_of/folder.rs"]
mod folder;

use std::path::Path;
use std::process::Command;

use skep::topology::{Source, declared, host, host_at};
use skep_skip::skipped;
use skep_topology::{Topology, parse};

const COLUMNS: &str = "-e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ";

fn machine(text: &str) -> Topology {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).topology
}

/// Machines whose every CPU runs, so that sysfs says everything.
const WHOLE: &[&str] = &[
    "8 cpus, freq 3.2GHz",
    "2 nodes x 4 cores x 2 threads, distance 21, memory 32G",
    "1 socket x 4 nodes x 2 llcs x 2 cores x 2 threads, siblings adjacent",
    "2 llcs x 2 nodes x 3 cores, node ids 0,2,5,7",
    "2 nodes x 70 cores, capacity 512 on 100-139, freq 2GHz on 3",
    "2 nodes x 4 cpus, memory-node 3 64G",
];

#[test]
fn a_folder_reads_as_the_machine_that_it_was_written_for() {
    for text in WHOLE {
        let expected = machine(text);
        let folder = tempfile::tempdir().unwrap();
        folder::write(&expected, folder.path()).unwrap();
        let read = host_at(&folder.path().join("sys")).unwrap();
        assert_eq!((read.source, read.notes.as_slice()), (Source::Host, &[][..]), "{text}");
        assert_same(&read.topology, &expected, text);
    }
}

/// Distances may be kept in another form.
#[track_caller]
fn assert_same(read: &Topology, expected: &Topology, text: &str) {
    assert_eq!(read.cpus().collect::<Vec<_>>(), expected.cpus().collect::<Vec<_>>(), "{text}");
    assert_eq!(read.nodes(), expected.nodes(), "{text}");
    for from in expected.nodes() {
        for to in expected.nodes() {
            let of = |machine: &Topology| machine.distance(from.node, to.node);
            assert_eq!(of(read), of(expected), "{text}");
        }
    }
}

#[test]
fn offline_cpus_and_nodes_are_there_with_a_note() {
    let expected = machine("2 nodes x 2 cores x 2 threads, offline 5, absent 7, offline node 1");
    let folder = tempfile::tempdir().unwrap();
    folder::write(&expected, folder.path()).unwrap();
    let read = host_at(&folder.path().join("sys")).unwrap();
    let masks = |machine: &Topology| {
        [machine.possible(), machine.present(), machine.online()].map(ToString::to_string)
    };
    assert_eq!(masks(&read.topology), masks(&expected));
    assert_eq!(
        read.topology.nodes().iter().map(|node| node.online).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(
        read.notes,
        ["sysfs does not tell where CPUs 2-3,5-7 are: each is taken for a core of its own"]
    );
}

#[test]
fn what_sysfs_hides_or_contradicts_is_taken_for_simple() {
    let folder = tempfile::tempdir().unwrap();
    let hidden = host_at(folder.path()).unwrap();
    assert!(hidden.topology.nr_cpu_ids() >= 1);
    assert!(hidden.notes[0].starts_with("sysfs does not tell the CPUs"), "{:?}", hidden.notes);
    let expected = machine("2 nodes x 1 core x 2 threads, siblings adjacent");
    folder::write(&expected, folder.path()).unwrap();
    let system = folder.path().join("sys/devices/system");
    std::fs::write(system.join("node/node0/cpulist"), "0,2\n").unwrap();
    std::fs::write(system.join("node/node1/cpulist"), "1,3\n").unwrap();
    let flat = host_at(&folder.path().join("sys")).unwrap();
    assert_eq!((flat.topology.cores().len(), flat.topology.nodes().len()), (4, 2));
    assert!(flat.notes[0].starts_with("cores and caches are left out"), "{:?}", flat.notes);
}

/// What lscpu says of a machine; `None` where it is not installed.
fn lscpu(sysroot: Option<&Path>) -> Option<String> {
    let mut command = Command::new("lscpu");
    if let Some(root) = sysroot {
        command.arg("-s").arg(root);
    }
    let output = command.args(["-J", COLUMNS]).env("LC_ALL", "C").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn lscpu_says_the_same_of_folders_that_were_made_up() {
    for text in WHOLE {
        let expected = machine(text);
        let folder = tempfile::tempdir().unwrap();
        folder::write(&expected, folder.path()).unwrap();
        let Some(json) = lscpu(Some(folder.path())) else {
            return skipped!("lscpu is not installed, or reads no other root");
        };
        let read = parse(&json).unwrap().topology;
        let all = |machine: &Topology| {
            machine
                .cpus()
                .map(|cpu| (cpu.cpu, cpu.node, cpu.core, cpu.llc, cpu.max_khz))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&read), all(&expected), "{text}: {json}");
    }
}

#[test]
fn this_host_is_the_machine_that_lscpu_shows() {
    let here = host().unwrap().topology;
    let Some(json) = lscpu(None) else { return skipped!("lscpu is not installed") };
    let shown = parse(&json).unwrap().topology;
    assert_eq!(here.online(), shown.online());
    for cpu in shown.online().iter() {
        assert_eq!(here.siblings(cpu), shown.siblings(cpu), "{json}");
        assert_eq!(here.llc_siblings(cpu), shown.llc_siblings(cpu), "{json}");
        assert_eq!(here.cpu(cpu).map(|of| of.node), shown.cpu(cpu).map(|of| of.node), "{json}");
    }
}

#[test]
fn a_machine_is_a_file_a_text_or_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("8 cpus");
    std::fs::write(&path, "shape = \"4 cpus, offline 9\"").unwrap();
    let named = path.to_str().unwrap();
    let error = declared(named).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{named}: TOML, line 1, column 26, shape: 9 is over 3")),
        "{error}"
    );
    std::fs::write(&path, "shape = \"4 cpus\"").unwrap();
    assert_eq!(declared(named).unwrap().topology.nr_cpu_ids(), 4);
    assert_eq!(declared("8 cpus").unwrap().topology.nr_cpu_ids(), 8);
    assert_eq!(declared("host").unwrap().source, Source::Host);
    let error = declared("/nowhere.toml").unwrap_err().to_string();
    assert!(error.starts_with("there is no file `/nowhere.toml`; name `host`, a file"), "{error}");
}
