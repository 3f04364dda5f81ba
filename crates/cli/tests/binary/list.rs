//! `skep list`.

use std::collections::BTreeSet;

use serde_json::Value;
use snapbox::{assert_data_eq, file};

use crate::skep::{skep, skep_with_input};

fn items(args: &[&str]) -> Vec<Value> {
    let args = [&["list", "--json"], args].concat();
    let ran = skep_with_input(&args, "").succeeds();
    ran.json()["items"].as_array().unwrap().clone()
}

fn names(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn map_types_are_listed_with_their_release() {
    assert_data_eq!(skep(["list", "maps"]).succeeds().stdout, file!["golden/list-maps.txt"].raw());
}

#[test]
fn a_release_leaves_out_what_came_later() {
    let old = names(&items(&["maps", "--kernel", "5.7"]));
    assert!(old.contains("struct_ops") && !old.contains("ringbuf"), "{old:?}");
    let types = names(&items(&["prog-types", "--kernel", "6.1"]));
    assert!(types.contains("syscall") && !types.contains("netfilter"), "{types:?}");
}

#[test]
fn perf_event_and_tracepoint_programs_run_and_the_others_do_not_yet() {
    let types = items(&["prog-types"]);
    let run = types.iter().filter(|row| row["implemented"] == true);
    let run: Vec<&Value> = run.map(|row| &row["name"]).collect();
    assert_eq!(run, ["tracepoint", "perf_event"]);
}

#[test]
fn the_calls_that_profilers_use_most_are_implemented() {
    let helpers = items(&["helpers", "--prog-type", "perf_event"]);
    for name in [
        "bpf_map_lookup_elem",
        "bpf_get_stackid",
        "bpf_get_stack",
        "bpf_perf_event_output",
        "bpf_ringbuf_reserve",
        "bpf_get_current_task_btf",
        "bpf_perf_prog_read_value",
        "bpf_probe_read_user_str",
        "bpf_trace_vprintk",
        "bpf_tail_call",
        "bpf_loop",
        "bpf_for_each_map_elem",
    ] {
        let row = helpers.iter().find(|row| row["name"] == name);
        assert_eq!(row.map(|row| &row["implemented"]), Some(&Value::Bool(true)), "{name}");
    }
}

#[test]
fn kfuncs_and_helpers_do_not_mix() {
    let (helpers, kfuncs) = (items(&["helpers"]), items(&["kfuncs"]));
    assert!(names(&helpers).is_disjoint(&names(&kfuncs)));
    assert!(helpers.iter().all(|row| row["id"].is_u64()));
    assert!(kfuncs.iter().all(|row| row["id"].is_null()));
    assert!(names(&kfuncs).contains("bpf_cpumask_create"));
}

#[test]
fn a_program_type_narrows_to_what_it_may_call() {
    let of = |kind: &str| names(&items(&["helpers", "--prog-type", kind]));
    let (perf, xdp) = (of("perf_event"), of("xdp"));
    assert!(perf.contains("bpf_get_stackid") && !xdp.contains("bpf_get_stackid"));
    assert!(xdp.contains("bpf_map_lookup_elem"));
}
