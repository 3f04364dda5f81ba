//! What is missing: LOST, LOST_SAMPLES, THROTTLE, UNTHROTTLE.

use super::RecordError;
use super::cursor::Cursor;

/// `PERF_RECORD_LOST`: records that found no room in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRecord {
    /// Id of the event that noticed.
    pub id: u64,
    /// How many.
    pub lost: u64,
}

impl LostRecord {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, RecordError> {
        Ok(Self { id: cursor.u64("id")?, lost: cursor.u64("lost")? })
    }
}

/// `PERF_RECORD_THROTTLE` and `PERF_RECORD_UNTHROTTLE`: the kernel silenced an event that came too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleRecord {
    /// Nanoseconds of the event's clock.
    pub time: u64,
    /// Id of the event.
    pub id: u64,
    /// Id of the event, different for each inherited one.
    pub stream_id: u64,
}

impl ThrottleRecord {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            time: cursor.u64("time")?,
            id: cursor.u64("id")?,
            stream_id: cursor.u64("stream_id")?,
        })
    }
}
