//! Sessions on real processes, which the tests start themselves.
//!
//! Where perf, ptrace or a compiler is refused or missing, tests print why they skip.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod command;
mod error;
mod pid;
mod ptrace;
mod refusal;
mod workload;

use std::collections::HashSet;
use std::time::Duration;

use skep_abi::Sample;
use skep_sample::{Batch, End, Options, Record, RecordKind, Session, Target};

/// A command line.
fn command(words: &[&str]) -> Target {
    Target::Command(words.iter().map(Into::into).collect())
}

/// A shell that counts: CPU-bound, in user space and its own process.
fn counting(rounds: u32) -> Target {
    let script = format!("i=0; while [ $i -lt {rounds} ]; do i=$((i+1)); done");
    command(&["sh", "-c", &script])
}

/// Opens a session; `None`, with the reason printed, where perf is refused altogether.
fn open(options: &Options) -> Option<Session> {
    match Session::open(options) {
        Ok(session) => Some(session),
        Err(error) if error.is_perf_refused() => {
            skep_skip::skipped!("{error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Everything that a session hands out until it ends.
fn run(session: &mut Session) -> (Vec<Record>, End) {
    let mut all = Vec::new();
    loop {
        let Batch { records, end } = session.poll(Duration::from_millis(50)).unwrap();
        all.extend(records);
        if let Some(end) = end {
            return (all, end);
        }
    }
}

fn samples(records: &[Record]) -> Vec<&Sample> {
    let samples = records.iter().filter_map(|record| match &record.kind {
        RecordKind::Sample(sample) => Some(&**sample),
        _ => None,
    });
    samples.collect()
}

/// What holds for every stream: order of time, tasks before their samples, sums that add up.
fn check_stream(session: &Session, records: &[Record]) {
    assert!(records.is_sorted_by_key(|record| record.time), "records are out of order");
    let mut told = HashSet::new();
    for record in records {
        match &record.kind {
            RecordKind::Task(task) => drop(told.insert(task.tid)),
            RecordKind::Sample(sample) => {
                assert!(
                    told.contains(&sample.tid),
                    "{} was sampled before it was told",
                    sample.tid
                );
                assert_eq!((sample.time, sample.cpu), (record.time, record.cpu));
            }
            _ => {}
        }
    }
    assert_eq!(session.totals().samples, samples(records).len() as u64);
}
