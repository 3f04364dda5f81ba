use std::time::Duration;

use serde_json::json;
use skep_abi::Addr;

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
        functions: vec![
            FunctionRow { frame: frame(Some("busy")), self_samples: 6, total: 6 },
            FunctionRow { frame: frame(None), self_samples: 2, total: 8 },
        ],
        stacks: vec![StackRow {
            comm: "three".to_owned(),
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
