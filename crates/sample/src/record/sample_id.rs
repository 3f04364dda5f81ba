//! The trailer of records that are not samples (`sample_id_all`).

use skep_abi::{Cpu, Pid};

use super::cursor::Cursor;
use super::format::sample_bit as bit;
use super::{Format, RecordError};

/// Who wrote a record, when and where; each field is there when its `PERF_SAMPLE_*` bit is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampleId {
    /// Process and thread (`TID`).
    pub pid_tid: Option<(Pid, Pid)>,
    /// Time in nanoseconds of the event's clock (`TIME`).
    pub time: Option<u64>,
    /// Id of the event (`ID` or `IDENTIFIER`).
    pub id: Option<u64>,
    /// Id of the event, different for each inherited one (`STREAM_ID`).
    pub stream_id: Option<u64>,
    /// CPU (`CPU`).
    pub cpu: Option<Cpu>,
}

impl SampleId {
    /// Bytes that the trailer takes.
    pub(super) const fn size(format: &Format) -> usize {
        if !format.sample_id_all {
            return 0;
        }
        let bits = bit::TID | bit::TIME | bit::ID | bit::STREAM_ID | bit::CPU | bit::IDENTIFIER;
        (format.sample_type & bits).count_ones() as usize * 8
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>, format: &Format) -> Result<Self, RecordError> {
        let mut id = Self::default();
        if !format.sample_id_all {
            return Ok(id);
        }
        if format.has(bit::TID) {
            id.pid_tid = Some(pid_tid(cursor)?);
        }
        if format.has(bit::TIME) {
            id.time = Some(cursor.u64("sample_id time")?);
        }
        if format.has(bit::ID) {
            id.id = Some(cursor.u64("sample_id id")?);
        }
        if format.has(bit::STREAM_ID) {
            id.stream_id = Some(cursor.u64("sample_id stream_id")?);
        }
        if format.has(bit::CPU) {
            id.cpu = Some(Cpu(cursor.u32("sample_id cpu")?));
            cursor.u32("sample_id reserved")?;
        }
        if format.has(bit::IDENTIFIER) {
            id.id = Some(cursor.u64("sample_id identifier")?);
        }
        Ok(id)
    }
}

/// A process and one of its threads, in this order.
pub(super) fn pid_tid(cursor: &mut Cursor<'_>) -> Result<(Pid, Pid), RecordError> {
    Ok((Pid(cursor.u32("pid")?), Pid(cursor.u32("tid")?)))
}
