use serde_json::{Value, json};
use skep::machine::kptr::{Holder, Object};
use skep_abi::Addr;

use super::*;
use crate::output::{View, assert_schema};

fn view(elements: Vec<(Value, Value)>) -> RunView {
    RunView {
        engine: "machine",
        source: "ptrace".to_owned(),
        event: "cpu-clock".to_owned(),
        samples: 3,
        lost: 1,
        throttled: 0,
        programs: vec![ProgramRow { name: "count_ip".to_owned(), runs: 3, dropped: 0, faults: 0 }],
        maps: vec![MapContents { name: "counts".to_owned(), kind: "hash", elements }],
        output: vec![json!("a line\n"), json!({ "map": "tasks", "value": { "pid": 1 } })],
        objects: Some(vec![held(3, 1)]),
        whole_maps: false,
        notices: Vec::new(),
    }
}

/// A mask with so many references, one of which a map holds; or none does.
fn held(references: u64, holders: usize) -> Object {
    let value = "value 0 of map `kept`".to_owned();
    let holder = Holder { map: "kept".to_owned(), value, offset: 8 };
    Object {
        addr: Addr(0x1000),
        name: "bpf_cpumask #1".to_owned(),
        references,
        holders: vec![holder; holders],
    }
}

fn words(view: &RunView) -> Vec<String> {
    let mut bytes = Vec::new();
    view.text(&mut anstream::StripStream::new(&mut bytes)).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn position(lines: &[String], line: &str) -> usize {
    lines.iter().position(|found| found == line).unwrap_or_else(|| panic!("{line} in {lines:#?}"))
}

#[test]
fn members_of_keys_become_columns_and_counts_sort_down() {
    let key = |comm: &str, id: i32| json!({ "comm": comm, "user_stack": id });
    let lines = words(&view(vec![
        (key("make", 7), json!("2")),
        (key("cc", -14), json!("10")),
        (key("ld", 3), json!("9")),
    ]));
    position(&lines, "comm user_stack value");
    let rows = ["cc -14 10", "ld 3 9", "make 7 2"].map(|row| position(&lines, row));
    assert!(rows.is_sorted(), "{lines:#?}");
    position(&lines, "count_ip 3 0 0");
    position(&lines, "a line");
    position(&lines, r#"{"map":"tasks","value":{"pid":1}}"#);
}

#[test]
fn values_without_members_print_in_one_column() {
    let lines = words(&view(vec![
        (json!(0), json!({ "hex": "00ff" })),
        (json!(1), json!({ "name": "TASK_DEAD", "value": 128 })),
        (json!(2), json!([1, 2])),
        (json!(3), json!(null)),
    ]));
    for row in ["key value", "0 0x00ff", "1 TASK_DEAD", "2 [1, 2]", "3 -"] {
        position(&lines, row);
    }
}

#[test]
fn a_member_that_key_and_value_share_is_told_apart() {
    let lines = words(&view(vec![(json!({ "pid": 1 }), json!({ "pid": 2, "seen": 3 }))]));
    position(&lines, "pid value.pid seen");
    position(&lines, "1 2 3");
}

#[test]
fn long_maps_are_cut_unless_they_were_asked_for() {
    let elements: Vec<_> = (0..31).map(|number| (json!(number), json!("text"))).collect();
    let lines = words(&view(elements.clone()));
    position(&lines, "… and 1 more; `--dump counts` prints all");
    let whole = words(&RunView { whole_maps: true, ..view(elements) });
    position(&whole, "30 text");
}

#[test]
fn the_document_has_each_map_by_name() {
    let view = view(vec![(json!(1), json!(2))]);
    assert_schema("run", &view);
    let fields = view.fields();
    assert_eq!(fields["maps"], json!({ "counts": [{ "key": 1, "value": 2 }] }));
    assert_eq!(fields["programs"][0]["runs"], json!(3));
    assert_eq!(fields["output"][0], json!("a line\n"));
}

#[test]
fn what_nobody_holds_is_told_as_leaked() {
    let told = words(&view(Vec::new()));
    let at = position(&told, "Leaked (1 objects)");
    assert_eq!(
        told[at + 1..at + 4],
        [
            "bpf_cpumask #1 at 0x1000: 3 references",
            "one held by value 0 of map `kept`, offset 8",
            "2 held by nobody: leaked"
        ]
    );
    let fields = view(Vec::new()).fields();
    let holder = json!({ "map": "kept", "value": "value 0 of map `kept`", "offset": 8 });
    assert_eq!(
        fields["objects"],
        json!([{ "name": "bpf_cpumask #1", "references": 3, "holders": [holder], "leaked": 2 }])
    );
}

#[test]
fn what_maps_hold_is_no_leak_and_what_the_kernel_does_not_tell_is_null() {
    let held = RunView { objects: Some(vec![held(1, 1)]), ..view(Vec::new()) };
    assert_schema("run", &held);
    assert!(!words(&held).iter().any(|line| line.starts_with("Leaked")));
    let unknown = RunView { objects: None, ..view(Vec::new()) };
    assert_schema("run", &unknown);
    assert_eq!(unknown.fields()["objects"], Value::Null);
}
