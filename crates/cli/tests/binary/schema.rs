//! The JSON documents against the schemas in `docs/schemas`.

use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::Value;

use crate::elf::Files;
use crate::skep::{Ran, classic, program, skep, skep_with_input};

fn schema(name: &str) -> Validator {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = top.join(format!("docs/schemas/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}.json is no schema");
    jsonschema::validator_for(&schema).unwrap()
}

/// Fails unless the document is what the schema says.
#[track_caller]
pub(crate) fn holds(name: &str, ran: &Ran) {
    let document = ran.json();
    let validator = schema(name);
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn dumps_of_every_program_hold() {
    for name in ["ips", "profile", "stacks", "task"] {
        holds("dump", &skep(["dump", &program(name), "--kernel", "6.12", "--json"]).succeeds());
    }
}

#[test]
fn every_list_holds() {
    for what in ["helpers", "kfuncs", "maps", "prog-types"] {
        holds("list", &skep(["list", what, "--json", "--kernel", "6.12"]).succeeds());
    }
    holds("list", &skep(["list", "helpers", "--json", "--prog-type", "xdp"]).succeeds());
}

#[test]
fn verdicts_hold() {
    let leak = classic("leak");
    let rejected = skep(["check", &leak, &program("ips"), "--kernel", "6.18", "--json"]);
    assert_eq!(rejected.status, 1, "{}", rejected.stderr);
    holds("check", &rejected);
    holds("check", &skep(["check", &leak, "--matrix=6.12,6.18", "--json"]));
    let unread = ["check", &leak, "/nonexistent.o", "--kernel", "6.18", "--json"];
    holds("check", &skep(unread));
    holds("check", &skep(["check", &program("ips"), "--kernel", "6.18", "--format", "json"]));
}

#[test]
fn machines_hold() {
    for machine in
        ["host", "8 cpus", "2 nodes x 2 cores x 2 threads, offline 3, memory-node 7 1T, nr_cpus 64"]
    {
        holds("machine", &skep(["machine", "show", "--json", "--topology", machine]).succeeds());
    }
}

#[test]
fn explanations_hold() {
    holds("explain", &skep(["explain", "--json"]).succeeds());
    holds("explain", &skep(["explain", "register-uninit", "--json"]).succeeds());
}

#[test]
fn completions_hold() {
    holds("completions", &skep(["completions", "bash", "--json"]).succeeds());
}

#[test]
fn the_plugin_holds() {
    let program = "b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00";
    holds("conformance-plugin", &skep_with_input(&["conformance-plugin", "--json"], program));
}

#[test]
fn failures_of_every_command_hold() {
    let files = Files::new();
    let text = files.file("text.o", b"no object");
    for args in [
        vec!["nonsense", "--json"],
        vec!["dump", &text, "--json"],
        vec!["run", &text, "--json", "--", "true"],
        vec!["run", &text, "--json", "--engine", "host", "-a"],
        vec!["profile", "--json"],
        vec!["profile", "--json", "--", "/nowhere/at/all"],
        vec!["list", "maps", "--json", "--prog-type", "xdp"],
        vec!["conformance-plugin", "--json", "xyz"],
        vec!["machine", "show", "--json", "--topology", "8 cpus, offline 8"],
    ] {
        let ran = skep_with_input(&args, "");
        assert_ne!(ran.status, 0, "{args:?}");
        holds("error", &ran);
    }
}

#[test]
fn a_schema_refuses_what_it_does_not_describe() {
    let mut document = skep(["list", "maps", "--json"]).succeeds().json();
    assert!(schema("list").is_valid(&document));
    document["items"][0]["since"] = Value::from(3.19);
    assert!(!schema("list").is_valid(&document));
}
