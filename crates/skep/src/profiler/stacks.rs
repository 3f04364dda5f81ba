//! From the tables of the built-in programs to a set of stacks.

use std::collections::HashMap;

use skep_report::{GroupId, StackSet};
use skep_sample::Spaces;

use super::gathered::{Gathered, Kind};
use super::{Tables, smt};
use crate::session::Seen;

/// A set of stacks, and what its groups are.
#[derive(Debug, Default)]
pub struct Stacks {
    /// The stacks.
    pub set: StackSet,
    /// The groups of those that have one.
    pub groups: HashMap<GroupId, smt::Group>,
}

/// The stacks of all rows, with the mappings that their processes had.
#[must_use]
pub fn stacks(tables: &Tables, spaces: &Spaces, seen: &Seen) -> Stacks {
    let mut gathered = Gathered::default();
    gathered.add(tables);
    all_stacks(&gathered, spaces, seen)
}

/// The same of all that was gathered.
pub(super) fn all_stacks(gathered: &Gathered, spaces: &Spaces, seen: &Seen) -> Stacks {
    let mut set = StackSet::new();
    let mut processes = HashMap::new();
    let mut known: HashMap<smt::Group, GroupId> = HashMap::new();
    for (Kind { pid, comm, group, kernel, user }, samples) in gathered.kinds() {
        let process = *processes
            .entry((*pid, comm.as_str()))
            .or_insert_with(|| set.process(seen.process(spaces, *pid, comm)));
        let group = smt::Group::of_key(*group)
            .map(|group| *known.entry(group).or_insert_with(|| set.group(&group.to_string())));
        set.add_in(group, process, kernel, user, samples);
    }
    let groups = known.into_iter().map(|(group, id)| (id, group)).collect();
    Stacks { set, groups }
}
