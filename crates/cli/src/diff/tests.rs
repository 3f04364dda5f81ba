use serde_json::{Value, json};
use skep::diff::{DiffedObject, DiffedProgram, Difference, Skipped, SkippedBy};
use skep_abi::ProgType;

use super::view::DiffView;
use crate::output::{View, assert_schema};

fn view() -> DiffView {
    let program = |name: &str, differences: Vec<Difference>, skipped: Option<&str>| DiffedProgram {
        name: name.to_owned(),
        prog_type: ProgType::PerfEvent,
        runs: 9,
        differences,
        excluded: vec!["map times.at: depends on the clock".to_owned()],
        skipped: skipped.map(|why| Skipped { by: SkippedBy::Driver, why: why.to_owned() }),
    };
    let what = "map counts[7].samples".to_owned();
    let difference = Difference { what, kernel: json!("5"), machine: Value::Null };
    let programs = vec![
        program("same", Vec::new(), None),
        program("other", vec![difference], None),
        program("left", Vec::new(), Some("nobody drives it")),
    ];
    let object = "a.bpf.o".to_owned();
    DiffView { objects: vec![DiffedObject { object, programs }], release: "6.18.0".to_owned() }
}

#[test]
fn the_document_is_what_its_schema_says() {
    assert_schema("diff", &view());
}

#[test]
fn the_text_tells_each_difference_and_what_was_left_out() {
    let mut bytes = Vec::new();
    view().text(&mut anstream::StripStream::new(&mut bytes)).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "skep's machine against Linux 6.18.0",
        "same perf_event equal 9",
        "other perf_event different 9",
        "left perf_event not run 9",
        "map counts[7].samples 5 -",
        "not compared: map times.at: depends on the clock",
        "not run: nobody drives it",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} in {text}");
    }
}
