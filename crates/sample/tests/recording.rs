//! Real recordings by `perf record`: what a session hands out is what the crate `linux-perf-data` reads, in its order,
//! and what `perf script` prints.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use linux_perf_data::{PerfFileReader, PerfFileRecord};
use linux_perf_event_reader::RecordType;
use skep_abi::{RecordedKernel, Sample};
use skep_perfdata::perf_record;
use skep_sample::recording::Recording;
use skep_sample::unwind::UnwindMode;
use skep_sample::{Options, Record, RecordKind, Session, Target};

/// A child that computes in user space, makes processes, and waits.
const WORK: &str =
    "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done; sleep 0.05; ls / >/dev/null; sleep 0.05";

/// What perf records of the child into a file of the folder; `None` where it does not.
fn record(folder: &Path, arguments: &[&str]) -> Option<PathBuf> {
    let path = folder.join("perf.data");
    let arguments = [arguments, &["--", "sh", "-c", WORK]].concat();
    perf_record(&path, &arguments).then_some(path)
}

/// All that a session tells of a recording.
fn replay(path: &Path, event: Option<&str>, unwind: UnwindMode) -> Vec<Record> {
    let recording = Recording::open(path).unwrap();
    let event = event.map(|name| recording.event_named(name).unwrap().spec.clone());
    let mut options = Options::new(Target::Recording(Arc::new(recording)));
    (options.event, options.unwind) = (event, unwind);
    let mut session = Session::open(&options).unwrap();
    let mut records = Vec::new();
    loop {
        let batch = session.poll(Duration::ZERO).unwrap();
        records.extend(batch.records);
        if batch.end.is_some() {
            return records;
        }
    }
}

fn samples(records: &[Record]) -> Vec<&Sample> {
    let of = |record: &Record| matches!(record.kind, RecordKind::Sample(_));
    let samples = records.iter().filter(|record| of(record)).map(|record| match &record.kind {
        RecordKind::Sample(sample) => &**sample,
        other => panic!("{other:?}"),
    });
    samples.collect()
}

/// Time and thread of all samples of one event, as the other reader orders them.
fn theirs(path: &Path, event: &str) -> Vec<(u64, u32)> {
    let file = BufReader::new(File::open(path).unwrap());
    let PerfFileReader { mut perf_file, mut record_iter } =
        PerfFileReader::parse_file(file).unwrap();
    let named = |at: usize| perf_file_event(&perf_file, at);
    let events: Vec<_> = (0..perf_file.event_attributes().len()).map(named).collect();
    let mut found = Vec::new();
    while let Some(record) = record_iter.next_record(&mut perf_file).unwrap() {
        if let PerfFileRecord::EventRecord { attr_index, record } = record
            && events[attr_index].as_deref() == Some(event)
            && record.record_type == RecordType::SAMPLE
        {
            let common = record.common_data().unwrap();
            found.push((common.timestamp.unwrap(), common.tid.unwrap().cast_unsigned()));
        }
    }
    found
}

fn perf_file_event(file: &linux_perf_data::PerfFile, at: usize) -> Option<String> {
    file.event_attributes()[at].name().map(str::to_owned)
}

/// What `perf script` prints: thread and time of each sample of an event.
fn script(path: &Path, event: &str) -> Vec<(u64, u32)> {
    let mut command = Command::new("perf");
    command.args(["script", "--ns", "-G", "-F", "tid,time,event", "-i"]).arg(path);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (tid, time, name) = (words.next()?, words.next()?, words.next()?);
        (name.trim_end_matches(':') == event).then(|| (nanoseconds(time), thread(tid)))
    });
    lines.collect()
}

/// A thread's number; that of one that has ended is -1.
fn thread(word: &str) -> u32 {
    word.parse::<i64>().unwrap() as u32
}

/// `12.000000034:` as nanoseconds.
fn nanoseconds(time: &str) -> u64 {
    let (seconds, fraction) = time.trim_end_matches(':').split_once('.').unwrap();
    seconds.parse::<u64>().unwrap() * 1_000_000_000 + fraction.parse::<u64>().unwrap()
}

fn ours(records: &[Record]) -> Vec<(u64, u32)> {
    samples(records).iter().map(|sample| (sample.time, sample.tid.0)).collect()
}

#[test]
fn two_events_of_the_whole_system_come_in_the_order_of_the_other_readers() {
    let folder = tempfile::tempdir().unwrap();
    let wide = ["-a", "-e", "sched:sched_switch", "-e", "cpu-clock", "--switch-events"];
    let Some(path) = record(folder.path(), &wide) else { return };
    for event in ["cpu-clock", "sched:sched_switch"] {
        let records = replay(&path, Some(event), UnwindMode::Fp);
        let ours = ours(&records);
        assert!(ours.len() > 20, "{event}: {}", ours.len());
        assert_eq!(ours, theirs(&path, event), "{event}");
        assert_eq!(ours, script(&path, event), "{event}");
        assert!(records.is_sorted_by_key(|record| record.time));
    }
}

#[test]
fn compressed_and_piped_recordings_tell_what_perf_prints_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = record(folder.path(), &["-e", "cpu-clock", "-F", "2000", "-g", "-z"]) else {
        return;
    };
    let found = ours(&replay(&path, None, UnwindMode::Fp));
    assert!(found.len() > 20);
    assert_eq!(found, script(&path, "cpu-clock"));
    let piped = folder.path().join("piped.data");
    let to = File::create(&piped).unwrap();
    let mut perf = Command::new("perf");
    perf.args(["record", "-q", "-o", "-", "-e", "cpu-clock", "-F", "2000", "--", "sh", "-c", WORK]);
    assert!(perf.stdout(to).status().unwrap().success());
    let found = ours(&replay(&piped, None, UnwindMode::Fp));
    assert!(found.len() > 20);
    assert_eq!(found, script(&piped, "cpu-clock"));
}

#[test]
fn recorded_stack_bytes_are_unwound_to_the_outermost_frame() {
    let folder = tempfile::tempdir().unwrap();
    let deep = ["-e", "cpu-clock:u", "-F", "2000", "--call-graph", "dwarf,16384"];
    let Some(path) = record(folder.path(), &deep) else { return };
    let recording = Recording::open(&path).unwrap();
    assert_ne!(recording.kernel(), RecordedKernel::Other);
    let records = replay(&path, None, UnwindMode::Auto);
    let samples = samples(&records);
    let (all, deep) =
        (samples.len(), samples.iter().filter(|sample| sample.user_stack.len() >= 4).count());
    // The shell runs its loop some frames below main.
    assert!(all > 20 && deep * 10 > all * 8, "{deep} of {all} have four frames");
    assert!(samples.iter().all(|sample| sample.user_stack.first() == Some(&sample.ip)));
}
