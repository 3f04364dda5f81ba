//! Who ran where, by the records of context switches and by samples of the tracepoint.

use skep_abi::{Cpu, Pid};
use skep_perfdata::{
    CPU_CLOCK, DUMMY, Event, Recorded, SCHED_SWITCH, cpus, raw, sample, sched_switch, strings,
    switch,
};

use super::*;
use crate::sched::{Occupancy, Transition, transition};

/// A machine of two CPUs, with events of ids 7 and 8 (clock) and 9 and 10.
fn machine(second: &Event) -> Recorded {
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7, 8])).event(second.ids(&[9, 10]));
    for feature in cpus(2, &["0-1"], &["0,1"]) {
        made.feature(feature);
    }
    made
}

/// What is told of each CPU, in order: time, CPU, who runs.
fn transitions(told: &Told) -> Vec<(u64, u32, Occupancy)> {
    let all = told.records.iter().filter_map(transition);
    all.map(|Transition { time, cpu, now }| (time, cpu.0, now)).collect()
}

const fn runs(tid: u32) -> Occupancy {
    Occupancy::of_thread(Pid(tid))
}

#[test]
fn records_of_all_switches_tell_who_runs_from_the_first_moment() {
    let mut made = machine(&DUMMY);
    made.record(&sample(7, 100).cpu(0).task(42).ip(1));
    // CPU 1: thread 43 had run, leaves for the idle task, and comes back.
    made.record(&switch(10, 110, true, 43, 0).cpu(1)).record(&switch(10, 111, false, 0, 43).cpu(1));
    made.record(&switch(10, 150, true, 0, 43).cpu(1)).record(&switch(10, 151, false, 43, 0).cpu(1));
    let file = made.file();
    let told = told(&file);
    let expected = [
        (100, 0, runs(42)),
        (100, 1, runs(43)),
        (110, 1, runs(0)),
        (111, 1, runs(0)),
        (150, 1, runs(43)),
        (151, 1, runs(43)),
    ];
    assert_eq!(transitions(&told), expected);
    // The event has an instance on each CPU: CPU 0 never switched.
    assert_eq!(open(&file).unwrap().told().to_string(), "0-1");
}

#[test]
fn the_tracepoint_tells_the_same_after_each_of_its_samples() {
    let mut made = machine(&SCHED_SWITCH);
    made.record(&sample(7, 100).cpu(0).task(42).ip(1));
    made.record(&sched_switch(10, 110, 43, 0).cpu(1)).record(&sched_switch(10, 150, 0, 43).cpu(1));
    let file = made.file();
    let told = told(&file);
    let expected = [(100, 0, runs(42)), (100, 1, runs(43)), (110, 1, runs(0)), (150, 1, runs(43))];
    assert_eq!((transitions(&told), told.times()), (expected.to_vec(), vec![100]));
    assert_eq!(told.notices, [] as [String; 0], "samples that tell who runs are not left out");
    let recording = open(&file).unwrap();
    assert_eq!((recording.told().to_string().as_str(), recording.gaps()), ("0-1", 0));
}

#[test]
fn the_tracepoint_may_be_the_sampled_event_too() {
    let mut made = Recorded::new();
    made.event(SCHED_SWITCH.ids(&[9]));
    made.record(&sched_switch(9, 110, 43, 0).cpu(1)).record(&sched_switch(9, 150, 0, 43).cpu(1));
    let told = told(&made.file());
    assert_eq!(told.times(), [110, 150]);
    let kinds: Vec<_> =
        told.records.iter().map(|record| (record.time, transition(record).is_some())).collect();
    let switches: Vec<_> =
        kinds.iter().filter(|(_, is_switch)| *is_switch).map(|(time, _)| *time).collect();
    assert_eq!(switches, [110, 110, 150], "how CPU 1 began, then each switch after its sample");
}

#[test]
fn switches_of_some_threads_alone_tell_nothing() {
    let told_of = |event: &Event, switches: &[(u64, u32, u32)]| {
        let mut made = machine(event);
        made.record(&sample(7, 100).cpu(0).task(42).ip(1));
        for (time, prev, next) in switches {
            made.record(&sched_switch(10, *time, *prev, *next).cpu(1));
        }
        open(&made.file()).unwrap().told().to_string()
    };
    let whole = [(110, 43, 0), (120, 0, 44), (130, 44, 0)];
    assert_eq!(told_of(&SCHED_SWITCH, &whole), "0-1");
    // The event was sampled at a frequency, or fired for thread 43 alone.
    assert_eq!(told_of(&SCHED_SWITCH.frequency(99), &whole), "");
    assert_eq!(told_of(&SCHED_SWITCH, &[(110, 43, 0), (120, 43, 0), (130, 43, 50)]), "");
    // Two threads of a process that take turns.
    let in_turn = [(110, 43, 44), (120, 44, 43), (130, 43, 44)];
    assert_eq!(told_of(&SCHED_SWITCH, &in_turn), "");
    // The same of all tasks, while no CPU idled: perf's command line tells.
    let mut made = machine(&SCHED_SWITCH);
    let words = strings(&["/usr/bin/perf", "record", "-a", "-e", "sched:sched_switch"]);
    made.feature((11, words));
    for (time, prev, next) in in_turn {
        made.record(&sched_switch(10, time, prev, next).cpu(1));
    }
    assert_eq!(open(&made.file()).unwrap().told().to_string(), "0-1");
}

#[test]
fn what_is_lost_is_counted_once() {
    let mut made = machine(&DUMMY);
    made.record(&sample(7, 100).cpu(0).task(42).ip(1));
    made.bytes(lost(&[7, 500], 110, 0)).bytes(lost(&[9], 0, 0)).bytes(lost(&[491], 0, 0));
    let count = |file: &[u8]| -> u64 {
        let records = told(file).records;
        let lost = records.iter().filter_map(|record| match record.kind {
            RecordKind::Lost { records } => Some(records),
            _ => None,
        });
        lost.sum()
    };
    assert_eq!(count(&made.file()), 500);
    // Of a kernel that told nothing when it happened, perf's sums at the end are all there is.
    let mut sums = machine(&DUMMY);
    sums.record(&sample(7, 100).cpu(0).task(42).ip(1)).bytes(lost(&[9], 0, 0));
    assert_eq!(count(&sums.file()), 9);
}

#[test]
fn from_the_last_record_before_a_gap_on_nothing_is_known() {
    let mut made = machine(&SCHED_SWITCH);
    // Between 120 and 130 thread 44 left CPU 1, and 45 came.
    for (time, prev, next) in [(110, 43, 0), (120, 0, 44), (130, 45, 0)] {
        made.record(&sched_switch(10, time, prev, next).cpu(1));
    }
    let file = made.file();
    let unknown = (120, 1, Occupancy::Unknown);
    assert_eq!(transitions(&told(&file))[3..], [(120, 1, runs(44)), unknown, (130, 1, runs(0))]);
    assert_eq!(open(&file).unwrap().gaps(), 1);
    // The same where the kernel tells that it had no room.
    let mut made = machine(&DUMMY);
    made.record(&switch(10, 110, true, 43, 0).cpu(1)).record(&switch(10, 111, false, 0, 43).cpu(1));
    made.bytes(lost(&[7, 5], 150, 1)).record(&switch(10, 160, true, 0, 46).cpu(1));
    let file = made.file();
    let found = transitions(&told(&file));
    let at = |time: u64| found.iter().filter(|(when, ..)| *when == time).collect::<Vec<_>>();
    assert_eq!(at(111), [&(111, 1, runs(0)), &(111, 1, Occupancy::Unknown)]);
    assert_eq!((at(160), open(&file).unwrap().gaps()), (vec![&(160, 1, runs(46))], 1));
}

/// `PERF_RECORD_LOST` (id, count) or `LOST_SAMPLES` (count), with the trailer: task, time, CPU, id.
fn lost(words: &[u64], time: u64, cpu: u64) -> Vec<u8> {
    let trailer = [0, time, cpu, 7];
    let body: Vec<u8> = words.iter().chain(&trailer).flat_map(|word| word.to_le_bytes()).collect();
    raw(if words.len() == 2 { 2 } else { 13 }, &body)
}

#[test]
fn cpus_without_an_instance_are_not_told_of() {
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7, 8])).event(DUMMY.ids(&[9]));
    for feature in cpus(2, &["0-1"], &["0,1"]) {
        made.feature(feature);
    }
    made.record(&sample(8, 100).cpu(1).task(42).ip(1));
    made.record(&switch(9, 110, true, 43, 0).cpu(0)).record(&switch(9, 111, false, 0, 43).cpu(0));
    assert_eq!(open(&made.file()).unwrap().told().iter().collect::<Vec<_>>(), [Cpu(0)]);
}
