//! `skep diff`: what the machine answers is what the running kernel answers.

use serde_json::Value;

use crate::elf::Files;
use crate::schema::holds;
use crate::skep::{classic, program, skep, skep_with_input};

/// Compares; none, with the reason printed, where the kernel may not be asked.
fn diff(args: &[&str], status: i32) -> Option<Value> {
    let ran = skep_with_input(&[&["diff", "--json"], args].concat(), "");
    if ran.status == 3 {
        skep_skip::skipped!("{}", ran.stderr);
        return None;
    }
    assert_eq!(ran.status, status, "{args:?}: {}{}", ran.stdout, ran.stderr);
    holds("diff", &ran);
    Some(ran.json())
}

fn programs(document: &Value) -> Vec<&Value> {
    let objects = document["objects"].as_array().unwrap().iter();
    objects.flat_map(|object| object["programs"].as_array().unwrap()).collect()
}

#[test]
fn our_own_programs_are_equal_in_both() {
    let folder = format!("{}/../../programs", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let objects: Vec<String> = files
        .filter_map(|path| path.to_str().map(str::to_owned))
        .filter(|path| path.ends_with(".bpf.o"))
        .collect();
    assert!(objects.len() >= 4, "{objects:?}");
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    let Some(document) = diff(&objects, 0) else { return };
    for program in programs(&document) {
        assert_eq!(program["equal"], true, "{program:#}");
        assert_eq!(program["differences"], serde_json::json!([]), "{program:#}");
        // One asks for functions of sched_ext, which a kernel may lack.
        let lacks = program["skipped"].as_str().is_some_and(|why| why.contains("does not fit"));
        let is_sampled = matches!(program["type"].as_str(), Some("perf_event" | "tracepoint"));
        if is_sampled && !lacks {
            assert_eq!(program["skipped"], Value::Null, "{program:#}");
            assert!(program["runs"].as_u64().unwrap() >= 20, "{program:#}");
        }
    }
}

#[test]
fn rejections_are_equal_in_both_and_are_not_run() {
    let Some(document) = diff(&[&classic("uninitialised")], 0) else { return };
    for program in programs(&document) {
        assert_eq!((&program["equal"], &program["runs"]), (&true.into(), &0.into()), "{program:#}");
    }
}

#[test]
fn what_cannot_be_compared_is_listed() {
    let Some(document) = diff(&[&program("profile"), "--prog", "profile"], 0) else { return };
    let excluded = programs(&document)[0]["excluded"].as_array().unwrap().clone();
    let has_return_value =
        excluded.iter().any(|what| what.as_str().unwrap().starts_with("return value"));
    assert!(has_return_value, "{excluded:?}");
    let ran = skep(["diff", &program("ips")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("not compared"), "{}", ran.stdout);
}

#[test]
fn objects_and_programs_that_are_not_there_are_wrong_input() {
    let files = Files::new();
    let text = files.file("text.o", b"no object");
    for args in [vec![text.as_str()], vec!["/nowhere/at/all.o"]] {
        let ran = skep_with_input(&[&["diff"], &args[..]].concat(), "");
        assert_eq!(ran.status, 2, "{}", ran.stderr);
    }
    let object = program("ips");
    let Some(_) = diff(&[&object, "--prog", "nothing"], 2) else { return };
}
