//! The machine that a `perf.data` describes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use skep_sample::recording::Recording;

use super::{Declared, Source};
use crate::Error;

/// Whether a file begins as recordings do.
pub(super) fn is_recording(path: &Path) -> bool {
    let mut magic = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && &magic == b"PERFILE2"
}

/// The machine that was recorded.
///
/// # Errors
/// When what the recording describes is none.
pub fn recorded(recording: &Recording) -> Result<Declared, Error> {
    let machine = recording.machine().map_err(|error| {
        let path = recording.path().display();
        Error::input(format!("{path} describes no machine: {error}"))
            .hint("declare one with `--topology`")
    })?;
    let (topology, notes) = (machine.topology.clone(), machine.notes.clone());
    Ok(Declared { topology, source: Source::Recording, notes })
}
