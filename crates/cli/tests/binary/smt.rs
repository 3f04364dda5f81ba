//! `skep profile --smt`: what SMT siblings did, as a script or the host's context switches tell it.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::Value;

use crate::elf::Files;
use crate::schema::holds;
use crate::skep::{Ran, skep_with_input};

/// About half a second of one CPU.
const BUSY: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
/// CPU n below 64 of either node has CPU n + 64 for its sibling.
const MACHINE: &str = "2 nodes x 32 cores x 2 threads";

/// Runs a profile with `--smt`, of a command that is busy; with the folder of its files.
fn profile(files: &Files, args: &[&str]) -> (Ran, PathBuf) {
    let folder = files.path("out");
    let out = folder.to_str().unwrap();
    let fixed = ["profile", "--smt", "--json", "-F", "199", "-o", out];
    let args = [&fixed[..], args, &["--", "sh", "-c", BUSY]].concat();
    (skep_with_input(&args, ""), folder)
}

/// The document of a run, which holds to its schema; none, with the reason printed, where sampling is refused.
fn document(ran: Ran) -> Option<Value> {
    if ran.status == 3 {
        skep_skip::skipped!("{}", ran.stderr);
        return None;
    }
    let ran = ran.succeeds();
    holds("profile", &ran);
    Some(ran.json())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A member of all nodes, added up.
fn total(profile: &Value, member: &str) -> u64 {
    profile["smt"]["nodes"].as_array().unwrap().iter().map(|node| number(&node[member])).sum()
}

/// Samples whose folded stack has these words in front.
fn folded(folder: &std::path::Path, group: &str) -> u64 {
    let text = std::fs::read_to_string(folder.join("stacks.folded")).unwrap();
    let of_group = text.lines().filter(|line| line.split(';').next().unwrap().contains(group));
    of_group.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// Whatever the split: tables, stacks and files add up to the same.
fn adds_up(profile: &Value, folder: &std::path::Path) {
    let samples = number(&profile["samples"]) - number(&profile["smt"]["elsewhere"]);
    let halves = ["none", "idle", "busy", "unknown"];
    assert_eq!(halves.iter().map(|half| total(profile, half)).sum::<u64>(), samples);
    for (half, group) in halves.into_iter().zip(["no sibling", "idle", "busy", "unknown"]) {
        let by_function = profile["functions"].as_array().unwrap().iter();
        let own: u64 = by_function.map(|row| number(&row["self_by_sibling"][half])).sum();
        assert_eq!(
            (own, folded(folder, group)),
            (total(profile, half), own),
            "{half}: {profile:#}"
        );
        let rows = profile["stacks"].as_array().unwrap();
        let stacks = rows.iter().filter(|row| row["sibling"] == half);
        let stacks: u64 = stacks.map(|row| number(&row["samples"])).sum();
        // Only the hottest hundred are there.
        assert!(stacks == own || rows.len() == 100 && stacks < own, "{half}: {profile:#}");
    }
    let flame = std::fs::read_to_string(folder.join("flame.svg")).unwrap();
    assert_eq!(flame.contains("sibling busy"), total(profile, "busy") > 0);
}

#[test]
fn a_scripted_machine_gives_the_exact_split() {
    for source in ["perf", "ptrace"] {
        for (script, half, core_free) in [
            ("0s cpu 64-127 busy # every sibling\n", "busy", false),
            ("0s cpu 64-127 busy\n0s cpu 63,127 idle\n0s cpu 31,95 idle\n", "busy", true),
            ("0s cpu 0-63 busy\n", "idle", false),
        ] {
            let files = Files::new();
            let script = files.file("idle.txt", script.as_bytes());
            let args = ["--source", source, "--topology", MACHINE, "--idle-script", &script];
            let (ran, folder) = profile(&files, &args);
            let Some(document) = document(ran) else { continue };
            adds_up(&document, &folder);
            let samples = number(&document["samples"]);
            assert!(samples > 0, "{document:#}");
            let smt = &document["smt"];
            assert_eq!((&smt["active"], &smt["idle_source"]), (&true.into(), &"script".into()));
            assert_eq!((&smt["cpus"], number(&smt["elsewhere"])), (&"0-127".into(), 0));
            // A host with more CPUs than half of the machine's would run beside the script.
            let cpus = thread::available_parallelism().unwrap().get();
            if cpus > 31 {
                skep_skip::skipped!("{cpus} CPUs are more than the script is for");
                return;
            }
            assert_eq!(total(&document, half), samples, "{source} {half}: {document:#}");
            let free = if core_free { samples } else { 0 };
            assert_eq!(total(&document, "busy_core_free"), free, "{document:#}");
            let stacks = document["stacks"].as_array().unwrap();
            assert!(stacks.iter().all(|stack| stack["node"] == 0 && stack["sibling"] == half));
        }
    }
}

#[test]
fn a_script_goes_with_the_time_of_the_samples() {
    let files = Files::new();
    let script = files.file("idle.txt", b"0s cpu 64-127 busy\n100ms cpu 64-127 idle\n");
    let (ran, folder) = profile(&files, &["--topology", MACHINE, "--idle-script", &script]);
    let Some(document) = document(ran) else { return };
    adds_up(&document, &folder);
    assert!(total(&document, "idle") > 0, "half a second is longer than the script: {document:#}");
}

#[test]
fn only_the_cpus_of_the_list_count() {
    let files = Files::new();
    let script = files.file("idle.txt", b"0s cpu 64-127 busy\n");
    for source in ["perf", "ptrace"] {
        let args = ["--source", source, "-C", "0", "--topology", MACHINE, "--idle-script", &script];
        let (ran, folder) = profile(&files, &args);
        let Some(document) = document(ran) else { continue };
        adds_up(&document, &folder);
        assert_eq!(document["smt"]["cpus"], "0");
        assert_eq!(total(&document, "busy"), number(&document["samples"]), "{document:#}");
    }
}

/// The CPUs that this process may use.
fn allowed() -> CpuSet {
    sched_getaffinity(None).unwrap()
}

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(cpu);
    set
}

#[test]
fn the_hosts_context_switches_tell_that_a_neighbour_is_busy() {
    if !(allowed().is_set(0) && allowed().is_set(1)) {
        return skep_skip::skipped!("this needs the CPUs 0 and 1");
    }
    let files = Files::new();
    let (ends, runs) = (AtomicBool::new(false), AtomicBool::new(false));
    // The command runs on CPU 0, and somebody else on CPU 1 all the time, which is said to be its sibling.
    let (ran, folder) = thread::scope(|scope| {
        scope.spawn(|| {
            sched_setaffinity(None, &only(1)).unwrap();
            while !ends.load(Relaxed) {
                runs.store(true, Relaxed);
            }
        });
        while !runs.load(Relaxed) {
            thread::yield_now();
        }
        let sampled = scope.spawn(|| {
            sched_setaffinity(None, &only(0)).unwrap();
            profile(&files, &["--source", "perf", "--topology", "1 core x 2 threads"])
        });
        let sampled = sampled.join();
        ends.store(true, Relaxed);
        sampled.unwrap()
    });
    let Some(document) = document(ran) else { return };
    adds_up(&document, &folder);
    if document["smt"]["idle_source"].is_null() {
        assert_eq!(total(&document, "unknown"), number(&document["samples"]), "{document:#}");
        let notices = document["notices"].to_string();
        assert!(notices.contains("which CPUs are idle is not known"), "{notices}");
        return skep_skip::skipped!("{notices}");
    }
    assert_eq!(document["smt"]["idle_source"], "switches");
    let (samples, busy) = (number(&document["samples"]), total(&document, "busy"));
    assert_eq!(total(&document, "idle") + busy, samples);
    // A limit of CPU time can hold the neighbour back for a moment.
    assert!(samples > 0 && busy * 10 >= samples * 9, "{document:#}");
}

#[test]
fn cpus_that_only_the_declared_machine_has_are_said_to_be_idle() {
    let files = Files::new();
    let (ran, folder) = profile(
        &files,
        &["--source", "perf", "--topology", "1 node x 4096 cores x 2 threads, nr_cpus 8192"],
    );
    let Some(document) = document(ran) else { return };
    adds_up(&document, &folder);
    if document["smt"]["idle_source"].is_null() {
        return skep_skip::skipped!("the context switches of all CPUs may not be watched");
    }
    // Nobody has 4,096 CPUs at hand: the siblings are none of the host's.
    assert_eq!(total(&document, "idle"), number(&document["samples"]), "{document:#}");
    let notices = document["notices"].to_string();
    assert!(notices.contains("-8191 of the declared machine are none of the host's"), "{notices}");
}

#[test]
fn without_the_right_to_watch_all_cpus_the_split_is_not_guessed() {
    let files = Files::new();
    let folder = files.path("out");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(files.path(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_skep"));
    command.args(["profile", "--smt", "--json", "-F", "199", "--source", "perf"]);
    command.args(["--topology", MACHINE, "-o", folder.to_str().unwrap(), "--", "sh", "-c", BUSY]);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.current_dir("/").output().unwrap();
    let ran = Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    let Some(document) = document(ran) else { return };
    adds_up(&document, &folder);
    if document["smt"]["idle_source"] == "switches" {
        return skep_skip::skipped!("anybody may watch all CPUs here");
    }
    assert_eq!(total(&document, "unknown"), number(&document["samples"]), "{document:#}");
    let notices = document["notices"].to_string();
    assert!(notices.contains("recording the context switches of all CPUs failed"), "{notices}");
}

#[test]
fn without_perf_the_split_is_not_guessed() {
    let files = Files::new();
    let (ran, folder) = profile(&files, &["--source", "ptrace", "--topology", MACHINE]);
    let Some(document) = document(ran) else { return };
    adds_up(&document, &folder);
    assert_eq!(total(&document, "unknown"), number(&document["samples"]), "{document:#}");
    assert!(document["smt"]["idle_source"].is_null());
    let notices = document["notices"].to_string();
    assert!(notices.contains("which CPUs are idle is not known: ptrace tells of"), "{notices}");
}

#[test]
fn without_smt_it_says_what_that_means_and_profiles() {
    let files = Files::new();
    let (ran, folder) = profile(&files, &["--topology", "8192 cpus, nr_cpus 8192"]);
    if let Some(document) = document(ran) {
        adds_up(&document, &folder);
        assert_eq!(document["smt"]["active"], false);
        let samples = number(&document["samples"]);
        assert!(samples > 0 && total(&document, "none") == samples, "{document:#}");
        let notices = document["notices"].to_string();
        assert!(
            notices.contains("every CPU is its own core, so that there is no sibling"),
            "{notices}"
        );
    }
    // This host, whichever it is.
    let (ran, folder) = profile(&files, &[]);
    let Some(document) = document(ran) else { return };
    adds_up(&document, &folder);
    let notices = document["notices"].to_string();
    if document["smt"]["active"] == false {
        assert_eq!(total(&document, "none"), number(&document["samples"]), "{document:#}");
        assert!(notices.contains("no sibling that could be busy"), "{notices}");
    } else {
        assert!(!notices.contains("no sibling that could be busy"), "{notices}");
    }
}

#[test]
fn what_cannot_be_split_is_refused_in_words() {
    let files = Files::new();
    let bad = files.file("bad.txt", b"# a script\n1ms cpu 3 asleep\n");
    let foreign = files.file("foreign.txt", b"1ms cpu 0 busy\n2500us cpu 4 busy\n");
    let fixed = files.file("fixed.txt", b"5ms cpu 0-3 offline\n");
    let small = ["--topology", "2 cores x 2 threads"];
    for (args, status, part) in [
        (vec!["--engine", "host"], 4, "`--smt` does not go with `--engine host`"),
        (vec!["--engine", "host"], 4, "SCX_OPS_BUILTIN_IDLE_PER_NODE"),
        (vec!["--idle-script", &bad], 2, "bad.txt, line 2, column 11: `asleep` is not idle"),
        (vec!["--idle-script", "/nowhere"], 2, "/nowhere cannot be read"),
        (vec!["--idle-script", &foreign], 2, "followed at 2.5ms: the machine has no CPU 4"),
        (vec!["--idle-script", &fixed], 2, "at 5ms: CPU 0 stays online, as on x86"),
        (vec!["-C", "0,7"], 2, "the machine has no CPU 7"),
    ] {
        let args = if args[0] == "--engine" { args } else { [&small[..], &args].concat() };
        let (ran, _) = profile(&files, &args);
        assert_eq!(ran.status, status, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
    }
    let without = skep_with_input(&["profile", "--idle-script", &bad, "--", "true"], "");
    assert_eq!(without.status, 2);
    assert!(without.stderr.contains("--smt"), "{}", without.stderr);
}
