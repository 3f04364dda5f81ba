use std::time::Duration;

use serde_json::json;
use skep::profiler::smt::{IdleSource, Share, Sibling, Split};
use skep_abi::{Addr, Cpu, Node};

use super::*;
use crate::args::Rate;
use crate::output::{View, assert_schema};

fn frame(name: Option<&str>) -> FrameLine {
    FrameLine {
        name: name.map(str::to_owned),
        address: Addr(0x4011d0),
        object: Some("three".to_owned()),
    }
}

fn view() -> ProfileView {
    ProfileView {
        engine: "machine",
        source: "perf".to_owned(),
        event: "cpu-clock".to_owned(),
        rate: Rate::Frequency(99),
        duration: Duration::from_millis(2500),
        target_status: Some(TargetStatus::Signaled(15)),
        samples: 8,
        lost: 0,
        throttled: 2,
        smt: None,
        functions: vec![
            FunctionRow { frame: frame(Some("busy")), self_samples: 6, siblings: None, total: 6 },
            FunctionRow { frame: frame(None), self_samples: 2, siblings: None, total: 8 },
        ],
        stacks: vec![StackRow {
            comm: "three".to_owned(),
            group: None,
            samples: 6,
            frames: vec![frame(Some("busy")), frame(None)],
        }],
        files: vec![("flamegraph", "skep-out/flame.svg".into())],
        notices: vec!["kernel stacks are left out".to_owned()],
    }
}

fn text(view: &ProfileView) -> String {
    let mut bytes = Vec::new();
    view.text(&mut anstream::StripStream::new(&mut bytes)).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn shares_are_of_all_samples_and_unknown_functions_have_addresses() {
    let text = text(&view());
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["6", "75.0", "6", "75.0", "busy", "three"]), "{text}");
    assert!(lines.contains(&vec!["2", "25.0", "8", "100.0", "0x4011d0", "three"]), "{text}");
    assert!(text.contains("8 samples of cpu-clock at 99 Hz in 2.50 s by perf; 0 lost"), "{text}");
    assert!(text.contains("signal 15 ended the command"), "{text}");
    assert!(text.contains("note: kernel stacks are left out"), "{text}");
}

#[test]
fn long_lists_say_how_much_they_leave_out() {
    let mut long = view();
    long.functions = vec![long.functions[0].clone(); 23];
    long.stacks[0].frames = vec![frame(Some("deep")); 20];
    let text = text(&long);
    assert!(text.contains("… and 3 more functions"), "{text}");
    assert!(text.contains("… 4 more\n"), "{text}");
}

#[test]
fn no_samples_give_no_tables_and_no_division_by_zero() {
    let empty = ProfileView { samples: 0, functions: Vec::new(), stacks: Vec::new(), ..view() };
    let text = text(&empty);
    assert!(text.starts_with("0 samples of cpu-clock"), "{text}");
    assert!(!text.contains("Hottest"), "{text}");
}

#[test]
fn the_document_follows_the_conventions() {
    assert_schema("profile", &view());
    let fields = view().fields();
    assert_eq!(fields["target_status"], json!(143));
    assert_eq!((&fields["frequency"], &fields["period"]), (&json!(99), &json!(null)));
    let unknown =
        json!({ "name": null, "address": "0x4011d0", "object": "three", "self": 2, "total": 8 });
    assert_eq!(fields["functions"][1], unknown);
    assert_eq!(fields["files"], json!({ "flamegraph": "skep-out/flame.svg" }));
}

/// A view with six samples while the sibling was busy and two while it was idle, on node 3.
fn split_view() -> ProfileView {
    let mut split = view();
    let share = Share { idle: 2, busy: 6, core_free: 5, ..Share::default() };
    split.smt = Some(SmtView(Split {
        is_active: true,
        cpus: [0, 1, 2, 5].map(Cpu).into_iter().collect(),
        idle_source: Some(IdleSource::Script),
        shares: [(Node(3), share)].into(),
        elsewhere: 4,
    }));
    for (row, (sibling, samples)) in
        split.functions.iter_mut().zip([(Sibling::Busy, 6), (Sibling::Idle, 2)])
    {
        let mut counts = SiblingCounts::default();
        counts.add(sibling, samples);
        row.siblings = Some(counts);
    }
    split.stacks[0].group = Some(Group { node: Node(3), sibling: Sibling::Busy });
    split
}

#[test]
fn both_halves_are_in_every_table() {
    let text = text(&split_view());
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["3", "8", "2", "25.0", "6", "75.0", "5"]), "{text}");
    assert!(lines.contains(&vec!["6", "75.0", "0", "6", "6", "75.0", "busy", "three"]), "{text}");
    assert!(
        lines.contains(&vec!["2", "25.0", "2", "0", "8", "100.0", "0x4011d0", "three"]),
        "{text}"
    );
    assert!(text.contains("6 samples, 75.0 %, three, node 3, sibling busy"), "{text}");
    assert!(!text.contains("no sibling") && !text.contains("unknown"), "{text}");
}

#[test]
fn a_machine_without_smt_has_one_column() {
    let mut single = split_view();
    let share = Share { none: 8, ..Share::default() };
    single.smt = Some(SmtView(Split { shares: [(Node(0), share)].into(), ..Split::default() }));
    let text = text(&single);
    let lines: Vec<Vec<&str>> =
        text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["0", "8", "8", "100.0"]), "{text}");
    assert!(lines.contains(&vec!["6", "75.0", "6", "75.0", "busy", "three"]), "{text}");
}

#[test]
fn the_document_has_both_halves() {
    assert_schema("profile", &split_view());
    let fields = split_view().fields();
    let node = json!({
        "node": 3, "none": 0, "idle": 2, "busy": 6, "unknown": 0, "busy_core_free": 5,
    });
    let smt = json!({
        "active": true, "cpus": "0-2,5", "idle_source": "script", "nodes": [node], "elsewhere": 4,
    });
    assert_eq!(fields["smt"], smt);
    let counts = json!({ "none": 0, "idle": 0, "busy": 6, "unknown": 0 });
    assert_eq!(fields["functions"][0]["self_by_sibling"], counts);
    let stack = &fields["stacks"][0];
    assert_eq!((&stack["node"], &stack["sibling"]), (&json!(3), &json!("busy")));
    assert_eq!(view().fields()["smt"], json!(null));
}
