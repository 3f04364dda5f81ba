//! Records about the AUX area, which tracing hardware fills: AUX, AUX_OUTPUT_HW_ID; and CALLCHAIN_DEFERRED.

use super::RecordError;
use super::cursor::{Cursor, Words};

/// `PERF_RECORD_AUX`: new data in the AUX area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuxRecord {
    /// Where it starts.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// `PERF_AUX_FLAG_*`.
    pub flags: u64,
}

impl AuxRecord {
    /// Tells whether data was lost because the area was full (`PERF_AUX_FLAG_TRUNCATED`).
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            offset: cursor.u64("aux_offset")?,
            size: cursor.u64("aux_size")?,
            flags: cursor.u64("flags")?,
        })
    }
}

/// `PERF_RECORD_CALLCHAIN_DEFERRED`: the user part of callchains that were taken in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeferredCallchain<'a> {
    /// The word after `PERF_CONTEXT_USER_DEFERRED` in the callchains that it completes.
    pub cookie: u64,
    /// The addresses, with a marker before them.
    pub callchain: Words<'a>,
}

impl<'a> DeferredCallchain<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, RecordError> {
        let cookie = cursor.u64("cookie")?;
        let nr = cursor.u64("nr")?;
        Ok(Self { cookie, callchain: cursor.words("callchain", nr)? })
    }
}
