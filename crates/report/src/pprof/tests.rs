//! What was written, read back.

use std::io::Read as _;

use flate2::read::GzDecoder;
use prost::Message as _;

use super::{Sampling, Unit, proto, write};
use crate::Profile;
use crate::tests::{function, profile};

fn sampling(unit: Unit) -> Sampling {
    let event = "cache-misses".to_owned();
    Sampling {
        event,
        unit,
        period: 1_001_001,
        started: 1_700_000_000_000_000_000,
        duration: 10_000_000_000,
    }
}

fn round_trip(profile: &Profile, unit: Unit) -> proto::Profile {
    let mut out = Vec::new();
    write(profile, &sampling(unit), &mut out).unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(&*out).read_to_end(&mut bytes).unwrap();
    proto::Profile::decode(&*bytes).unwrap()
}

fn text(profile: &proto::Profile, id: i64) -> &str {
    &profile.string_table[usize::try_from(id).unwrap()]
}

fn example() -> Profile {
    let functions = vec![
        function(Some("do_syscall_64"), "[kernel]", true),
        function(Some("leaf"), "/usr/bin/odd", false),
        function(None, "/usr/bin/odd", false),
    ];
    profile("app", functions, &[(&[0, 1, 2], 5), (&[1, 2], 2)])
}

#[test]
fn samples_stand_for_counts_and_for_time() {
    let read = round_trip(&example(), Unit::Nanoseconds);
    let kinds: Vec<_> =
        read.sample_type.iter().map(|t| (text(&read, t.kind), text(&read, t.unit))).collect();
    assert_eq!(kinds, [("samples", "count"), ("cpu", "nanoseconds")]);
    assert_eq!(read.sample[0].value, [5, 5 * 1_001_001]);
    assert_eq!(read.sample[0].location_id, [1, 2, 3], "innermost first");
    let labels: Vec<_> = read.sample[0]
        .label
        .iter()
        .map(|l| (text(&read, l.key), text(&read, l.str), l.num))
        .collect();
    assert_eq!(labels, [("comm", "app", 0), ("pid", "", 7)]);
    assert_eq!((read.period, read.duration_nanos), (1_001_001, 10_000_000_000));
    assert_eq!(read.time_nanos, 1_700_000_000_000_000_000);
    assert_eq!(text(&read, read.default_sample_type), "cpu");
}

#[test]
fn a_group_is_a_label_by_which_pprof_can_split() {
    let mut set = crate::StackSet::new();
    let process = crate::Process { pid: skep_abi::Pid(7), comm: "app".into(), mappings: [].into() };
    let process = set.process(process);
    let busy = set.group("node 0, sibling busy");
    set.add_in(Some(busy), process, &[], &[0x10], 2);
    set.add(process, &[], &[0x10], 1);
    let read = round_trip(&crate::Symbolizer::new().profile(&set, &mut |_| ()), Unit::Count);
    let group_of = |sample: &proto::Sample| {
        let label = sample.label.iter().find(|label| text(&read, label.key) == "group");
        label.map(|label| text(&read, label.str).to_owned())
    };
    let groups: Vec<_> =
        read.sample.iter().map(|sample| (sample.value[0], group_of(sample))).collect();
    assert_eq!(groups, [(2, Some("node 0, sibling busy".to_owned())), (1, None)]);
}

#[test]
fn an_event_that_is_no_clock_keeps_its_name() {
    let read = round_trip(&example(), Unit::Count);
    let kind = read.period_type.unwrap();
    assert_eq!((text(&read, kind.kind), text(&read, kind.unit)), ("cache-misses", "count"));
}

#[test]
fn ids_start_at_one_and_lead_somewhere() {
    let read = round_trip(&example(), Unit::Nanoseconds);
    assert_eq!(read.string_table[0], "");
    assert!(read.mapping.iter().zip(1..).all(|(mapping, id)| mapping.id == id));
    assert!(read.location.iter().zip(1..).all(|(location, id)| location.id == id));
    assert!(read.function.iter().zip(1..).all(|(function, id)| function.id == id));
    for location in &read.location {
        assert!(location.mapping_id as usize <= read.mapping.len());
        for line in &location.line {
            assert!((1..=read.function.len() as u64).contains(&line.function_id));
        }
    }
    let names: Vec<_> = read.mapping.iter().map(|m| text(&read, m.filename)).collect();
    assert_eq!(names, ["/usr/bin/odd", "[kernel]"], "the first one is the program");
    assert_eq!(text(&read, read.mapping[0].build_id), "ab01");
}

#[test]
fn an_unnamed_address_has_no_line_but_its_address() {
    let read = round_trip(&example(), Unit::Nanoseconds);
    assert_eq!((read.location[2].line.len(), read.location[2].address), (0, 0x1020));
    assert_eq!(read.location[1].line[0].line, 11);
    assert_eq!(text(&read, read.function[1].filename), "odd.c");
}

#[test]
fn an_empty_profile_is_valid() {
    let read = round_trip(&Profile::default(), Unit::Nanoseconds);
    assert!(read.sample.is_empty());
    assert_eq!(read.sample_type.len(), 2);
}

#[test]
fn huge_weights_do_not_overflow() {
    let read = round_trip(
        &profile("p", vec![function(Some("f"), "/f", false)], &[(&[0], u64::MAX)]),
        Unit::Count,
    );
    assert_eq!(read.sample[0].value, [i64::MAX, i64::MAX]);
}
