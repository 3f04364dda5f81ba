//! Verdicts that differ, by kind; each kind keeps its smallest program.

use std::collections::BTreeMap;

use skep_host::Verdict;

use super::generate::Generated;
use super::kernel::skeleton;
use super::skep_side::Said;

/// What kind of difference: equal ones are likely to have one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) what: &'static str,
    /// The kernel's message without numbers; empty when it accepts.
    pub(crate) kernel: String,
    /// skep's.
    pub(crate) skep: String,
}

/// Compares; none when the verdicts agree.
pub(crate) fn difference(kernel: &Verdict, skep: &Said) -> Option<Kind> {
    let what = match (kernel.is_accepted(), skep) {
        (true, Said::Accepted { .. }) | (false, Said::Rejected { .. }) => return None,
        (false, Said::Accepted { .. }) => "false-accept",
        (true, Said::Rejected { .. }) => "false-reject",
        (_, Said::Unsupported(_)) => "unsupported",
        (_, Said::Crashed(_)) => "crashed",
    };
    let message = match skep {
        Said::Accepted { .. } => "",
        Said::Rejected { message, .. } | Said::Unsupported(message) | Said::Crashed(message) => {
            message
        }
    };
    let kernel = if kernel.is_accepted() { "" } else { kernel.last_message() };
    Some(Kind { what, kernel: skeleton(kernel), skep: skeleton(message) })
}

/// Compares the sentences of two rejections; none when they are equal, or when there are not two.
pub(crate) fn other_message(kernel: &Verdict, skep: &Said) -> Option<Kind> {
    let Said::Rejected { message, .. } = skep else { return None };
    let theirs = kernel.last_message();
    let differs = !kernel.is_accepted() && message != theirs;
    let kind = || Kind { what: "other-message", kernel: skeleton(theirs), skep: skeleton(message) };
    differs.then(kind)
}

/// What an accepted program that traps in the interpreter shows.
pub(crate) fn trapped(trap: &str) -> Kind {
    Kind { what: "trapped", kernel: String::new(), skep: skeleton(trap) }
}

/// Differences of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) count: u64,
    pub(crate) number: u64,
    pub(crate) program: Generated,
    pub(crate) kernel: String,
    pub(crate) skep: String,
}

/// All differences.
#[derive(Clone, Debug, Default)]
pub(crate) struct Differences(pub(crate) BTreeMap<Kind, Found>);

impl Differences {
    /// Adds one; the smaller program stays.
    pub(crate) fn add(&mut self, kind: Kind, found: Found) {
        match self.0.get_mut(&kind) {
            None => {
                self.0.insert(kind, found);
            }
            Some(old) => {
                let count = old.count + found.count;
                if found.program.insns.len() < old.program.insns.len() {
                    *old = found;
                }
                old.count = count;
            }
        }
    }

    /// All, the most frequent first.
    pub(crate) fn often(&self) -> Vec<(&Kind, &Found)> {
        let mut found: Vec<_> = self.0.iter().collect();
        found.sort_by_key(|(_, found)| std::cmp::Reverse(found.count));
        found
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (kind, found) in other.0 {
            self.add(kind, found);
        }
    }

    pub(crate) fn count_of(&self, what: &str) -> u64 {
        self.0.iter().filter(|(kind, _)| kind.what == what).map(|(_, found)| found.count).sum()
    }
}
