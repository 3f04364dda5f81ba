//! The kernel's leaves against the machine's, without what cannot be equal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::leaves::{Leaves, Place};
use super::{DiffedProgram, Difference};

/// Most differences that are told of one program.
const MOST: usize = 100;

/// An engine again, with one thing changed that the other has its own of.
#[derive(Clone, Debug)]
pub(super) struct Twisted {
    /// What was changed: `the clock`.
    pub(super) cause: &'static str,
    /// What a run left behind.
    pub(super) before: Leaves,
    /// What the run with the change left behind.
    pub(super) after: Leaves,
}

/// Compares; what differs although nothing that was changed bears on it is a difference.
pub(super) fn compare(
    kernel: &Leaves,
    machine: &Leaves,
    twisted: &[Twisted],
    diffed: &mut DiffedProgram,
) {
    let mut excluded = BTreeSet::new();
    let mut differences = Vec::new();
    let places: BTreeSet<&Place> = kernel.0.keys().chain(machine.0.keys()).collect();
    for place in places {
        let (theirs, ours) = (kernel.0.get(place), machine.0.get(place));
        if theirs == ours {
            continue;
        }
        match twisted.iter().find(|other| bears_on(other, place)) {
            Some(other) => {
                excluded.insert(format!("{}: depends on {}", place.member, other.cause));
            }
            None => differences.push(Difference {
                what: place.path.clone(),
                kernel: theirs.cloned().unwrap_or(Value::Null),
                machine: ours.cloned().unwrap_or(Value::Null),
            }),
        }
    }
    if differences.len() > MOST {
        let more = differences.len() - MOST;
        differences.truncate(MOST);
        let what = format!("{more} more places");
        differences.push(Difference { what, kernel: Value::Null, machine: Value::Null });
    }
    diffed.differences.extend(differences);
    diffed.excluded.extend(excluded);
}

/// Whether what was changed changes the value at a place, or whether such places are there at all.
fn bears_on(twisted: &Twisted, place: &Place) -> bool {
    let (before, after) = (twisted.before.0.get(place), twisted.after.0.get(place));
    if before != after {
        return true;
    }
    // A place that only the other engine has: with other keys this one might have had it.
    before.is_none() && {
        let of_member = |leaves: &Leaves| -> BTreeSet<String> {
            let same = leaves.0.keys().filter(|other| other.member == place.member);
            same.map(|other| other.path.clone()).collect()
        };
        of_member(&twisted.before) != of_member(&twisted.after)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use skep_abi::ProgType;

    use super::*;

    fn leaves(values: &[(&str, u64)]) -> Leaves {
        let mut leaves = Leaves::default();
        for (path, value) in values {
            let member = path.split('[').next().unwrap().to_owned();
            leaves.put((*path).to_owned(), member, json!(value));
        }
        leaves
    }

    fn diffed(kernel: &Leaves, machine: &Leaves, clock: &Leaves) -> DiffedProgram {
        let mut diffed = DiffedProgram {
            name: "p".to_owned(),
            prog_type: ProgType::PerfEvent,
            runs: 1,
            differences: Vec::new(),
            excluded: Vec::new(),
            skipped: None,
        };
        let (before, after) = (machine.clone(), clock.clone());
        let twisted = [Twisted { cause: "the clock", before, after }];
        compare(kernel, machine, &twisted, &mut diffed);
        diffed
    }

    #[test]
    fn what_another_clock_changes_is_excluded_and_the_rest_is_told() {
        let kernel = leaves(&[("time[0]", 5), ("count[0]", 7)]);
        let machine = leaves(&[("time[0]", 6), ("count[0]", 8)]);
        let clock = leaves(&[("time[0]", 9), ("count[0]", 8)]);
        let diffed = diffed(&kernel, &machine, &clock);
        assert_eq!(diffed.excluded, ["time: depends on the clock"]);
        let difference =
            Difference { what: "count[0]".to_owned(), kernel: json!(7), machine: json!(8) };
        assert_eq!(diffed.differences, [difference]);
    }

    #[test]
    fn what_is_equal_is_compared_though_it_depends_on_the_clock() {
        let same = leaves(&[("time[0]", 5)]);
        let diffed = diffed(&same, &same, &leaves(&[("time[0]", 9)]));
        assert!(diffed.excluded.is_empty() && diffed.is_equal(), "{diffed:?}");
    }

    #[test]
    fn elements_whose_keys_are_times_are_excluded_and_missing_ones_are_told() {
        let kernel = leaves(&[("seen[5]", 1), ("count[0]", 1)]);
        let machine = leaves(&[("seen[6]", 1)]);
        let diffed = diffed(&kernel, &machine, &leaves(&[("seen[7]", 1)]));
        assert_eq!(diffed.excluded, ["seen: depends on the clock"]);
        let whats: Vec<_> = diffed.differences.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(whats, ["count[0]"]);
        assert_eq!(diffed.differences[0].machine, Value::Null);
    }
}
