//! Records that perf compressed (`perf record -z`): one stream of zstd, cut into records at any place.

use std::fmt;
use std::io;

use zstd::stream::raw::{Decoder, Operation as _};

use super::error::DamageKind;
use crate::record::Header;

/// Bytes that are decompressed at once, so that a small file cannot ask for endless memory.
const STEP: usize = 256 << 10;

/// Decompresses a stream of records.
pub(super) struct Inflater {
    decoder: Decoder<'static>,
    /// Compressed bytes, of which so many are used up.
    input: Vec<u8>,
    used: usize,
    /// Decompressed bytes, of which so many were taken.
    output: Vec<u8>,
    taken: usize,
    /// Whether the decoder may hold more without further input.
    may_hold_more: bool,
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").finish_non_exhaustive()
    }
}

impl Inflater {
    pub(super) fn new() -> Result<Self, DamageKind> {
        Ok(Self {
            decoder: Decoder::new().map_err(|error| broken(&error))?,
            input: Vec::new(),
            used: 0,
            output: Vec::new(),
            taken: 0,
            may_hold_more: false,
        })
    }

    /// Appends compressed bytes.
    pub(super) fn feed(&mut self, compressed: &[u8]) {
        self.input.drain(..std::mem::take(&mut self.used));
        self.input.extend_from_slice(compressed);
    }

    /// Takes the next whole record; *Returns* whether there was one, before more has to be fed.
    pub(super) fn take(&mut self, record: &mut Vec<u8>) -> Result<bool, DamageKind> {
        loop {
            let rest = self.output.get(self.taken..).unwrap_or_default();
            if rest.len() >= Header::SIZE {
                let size = usize::from(Header::parse(rest)?.size);
                if let Some(bytes) = rest.get(..size) {
                    record.clear();
                    record.extend_from_slice(bytes);
                    self.taken += size;
                    return Ok(true);
                }
            }
            if self.used == self.input.len() && !self.may_hold_more {
                return Ok(false);
            }
            self.step()?;
        }
    }

    /// Decompresses some more.
    fn step(&mut self) -> Result<(), DamageKind> {
        self.output.drain(..std::mem::take(&mut self.taken));
        let had = self.output.len();
        self.output.resize(had + STEP, 0);
        let (input, output) =
            (self.input.get(self.used..).unwrap_or_default(), self.output.get_mut(had..));
        let status = self
            .decoder
            .run_on_buffers(input, output.unwrap_or_default())
            .map_err(|error| broken(&error))?;
        self.output.truncate(had + status.bytes_written);
        self.used += status.bytes_read;
        self.may_hold_more = status.bytes_written == STEP;
        match status.bytes_read + status.bytes_written {
            0 if self.used < self.input.len() => {
                Err(DamageKind::Compressed("the stream goes no further".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

fn broken(error: &io::Error) -> DamageKind {
    DamageKind::Compressed(error.to_string())
}
