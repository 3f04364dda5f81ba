//! `skep profile` and `skep run` on real commands, by perf or by ptrace, whichever this machine permits.

use serde_json::Value;

use crate::elf::Files;
use crate::schema::holds;
use crate::skep::{Ran, program, skep, skep_with_input};

/// About half a second of one CPU, then a line on standard output.
const BUSY: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done";

/// Whether the system refused to sample: then there is nothing to test, and the reason is printed.
fn refused(ran: &Ran) -> bool {
    if ran.status == 3 {
        skep_skip::skipped!("{}", ran.stderr);
    }
    ran.status == 3
}

/// Counts of the elements of a map, whose keys and values are numbers or their text.
fn total(map: &Value) -> u64 {
    let count = |value: &Value| match value {
        Value::String(text) => text.parse().unwrap(),
        value => value.as_u64().unwrap(),
    };
    map.as_array().unwrap().iter().map(|element| count(&element["value"])).sum()
}

#[test]
fn a_profile_accounts_for_every_sample() {
    let files = Files::new();
    let folder = files.path("out");
    let out = folder.to_str().unwrap();
    let ran = skep(["profile", "--json", "-F", "199", "-o", out, "--", "sh", "-c", BUSY]);
    if refused(&ran) {
        return;
    }
    assert!(ran.stderr.contains("done"), "the command's output goes to standard error");
    holds("profile", &ran);
    let profile = ran.succeeds().json();
    assert_eq!((&profile["frequency"], &profile["target_status"]), (&199.into(), &0.into()));
    let samples = profile["samples"].as_u64().unwrap();
    assert!(samples > 0, "{profile:#}");
    let functions = profile["functions"].as_array().unwrap();
    let own: u64 = functions.iter().map(|function| function["self"].as_u64().unwrap()).sum();
    assert_eq!(own, samples, "each sample hits one function");
    for path in profile["files"].as_object().unwrap().values() {
        let length = std::fs::metadata(path.as_str().unwrap()).unwrap().len();
        assert!(length > 0, "{path} is empty");
    }
    assert_eq!(profile["files"].as_object().unwrap().len(), 3);
}

#[test]
fn ctrl_c_keeps_what_was_gathered() {
    // The command itself interrupts skep when it has used some CPU time; then it would sleep for a minute.
    let command = format!("{BUSY}; kill -INT $PPID; exec sleep 60");
    for source in ["perf", "ptrace"] {
        let files = Files::new();
        let folder = files.path("out");
        let out = folder.to_str().unwrap();
        let args =
            ["profile", "--json", "--source", source, "-F", "199", "-o", out, "--", "sh", "-c"];
        let ran = skep_with_input(&[&args[..], &[&command]].concat(), "");
        if refused(&ran) {
            continue;
        }
        let profile = ran.succeeds().json();
        assert_eq!(profile["source"], source);
        assert!(profile["samples"].as_u64().unwrap() > 0, "{source}: {profile:#}");
        assert!(profile["duration"].as_f64().unwrap() < 50.0, "{source}: {profile:#}");
        assert!(folder.join("flame.svg").exists(), "{source}");
    }
}

#[test]
fn a_run_that_is_too_short_is_no_error() {
    let files = Files::new();
    let folder = files.path("out");
    let ran = skep(["profile", "-o", folder.to_str().unwrap(), "--", "false"]);
    if refused(&ran) {
        return;
    }
    let ran = ran.succeeds();
    assert!(ran.stdout.contains("the command ended with status 1"), "{}", ran.stdout);
    assert!(ran.stdout.contains("samples"), "{}", ran.stdout);
}

#[test]
fn a_program_sees_every_sample_once() {
    let object = program("ips");
    let ran = skep(["run", &object, "--json", "-F", "199", "--", "sh", "-c", BUSY]);
    if refused(&ran) {
        return;
    }
    holds("run", &ran);
    let run = ran.succeeds().json();
    let samples = run["samples"].as_u64().unwrap();
    let row = &run["programs"][0];
    assert!(samples > 0, "{run:#}");
    assert_eq!(row["name"], "count_ip");
    assert_eq!(row["runs"].as_u64().unwrap() + row["dropped"].as_u64().unwrap(), samples);
    assert_eq!(total(&run["maps"]["ip_map"]), row["runs"].as_u64().unwrap());
}

#[test]
fn the_text_of_a_run_shows_the_map_by_its_types() {
    let object = program("task");
    let args = ["run", &object, "-F", "199", "--dump", "seen_by_tgid", "--", "sh", "-c", BUSY];
    let ran = skep(args);
    if refused(&ran) {
        return;
    }
    let ran = ran.succeeds();
    assert!(ran.stdout.contains("seen_by_tgid (hash, 1 elements)"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("task.bss"), "only the map that was asked for: {}", ran.stdout);
}

#[test]
fn targets_that_are_not_there_are_wrong_input() {
    let object = program("ips");
    for (args, part) in [
        (vec!["profile", "--", "/nowhere/at/all"], "/nowhere/at/all"),
        (vec!["profile", "-p", "4194304"], "4194304"),
        (vec!["profile", "--cgroup", "/nowhere/at/all", "--duration", "1s"], "/nowhere/at/all"),
        (vec!["profile", "-e", "no-such-event", "--", "true"], "no-such-event"),
        (vec!["run", &object, "--prog", "nothing", "--", "true"], "`nothing`"),
        (vec!["run", &object, "--dump", "nothing", "--", "true"], "`nothing`"),
        (vec!["run", &object, "--attach", "ioctl", "--cookie", "1", "--", "true"], "cookie"),
    ] {
        let folder = Files::new();
        let out = folder.path("out").to_str().unwrap().to_owned();
        let args = match args[0] {
            "profile" => [&["profile", "-o", &out], &args[1..]].concat(),
            _ => args,
        };
        let ran = skep_with_input(&args, "");
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
    }
}
