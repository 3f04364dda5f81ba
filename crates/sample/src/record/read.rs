//! Counter values: `struct read_format`, in samples, in READ records, and from `read(2)`.

use super::cursor::Cursor;
use super::format::read_bit as bit;
use super::{Format, RecordError};

/// The value of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadValue {
    /// The count.
    pub value: u64,
    /// Id of the event (`PERF_FORMAT_ID`).
    pub id: Option<u64>,
    /// Samples that found no room in the ring (`PERF_FORMAT_LOST`).
    pub lost: Option<u64>,
}

/// Values read at once: those of one event, or with `PERF_FORMAT_GROUP` those of its whole group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadFormat {
    /// Nanoseconds that the event was enabled.
    pub time_enabled: Option<u64>,
    /// Nanoseconds that it was counting.
    pub time_running: Option<u64>,
    /// The values, the group's leader first.
    pub values: Vec<ReadValue>,
}

impl ReadFormat {
    /// Reads what `read(2)` of an event with this format returned.
    ///
    /// # Errors
    /// When the bytes are too few for the format.
    pub fn parse_bytes(bytes: &[u8], format: &Format) -> Result<Self, RecordError> {
        Self::parse(&mut Cursor::new(bytes, 0), format)
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>, format: &Format) -> Result<Self, RecordError> {
        let has = |bits: u64| format.read_format & bits != 0;
        let time = |cursor: &mut Cursor<'_>, bits: u64, field| {
            has(bits).then(|| cursor.u64(field)).transpose()
        };
        if has(bit::GROUP) {
            let nr = cursor.u64("read nr")?;
            let time_enabled = time(cursor, bit::TOTAL_TIME_ENABLED, "read time_enabled")?;
            let time_running = time(cursor, bit::TOTAL_TIME_RUNNING, "read time_running")?;
            let words = 1 + u64::from(has(bit::ID)) + u64::from(has(bit::LOST));
            let mut items = Cursor::new(cursor.items("read values", nr, words * 8)?, 0);
            let mut values = Vec::new();
            while items.left() > 0 {
                values.push(Self::value(&mut items, format)?);
            }
            return Ok(Self { time_enabled, time_running, values });
        }
        let value = cursor.u64("read value")?;
        let time_enabled = time(cursor, bit::TOTAL_TIME_ENABLED, "read time_enabled")?;
        let time_running = time(cursor, bit::TOTAL_TIME_RUNNING, "read time_running")?;
        let id = has(bit::ID).then(|| cursor.u64("read id")).transpose()?;
        let lost = has(bit::LOST).then(|| cursor.u64("read lost")).transpose()?;
        Ok(Self { time_enabled, time_running, values: vec![ReadValue { value, id, lost }] })
    }

    fn value(cursor: &mut Cursor<'_>, format: &Format) -> Result<ReadValue, RecordError> {
        let value = cursor.u64("read value")?;
        let has = |bits: u64| format.read_format & bits != 0;
        let id = has(bit::ID).then(|| cursor.u64("read id")).transpose()?;
        let lost = has(bit::LOST).then(|| cursor.u64("read lost")).transpose()?;
        Ok(ReadValue { value, id, lost })
    }
}
