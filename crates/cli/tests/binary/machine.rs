//! `skep machine show`, and `--topology` of the commands that run or judge on a machine.

use std::path::PathBuf;

use serde_json::Value;
use snapbox::{assert_data_eq, file};

use crate::elf::Files;
use crate::skep::{program, skep, skep_with_input};

fn show(machine: &str) -> String {
    skep(["machine", "show", "--topology", machine]).succeeds().stdout
}

fn json(machine: &str) -> Value {
    skep(["machine", "show", "--json", "--topology", machine]).succeeds().json()
}

/// An input of the parsers' tests.
fn input(name: &str) -> String {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../topology/tests/inputs");
    top.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_small_machine_is_drawn_core_by_core() {
    assert_data_eq!(
        show("2 nodes x 2 llcs x 2 cores x 2 threads, offline 3,11, absent 7, distance 21"),
        file!["golden/machine-small.txt"].raw()
    );
}

#[test]
fn a_file_with_memory_behind_cxl_is_drawn() {
    assert_data_eq!(show(&input("cxl.toml")), file!["golden/machine-cxl.txt"].raw());
}

#[test]
fn the_largest_machine_is_drawn_in_ranges() {
    let drawn = show("16 nodes x 8 llcs x 32 cores x 2 threads, offline 100");
    assert_data_eq!(&drawn, file!["golden/machine-large.txt"].raw());
    // Tables are as wide as they need to be where nobody looks; the picture fits.
    let picture = || drawn.lines().skip_while(|line| !line.starts_with('┌'));
    assert!(picture().count() > 50 && picture().all(|line| line.chars().count() <= 100), "{drawn}");
    let many = show("1024 nodes x 8 cpus");
    assert!(many.lines().count() < 400, "{}", many.lines().count());
    assert!(many.contains("… and 960 more nodes; --json has all"), "{many}");
}

#[test]
fn a_narrow_terminal_gets_narrow_boxes() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(["machine", "show", "--topology", "2 nodes x 16 cores x 2 threads"])
        .env("COLUMNS", "40")
        .output()
        .unwrap();
    let drawn = String::from_utf8(run.stdout).unwrap();
    let picture = drawn.lines().skip_while(|line| !line.starts_with('┌'));
    assert!(
        picture.clone().count() > 10 && picture.clone().all(|line| line.chars().count() <= 40),
        "{drawn}"
    );
    assert!(!drawn.contains('\u{1b}'), "no colour where nobody sees it");
}

#[test]
fn every_form_is_known_by_its_content() {
    for (file, source, cpus) in [
        ("cxl.toml", "toml", 16),
        ("lscpu-table.json", "lscpu", 16),
        ("lscpu-summary.json", "lscpu", 16),
        ("numa.xml", "hwloc", 16),
        ("x86.xml", "hwloc", 16),
    ] {
        let document = json(&input(file));
        assert_eq!(
            (&document["source"], &document["nr_cpu_ids"]),
            (&source.into(), &cpus.into()),
            "{file}"
        );
    }
    let table = skep(["machine", "show", "--topology", &input("lscpu-table.json")]).succeeds();
    assert!(
        table.stderr.contains("note: the table does not say where the offline CPUs 3,11 are"),
        "{}",
        table.stderr
    );
}

#[test]
fn this_host_is_shown_by_default() {
    let document = skep(["machine", "show", "--json"]).succeeds().json();
    assert_eq!(document["source"], "host");
    assert!(!document["online"].as_str().unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_machine_says_where() {
    let files = Files::new();
    let bad = files.file("bad.toml", b"shape = \"4 cpus\"\nnr_cpu = 3\n");
    let ran = skep(["machine", "show", "--topology", &bad]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("bad.toml: TOML, line 2, column 1: unknown field `nr_cpu`"),
        "{}",
        ran.stderr
    );
    let object = skep(["machine", "show", "--topology", &program("ips")]);
    assert_eq!(object.status, 2, "{}", object.stderr);
    assert!(
        object.stderr.contains("cannot be read: stream did not contain valid UTF-8"),
        "{}",
        object.stderr
    );
}

#[test]
fn verdicts_on_a_machine_are_of_a_kernel_that_fits_it() {
    let check = |machine: &str| {
        skep_with_input(&["check", &program("ips"), "--kernel", "6.12", "--topology", machine], "")
    };
    check("8192 cpus").succeeds();
    let resized = check("64 cpus, nr_cpus 256").succeeds();
    assert!(resized.stderr.contains("struct cpumask has 32 bytes, not 1024"), "{}", resized.stderr);
    let matrix = skep(["check", &program("ips"), "--matrix=6.12,6.18", "--topology", "8 cpus"]);
    assert_eq!(matrix.status, 0, "{}", matrix.stderr);
}

#[test]
fn a_program_runs_on_a_machine_that_nobody_here_owns() {
    let machine = "16 nodes x 128 cpus, nr_cpus 2048";
    let object = program("stacks");
    let args = ["run", &object, "--source", "ptrace", "--json", "--topology", machine, "-F", "99"];
    let ran = skep_with_input(
        &[&args[..], &["--", "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]]
            .concat(),
        "",
    );
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let document = ran.json();
    assert!(document["samples"].as_u64().unwrap() > 0, "{document}");
    let notices = document["notices"].to_string();
    assert!(notices.contains("a sample of the host's CPU n runs on its CPU n"), "{notices}");
}

#[test]
fn samples_of_cpus_that_the_machine_lacks_are_counted() {
    // The machine's one running CPU has a number that no host has.
    let machine = "8192 cpus, offline 0-8190, nr_cpus 8192";
    let object = program("stacks");
    let args = ["run", &object, "--source", "ptrace", "--json", "--topology", machine, "-F", "99"];
    let ran = skep_with_input(
        &[&args[..], &["--", "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]]
            .concat(),
        "",
    );
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let document = ran.json();
    assert_eq!(document["programs"][0]["runs"], 0, "{document}");
    let notices = document["notices"].to_string();
    assert!(notices.contains("samples ran no program: CPUs "), "{notices}");
    assert!(notices.contains("are not there or offline on this machine"), "{notices}");
}
