//! Counting.

use super::{function, profile};
use crate::{Process, StackSet, Symbolizer};
use skep_abi::Pid;

#[test]
fn recursion_counts_once_in_total() {
    let functions = vec![function(Some("leaf"), "/a", false), function(Some("again"), "/a", false)];
    let profile = profile("p", functions, &[(&[0, 1, 1, 1], 5), (&[1, 1], 2)]);
    let stats = profile.function_stats();
    let rows: Vec<_> = stats.iter().map(|s| (s.name.as_deref().unwrap(), s.own, s.total)).collect();
    assert_eq!(rows, [("leaf", 5, 5), ("again", 2, 7)]);
}

#[test]
fn an_unknown_function_is_told_by_its_address() {
    let profile = profile("p", vec![function(None, "/lib/x.so", false)], &[(&[0], 3)]);
    let json = serde_json::to_string(&profile.function_stats()).unwrap();
    assert_eq!(
        json,
        r#"[{"name":null,"address":"0x401234","object":"/lib/x.so","self":3,"total":3}]"#
    );
}

#[test]
fn equal_stacks_are_kept_once_and_a_weight_of_zero_not_at_all() {
    let mut set = StackSet::new();
    let process = |comm: &str| Process { pid: Pid(1), comm: comm.into(), mappings: [].into() };
    let (a, b) = (set.process(process("a")), set.process(process("b")));
    set.add(a, &[1], &[2, 3], 4);
    set.add(a, &[1], &[2, 3], 6);
    set.add(a, &[1, 2], &[3], 1);
    set.add(b, &[1], &[2, 3], u64::MAX);
    set.add(b, &[9], &[9], 0);
    let weights: Vec<u64> = set.sorted().into_iter().map(|(_, weight)| weight).collect();
    assert_eq!(weights, [u64::MAX, 10, 1]);
    assert_eq!(set.weight(), u64::MAX, "sums do not overflow");
}

#[test]
fn a_set_without_stacks_is_a_profile_without_stacks() {
    let mut calls = 0;
    let profile = Symbolizer::new().profile(&StackSet::new(), &mut |progress| {
        calls += 1;
        assert_eq!((progress.done, progress.total), (0, 0));
    });
    assert_eq!((profile.weight(), profile.stacks().len(), calls), (0, 0, 1));
}
