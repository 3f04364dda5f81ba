//! When a path need not be walked further, because a kept state covers it (`kernel/bpf/states.c`).
//!
//! A kept state whose branches were all walked without fault proves that every state which it *covers* is fine: one
//! that has at most the values that it has, in all registers and slots that are read later. Numbers whose exact value
//! decided nothing may differ. Within loops the marks of what is read and what is precise are not complete while
//! branches are left, so states there are compared in full, and what they need is handed around the loop once all of
//! it was walked.

mod clean;
mod equal;
mod held;
mod reg;
mod scc;
mod slots;
pub(crate) mod visited;

pub(crate) use reg::regs_exact;
pub(crate) use scc::{SccVisits, leave_scc, release_if_done};
pub(crate) use visited::{REJECTIONS, is_visited};

/// How exactly states are compared (`enum exact_level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exactness {
    /// What is read later, and of numbers only those that must be precise.
    Covers,
    /// Everything, equal.
    Equal,
    /// Every number within the old one's range.
    Within,
}
