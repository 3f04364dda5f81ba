//! `skep dump` of the objects in `programs/`.

use serde_json::Value;
use snapbox::{assert_data_eq, file};

use crate::skep::{program, skep};

/// The document of an object, resolved for a kernel that is always at hand.
fn dumped(name: &str) -> Value {
    skep(["dump", &program(name), "--kernel", "6.12", "--json"]).succeeds().json()
}

fn find<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list:#}"))
}

#[test]
fn insns_stand_under_their_source_lines() {
    let ran = skep(["dump", &program("ips"), "--kernel", "6.12"]).succeeds();
    let text = ran.stdout.replace(&program("ips"), "programs/ips.bpf.o");
    assert_data_eq!(text, file!["golden/dump-ips.txt"].raw());
}

#[test]
fn a_program_has_its_subprograms_with_it() {
    let object = dumped("task");
    let described = find(&object["programs"], "describe_task");
    for (name, global) in [("describe_task", true), ("count_ancestors", false), ("weight_of", true)]
    {
        assert_eq!(find(&described["subprograms"], name)["global"], global, "{name}");
    }
    let insns = described["insns"].as_array().unwrap();
    let refers: Vec<&str> = insns.iter().filter_map(|insn| insn["refers"].as_str()).collect();
    for name in ["count_ancestors", "weight_of", "step_to_parent", "samples", "next_record"] {
        assert!(refers.contains(&name), "{name} in {refers:?}");
    }
    let texts: Vec<&str> = insns.iter().filter_map(|insn| insn["text"].as_str()).collect();
    assert!(texts.contains(&"call bpf_tail_call#12"), "{texts:?}");
    assert!(texts.iter().any(|text| text.ends_with("= map[stages]")), "{texts:?}");
}

#[test]
fn maps_have_the_types_of_their_keys_and_values() {
    let object = dumped("task");
    let seen = find(&object["maps"], "seen_by_tgid");
    assert_eq!((&seen["key_type"], &seen["value_type"]), (&"s32".into(), &"u64".into()));
    let stages = find(&object["maps"], "stages");
    assert_eq!(stages["type"], "prog_array");
    assert_eq!(stages["values"][0]["value"]["program"], "send_record");
    let bss = find(&object["maps"], "task.bss");
    assert_eq!(find(&bss["variables"], "records")["type"], "u64");
}

#[test]
fn offsets_follow_the_kernel_that_was_chosen() {
    let code = |kernel: &str| {
        let ran = skep(["dump", &program("task"), "--kernel", kernel, "--json"]).succeeds();
        find(&ran.json()["programs"], "describe_task")["insns"].clone()
    };
    assert_ne!(code("6.1"), code("6.12"), "task_struct differs between the two");
}

#[test]
fn one_program_can_be_picked() {
    let ran =
        skep(["dump", &program("task"), "--kernel", "6.12", "--prog", "send_record"]).succeeds();
    assert!(ran.stdout.contains("Program send_record"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Program describe_task"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Maps"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let pipe = format!(
        "'{}' dump '{}' --kernel 6.12 | head -n 1",
        env!("CARGO_BIN_EXE_skep"),
        program("task")
    );
    let output = std::process::Command::new("sh").args(["-c", &pipe]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
