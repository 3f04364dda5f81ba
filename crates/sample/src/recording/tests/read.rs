//! Whole recordings of every form.

use skep_abi::{Pid, RecordedKernel};
use skep_perfdata::{
    CPU_CLOCK, DUMMY, Recorded, comm, fork, mmap, present, raw, release, sample, text,
};

use super::*;
use crate::error::Cause;
use crate::options::Rate;
use crate::task::Comm;

const STACK: [u64; 2] = [0x40_1010, 0x40_1020];

/// A process that ran before, and one that it makes.
fn made() -> Recorded {
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7, 8])).event(DUMMY.ids(&[9, 10]));
    made.record(&present(42, 1)).record(&comm(42, "bee"));
    made.record(&mmap(42, 0x40_0000, 0x1000, "/bin/bee"));
    made.record(&sample(8, 30).cpu(1).task(42).stack(&STACK));
    made.record(&sample(7, 10).cpu(0).task(42).stack(&STACK));
    made.round();
    made.record(&fork(9, 20, 43, 42));
    made.record(&sample(7, 25).cpu(0).task(43).stack(&STACK[1..]));
    made.round();
    made.record(&sample(8, 50).cpu(1).task(43).stack(&STACK));
    made
}

/// What every form of [`made`] must tell.
fn holds(told: &Told) {
    let (two, one) = (STACK.to_vec(), STACK[1..].to_vec());
    let expected =
        [(10, 0, 42, two.clone()), (25, 0, 43, one), (30, 1, 42, two.clone()), (50, 1, 43, two)];
    assert_eq!(told.samples(), expected);
    assert_eq!((told.end, told.notices.as_slice()), (End::RecordingEnded, &[][..]));
    let tasks: Vec<_> = told
        .records
        .iter()
        .filter_map(|record| match &record.kind {
            RecordKind::Task(task) => Some((task.pid.0, task.parent, task.comm)),
            _ => None,
        })
        .collect();
    let bee = Comm::new(b"bee");
    assert!(tasks.contains(&(42, Some(Pid(1)), bee)), "{tasks:?}");
    assert!(tasks.contains(&(43, Some(Pid(42)), bee)), "a child has its parent's name: {tasks:?}");
    // What was there before happens when the recording begins, not at time 0.
    assert!(told.records.iter().all(|record| record.time >= 10));
    assert!(told.records.is_sorted_by_key(|record| record.time));
}

#[test]
fn records_come_in_order_of_time_with_their_tasks() {
    holds(&told(&made().file()));
}

#[test]
fn a_recording_that_went_through_a_pipe_tells_the_same() {
    holds(&told(&made().pipe()));
}

#[test]
fn compressed_records_may_be_cut_anywhere() {
    for cut in [1, 3, 7, 64, 1 << 14] {
        for kind in [81, 83] {
            holds(&told(&made().compressed(cut, kind)));
        }
    }
}

#[test]
fn a_perf_that_was_killed_left_what_it_had_written() {
    let told = told(&made().unfinished());
    assert_eq!(told.times(), [10, 25, 30, 50]);
    assert_eq!(
        told.notices,
        ["perf was ended before it had written all of the recording; what it wrote is read"]
    );
}

#[test]
fn mappings_are_known_where_samples_fall() {
    let recording = open(&made().file()).unwrap();
    let mut session = Session::open(&Options::new(Target::Recording(Arc::new(recording)))).unwrap();
    while session.poll(Duration::ZERO).unwrap().end.is_none() {}
    for pid in [42, 43] {
        let space = session.spaces().at(Pid(pid), 50).unwrap();
        let path = space.mapping_at(0x40_0010).map(|mapping| mapping.path.as_path());
        assert_eq!(path, Some(Path::new("/bin/bee")), "{pid}");
    }
    let (rate, duration) = session.recorded().unwrap();
    assert_eq!((rate, duration), (Rate::Frequency(99), Duration::from_nanos(40)));
    assert_eq!((session.event().name.as_str(), session.totals().samples), ("cpu-clock", 4));
}

#[test]
fn a_process_that_ran_before_has_nothing_of_its_parents() {
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7]));
    made.record(&present(1, 0)).record(&mmap(1, 0x1000, 0x1000, "/sbin/init"));
    made.record(&present(42, 1)).record(&mmap(42, 0x2000, 0x1000, "/bin/bee"));
    made.record(&sample(7, 10).task(42).ip(0x2010));
    let recording = Target::Recording(Arc::new(open(&made.file()).unwrap()));
    let mut session = Session::open(&Options::new(recording)).unwrap();
    while session.poll(Duration::ZERO).unwrap().end.is_none() {}
    let space = session.spaces().current(Pid(42)).unwrap();
    assert_eq!(space.mappings().count(), 1);
}

#[test]
fn the_processes_of_today_are_not_asked() {
    let us = std::process::id();
    let mut made = Recorded::new();
    made.event(CPU_CLOCK.ids(&[7]));
    made.record(&sample(7, 10).task(us).ip(0x40_1000));
    let told = told(&made.file());
    let described = told.records.iter().find_map(|record| match &record.kind {
        RecordKind::Task(task) => Some(task.clone()),
        _ => None,
    });
    let task = described.unwrap();
    assert_eq!((task.pid, task.uid, task.comm), (Pid(us), None, Comm::default()));
    assert!(!told.records.iter().any(|record| matches!(record.kind, RecordKind::Mmap { .. })));
}

#[test]
fn cpus_time_and_event_can_be_chosen() {
    let file = made().file();
    let on_1 = told_with(&file, |options| options.cpus = Some(vec![skep_abi::Cpu(1)]));
    assert_eq!(on_1.times(), [30, 50]);
    let short = told_with(&file, |options| options.duration = Some(Duration::from_nanos(20)));
    assert_eq!((short.times(), short.end), (vec![10, 25, 30], End::Duration));
    let recording = open(&file).unwrap();
    let names: Vec<_> = recording.events().iter().map(|event| event.spec.name.as_str()).collect();
    assert_eq!(
        (names.as_slice(), recording.main_event().spec.name.as_str()),
        (&["cpu-clock", "dummy:HG"][..], "cpu-clock")
    );
    assert_eq!(recording.event_named("dummy").unwrap().spec.name, "dummy:HG");
    let error = recording.event_named("cycles").unwrap_err();
    assert_eq!(error.cause(), Cause::Input);
    assert!(
        error.to_string().ends_with("it has no event `cycles`; it has cpu-clock, dummy:HG"),
        "{error}"
    );
}

#[test]
fn samples_of_other_events_are_told_of() {
    let mut made = made();
    let mut other = CPU_CLOCK.ids(&[20]);
    other = other.sample_type(1 << 16 | 1 | 1 << 1 | 1 << 2 | 1 << 7 | 1 << 8 | 1 << 5);
    made.event(other).record(&sample(20, 60).task(42).ip(1));
    let told = told(&made.file());
    assert_eq!(told.times(), [10, 25, 30, 50]);
    assert_eq!(
        told.notices,
        ["1 samples of cpu-clock are left out; `-e cpu-clock` takes them instead"]
    );
}

#[test]
fn without_a_callchain_the_stack_is_what_was_hit() {
    // IDENTIFIER, IP, TID, TIME, PERIOD; no CPU.
    let event = CPU_CLOCK.ids(&[7]).sample_type(1 << 16 | 1 | 1 << 1 | 1 << 2 | 1 << 8);
    let mut body = Vec::new();
    for word in [7u64, 0x40_1010, 42 | 42 << 32, 10, 1] {
        body.extend(word.to_le_bytes());
    }
    let mut record = raw(9, &body);
    record[4] = 2;
    let mut made = Recorded::new();
    made.event(event).bytes(record);
    let told = told(&made.file());
    assert_eq!(told.samples(), [(10, 0, 42, vec![0x40_1010])]);
    let [cpus, stacks] = told.notices.as_slice() else { panic!("{:?}", told.notices) };
    assert!(cpus.starts_with("the recording does not tell the CPUs of its samples"), "{cpus}");
    assert!(stacks.starts_with("the recording has no stacks"), "{stacks}");
}

#[test]
fn another_kernel_and_another_architecture_are_known() {
    let mut here = sampled(&[10]);
    here.feature(release("1.2.3-elsewhere"));
    let recording = open(&here.file()).unwrap();
    assert_eq!(recording.release().as_deref(), Some("1.2.3-elsewhere"));
    assert_eq!(recording.kernel(), RecordedKernel::Other);
    here.feature((6, text("aarch64")));
    let error = open(&here.file()).unwrap_err();
    assert_eq!(error.cause(), Cause::Unsupported);
    assert!(error.to_string().ends_with("it was recorded on aarch64; x86_64 alone is supported"));
}
