//! Profiles for pprof: `profile.proto`, gzipped.
//!
//! Samples have two values, the number of samples and what they stand for: `cpu/nanoseconds` for a clock, else
//! the event's own count. They are labelled with the process's name and id. Each address keeps its inlined
//! functions and source lines, so that `pprof -list` and `-lines` work without the files.

mod encode;
mod proto;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;

use crate::profile::Profile;

/// What one sample stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Time: the event is a clock, or a frequency makes it one.
    Nanoseconds,
    /// Occurrences of the event.
    Count,
}

/// How a profile was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// The event's name by perf, such as `cpu-clock`.
    pub event: String,
    /// What a period is counted in.
    pub unit: Unit,
    /// What one sample stands for, in `unit`; the mean where it varies.
    pub period: u64,
    /// When it began, in nanoseconds since 1970.
    pub started: u64,
    /// How long it took, in nanoseconds.
    pub duration: u64,
}

/// Writes a profile.
///
/// # Errors
/// Those of the writer.
pub fn write(profile: &Profile, sampling: &Sampling, out: impl Write) -> io::Result<()> {
    let message = encode::encode(profile, sampling);
    let mut gzip = GzEncoder::new(out, Compression::default());
    gzip.write_all(&message.encode_to_vec())?;
    gzip.finish()?.flush()
}
