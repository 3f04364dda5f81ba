//! Build ids of the files that samples hit (`HEADER_BUILD_ID`), which older recordings have in no other place.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::RecordingError;
use super::feature::{Feature, Features};
use crate::record::Header;

/// `PERF_RECORD_MISC_BUILD_ID_SIZE`: byte 20 of the id's field is its length, which is 20 else.
const HAS_SIZE: u16 = 1 << 15;

/// By path.
#[derive(Clone, Debug, Default)]
pub(super) struct BuildIds(HashMap<PathBuf, Vec<u8>>);

impl BuildIds {
    pub(super) fn read(features: &Features) -> Result<Self, RecordingError> {
        let mut ids = Self::default();
        let Some(mut fields) = features.fields(Feature::BuildId) else { return Ok(ids) };
        while fields.left() > 0 {
            let head = fields.bytes("a header", Header::SIZE as u64)?;
            let size = u16::from_le_bytes([head[6], head[7]]);
            let has_size = u16::from_le_bytes([head[4], head[5]]) & HAS_SIZE != 0;
            let rest = u64::from(size).checked_sub(36);
            let rest = rest.ok_or(RecordingError::Short {
                part: Feature::BuildId.name(),
                field: "an entry",
            })?;
            fields.bytes("a process", 4)?;
            let id = fields.bytes("an id", 24)?;
            let len = if has_size { usize::from(id[20]).min(20) } else { 20 };
            let path = fields.bytes("a path", rest)?;
            let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
            ids.0.insert(OsStr::from_bytes(path).into(), id[..len].to_vec());
        }
        Ok(ids)
    }

    pub(super) fn of(&self, path: &Path) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }
}
