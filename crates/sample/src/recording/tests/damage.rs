//! Recordings that are cut, changed, or made to hurt.

use skep_perfdata::{
    CPU_CLOCK, DUMMY, Recorded, SCHED_SWITCH, cpus, mmap, numa, raw, sample, sched_switch,
};

use super::*;
use crate::error::Cause;

/// A bit of everything, in some 3,000 bytes.
fn varied() -> Recorded {
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7])).event(SCHED_SWITCH.ids(&[8])).event(DUMMY.ids(&[9]));
    for feature in cpus(2, &["0-1"], &["0,1"]) {
        made.feature(feature);
    }
    made.feature(numa(&[(0, 1024, "0-1")]));
    made.record(&mmap(42, 0x40_0000, 0x1000, "/bin/bee"));
    made.record(&sample(7, 10).task(42).stack(&[0x40_0010, 0x40_0020]));
    made.record(&sched_switch(8, 20, 42, 0)).record(&sched_switch(8, 30, 0, 42)).round();
    made.record(&sample(7, 40).task(42).ip(0x40_0010));
    made
}

/// Reads a file as far as it goes, and asks everything of it.
fn survives(file: &[u8]) -> Option<usize> {
    let recording = open(file).ok()?;
    let _ = (recording.machine(), recording.kernel(), recording.started());
    let mut options = Options::new(Target::Recording(Arc::new(recording)));
    options.cpu_switches = true;
    let mut session = Session::open(&options).ok()?;
    while session.poll(Duration::ZERO).unwrap().end.is_none() {}
    Some(session.totals().samples as usize)
}

#[test]
fn a_file_that_is_cut_tells_what_it_holds() {
    let (whole, plain) = (sampled(&[10, 20, 30]).file(), sampled(&[10, 20, 30]).unfinished());
    for len in 0..whole.len() {
        // Without the features' table, the header or an event there is nothing; else all that is whole.
        survives(&whole[..len]);
    }
    let record = sample(7, 10).ip(0x40_1000).bytes().len();
    let head = plain.len() - 3 * record;
    for len in head..plain.len() {
        let told = told(&plain[..len]);
        let (whole, rest) = ((len - head) / record, (len - head) % record);
        assert_eq!(told.times().len(), whole, "{len} bytes");
        let damage = told.notices.iter().find(|notice| notice.contains("damaged"));
        let at = head + whole * record;
        let expected = format!(
            "the recording is damaged, and was read up to there: at byte {at}: the file ends within a record"
        );
        assert_eq!(damage, (rest > 0).then_some(&expected));
    }
    for len in 0..head {
        let error = open(&plain[..len]).unwrap_err();
        assert_eq!(error.cause(), Cause::Input, "{len} bytes: {error}");
    }
}

/// Every byte of every form takes values that hurt: the file is read, or refused in words.
#[test]
fn changed_bytes_never_panic_or_hang() {
    let made = varied();
    let mut read = 0;
    for file in [made.file(), made.pipe(), made.compressed(200, 81)] {
        for at in 0..file.len() {
            for value in [0, 0xff, file[at] ^ 1, file[at] ^ 0x80] {
                let mut changed = file.clone();
                changed[at] = value;
                read += usize::from(survives(&changed).is_some());
            }
        }
    }
    assert!(read > 5_000, "{read}");
}

#[test]
fn a_record_that_cannot_be_is_where_reading_ends() {
    let mut made = sampled(&[10, 20]);
    made.bytes(vec![1, 0, 0, 0, 0, 0, 3, 0]).record(&sample(7, 30).ip(1));
    let told = told(&made.file());
    assert_eq!(told.times(), [10, 20]);
    assert!(
        told.notices[0].ends_with("a record of type 1 says that it has 3 bytes"),
        "{:?}",
        told.notices
    );
}

#[test]
fn a_record_that_does_not_read_is_left_out() {
    let mut made = sampled(&[10]);
    made.bytes(raw(9, &[0; 8])).record(&sample(7, 30).ip(1));
    let told = told(&made.file());
    assert_eq!(told.times(), [10, 30]);
    assert!(
        told.notices[0].starts_with("1 records do not read and are left out, first: ip at byte 16"),
        "{:?}",
        told.notices
    );
}

#[test]
fn foreign_files_are_refused_by_what_they_are() {
    let refused = |file: &[u8]| {
        let error = open(file).unwrap_err();
        (error.cause(), error.to_string().split_once("recording: ").unwrap().1.to_owned())
    };
    let (cause, text) = refused(b"#!/bin/sh\n");
    assert_eq!(
        (cause, text.as_str()),
        (Cause::Input, "it is no perf.data: it begins with \"#!/bin/s\", not with PERFILE2")
    );
    assert_eq!(refused(b"").1, "it is no perf.data: it begins with \"\", not with PERFILE2");
    let (cause, text) = refused(b"2ELIFREP\0\0\0\0\0\0\0\x68");
    assert_eq!(
        (cause, text.as_str()),
        (Cause::Unsupported, "it was recorded on a big-endian machine, which is not supported")
    );
    assert!(refused(b"PERFFILE").1.contains("of 2009"));
    assert_eq!(refused(b"PERFILE2").1, "its header ends within size");
    assert_eq!(refused(&Recorded::new().file()).1, "it describes no event");
    assert_eq!(refused(&Recorded::new().pipe()).1, "it describes no event");
    let plain = CPU_CLOCK.sample_type(7);
    let mut two = Recorded::new();
    two.event(plain.clone()).event(plain);
    assert!(refused(&two.file()).1.starts_with("its 2 events cannot be told apart"));
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_asked_for() {
    let file = sampled(&[10]).file();
    let with = |at: usize, word: u64| {
        let mut changed = file.clone();
        changed[at..at + 8].copy_from_slice(&word.to_le_bytes());
        open(&changed).map_err(|error| error.to_string())
    };
    // Offset and size of the list of events, bytes of each; offset and size of the records.
    assert!(with(16, 0).unwrap_err().ends_with("have 0 bytes each, too few for one"));
    assert!(with(16, u64::MAX).unwrap_err().ends_with("it describes no event"));
    assert!(with(24, u64::MAX).unwrap_err().contains("its list of events lies at bytes"));
    assert!(with(32, u64::MAX).unwrap_err().contains("beyond the"));
    assert!(with(40, u64::MAX).is_ok() && with(48, u64::MAX).is_ok(), "no record is read then");
}

#[test]
fn events_that_name_the_same_ids_over_and_over_are_refused() {
    let ids: Vec<u64> = (1..1000).collect();
    let mut made = Recorded::new();
    for _ in 0..50 {
        made.event(CPU_CLOCK.ids(&ids));
    }
    let mut file = made.unfinished();
    // Every event names the ids of the first.
    let attrs = u64::from_le_bytes(file[24..32].try_into().unwrap()) as usize;
    file.drain(104 + 8000..attrs);
    let moved = (attrs - 104 - 8000) as u64;
    for at in [24, 40] {
        let was = u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
        file[at..at + 8].copy_from_slice(&(was - moved).to_le_bytes());
    }
    for event in 0..50 {
        let at = 104 + 8000 + event * 152 + 136;
        file[at..at + 8].copy_from_slice(&104u64.to_le_bytes());
    }
    let error = open(&file).map(drop).unwrap_err().to_string();
    assert!(error.contains("its list of ids of an event has 7992 bytes, more than the"), "{error}");
}
