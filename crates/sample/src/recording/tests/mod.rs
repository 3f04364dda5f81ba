//! Recordings that were made byte by byte, and what a session hands out of them.

mod damage;
mod machine;
mod read;
mod switches;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use skep_perfdata::{CPU_CLOCK, Recorded, sample};

use super::Recording;
use crate::error::OpenError;
use crate::options::{Options, Target};
use crate::session::Session;
use crate::stream::{End, Record, RecordKind};

/// Opens what was made.
fn open(file: &[u8]) -> Result<Recording, OpenError> {
    let mut temporary = tempfile::NamedTempFile::new().unwrap();
    temporary.write_all(file).unwrap();
    Recording::open(temporary.path())
}

/// Everything that a session hands out, why it ended, and what it remarks.
struct Told {
    records: Vec<Record>,
    end: End,
    notices: Vec<String>,
}

fn told_with(file: &[u8], choose: impl FnOnce(&mut Options)) -> Told {
    let mut options = Options::new(Target::Recording(Arc::new(open(file).unwrap())));
    choose(&mut options);
    let mut session = Session::open(&options).unwrap();
    let mut records = Vec::new();
    loop {
        let batch = session.poll(Duration::ZERO).unwrap();
        records.extend(batch.records);
        if let Some(end) = batch.end {
            let notices = session.notices().iter().map(ToString::to_string).collect();
            return Told { records, end, notices };
        }
    }
}

fn told(file: &[u8]) -> Told {
    told_with(file, |_| ())
}

impl Told {
    /// Time, CPU, process and user stack of each sample.
    fn samples(&self) -> Vec<(u64, u32, u32, Vec<u64>)> {
        let samples = self.records.iter().filter_map(|record| match &record.kind {
            RecordKind::Sample(sample) => {
                Some((sample.time, sample.cpu.0, sample.pid.0, sample.user_stack.clone()))
            }
            _ => None,
        });
        samples.collect()
    }

    fn times(&self) -> Vec<u64> {
        self.samples().iter().map(|(time, ..)| *time).collect()
    }
}

/// A recording of one event with samples at these times.
fn sampled(times: &[u64]) -> Recorded {
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7]));
    for time in times {
        made.record(&sample(7, *time).cpu(1).task(42).ip(0x40_1000));
    }
    made
}

#[test]
fn what_is_no_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| Recording::open(path).unwrap_err().to_string();
    assert!(
        refused(folder.path()).ends_with(
            "it is a folder, as `perf record --threads` writes it, which is not supported"
        )
    );
    assert!(refused(&folder.path().join("none")).contains("No such file"));
    assert!(refused(Path::new("/dev/zero")).ends_with("it is no regular file"));
}
