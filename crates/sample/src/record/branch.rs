//! `PERF_SAMPLE_BRANCH_STACK`.

use skep_abi::BranchEntry;

use super::cursor::{Cursor, Words};
use super::format::branch_bit as bit;
use super::{Format, RecordError};

/// The last branches that the CPU took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchStack<'a> {
    /// Index of the newest entry in the CPU's own buffer (`PERF_SAMPLE_BRANCH_HW_INDEX`).
    pub hw_index: Option<u64>,
    entries: Words<'a>,
    /// A word of event counts for each entry (`PERF_SAMPLE_BRANCH_COUNTERS`).
    pub counters: Option<Words<'a>>,
}

impl<'a> BranchStack<'a> {
    /// The entries, newest first.
    pub fn entries(&self) -> impl Iterator<Item = BranchEntry> + 'a {
        let mut words = self.entries.iter();
        std::iter::from_fn(move || {
            Some(BranchEntry { from: words.next()?, to: words.next()?, flags: words.next()? })
        })
    }

    pub(super) fn parse(cursor: &mut Cursor<'a>, format: &Format) -> Result<Self, RecordError> {
        let has = |bits: u64| format.branch_sample_type & bits != 0;
        let nr = cursor.u64("branch stack nr")?;
        let hw_index = has(bit::HW_INDEX).then(|| cursor.u64("branch stack hw_idx")).transpose()?;
        let entries = cursor.words("branch stack entries", nr.saturating_mul(3))?;
        let counters =
            has(bit::COUNTERS).then(|| cursor.words("branch stack counters", nr)).transpose()?;
        Ok(Self { hw_index, entries, counters })
    }
}
