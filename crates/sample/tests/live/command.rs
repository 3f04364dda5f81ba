//! Commands that a session starts, sampled by perf.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use skep_abi::{Cpu, Pid};
use skep_sample::event_name::EventSpec;
use skep_sample::sched::Occupancy;
use skep_sample::unwind::UnwindMode;
use skep_sample::{
    End, Options, Rate, RecordKind, Session, SourceChoice, SourceKind, TargetStatus,
};

use crate::workload::Workload;
use crate::{check_stream, command, counting, open, run, samples};

fn perf(target: skep_sample::Target, event: &str, rate: Rate) -> Options {
    let mut options = Options::new(target);
    options.source = SourceChoice::Perf;
    options.event = Some(EventSpec::parse(event).unwrap());
    options.rate = rate;
    options
}

#[test]
fn a_command_is_followed_from_its_first_instruction_to_its_status() {
    let target = command(&["sh", "-c", "exit 7"]);
    let Some(mut session) = open(&perf(target, "page-faults:u", Rate::Period(1))) else { return };
    let child = session.child().unwrap();
    let (records, end) = run(&mut session);
    check_stream(&session, &records);
    assert_eq!((end, session.source()), (End::TargetExited, SourceKind::Perf));
    assert_eq!(session.target_status(), Some(TargetStatus::Exited(7)));
    assert_eq!(session.totals().lost, 0);
    let exec = records
        .iter()
        .position(|r| matches!(r.kind, RecordKind::Comm { exec: true, pid, .. } if pid == child));
    let loader = records.iter().position(|record| match &record.kind {
        RecordKind::Mmap { pid, mapping } => {
            *pid == child && mapping.path.to_str().is_some_and(|path| path.contains("ld-linux"))
        }
        _ => false,
    });
    let first = records.iter().position(|record| matches!(record.kind, RecordKind::Sample(_)));
    assert!(exec < loader && loader < first, "{exec:?} {loader:?} {first:?}");
    // A fault happens at an address, and the first one of all at the loader's entry.
    let samples = samples(&records);
    assert!(
        samples.len() > 5 && samples.iter().all(|sample| sample.addr != 0 && sample.pid == child)
    );
    assert_eq!(samples[0].addr, samples[0].ip);
}

#[test]
fn samples_say_where_they_were_taken() {
    let mut options = perf(counting(300_000), "cpu-clock:u", Rate::Frequency(2_000));
    options.fields.user_regs = true;
    options.fields.user_stack = Some(1024);
    let Some(mut session) = open(&options) else { return };
    let (records, _) = run(&mut session);
    check_stream(&session, &records);
    let samples = samples(&records);
    assert!(samples.len() > 20, "{} samples", samples.len());
    for sample in samples {
        let regs = sample.regs.unwrap();
        assert!(
            regs.is_user_mode() && sample.is_user_mode() && sample.kernel_stack.is_empty(),
            "{sample:x?}"
        );
        assert_eq!((regs.ip, sample.user_stack[0]), (sample.ip, sample.ip));
        assert_eq!(sample.user_regs.map(|user| (user.ip, user.sp)), Some((regs.ip, regs.sp)));
        let stack = sample.user_stack_bytes.as_ref().unwrap();
        assert_eq!(stack.start, regs.sp);
        assert!(!stack.bytes.is_empty() && stack.bytes.len() <= 1024);
        assert!(sample.period > 0);
        let space = session.spaces().at(sample.pid, sample.time).unwrap();
        assert!(space.mapping_at(sample.ip).is_some(), "{:#x} is mapped nowhere", sample.ip);
    }
}

#[test]
fn tasks_are_described_and_children_are_inherited() {
    let script = "(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done) & wait";
    let target = command(&["sh", "-c", script]);
    let Some(mut session) = open(&perf(target, "cpu-clock:u", Rate::Frequency(1_000))) else {
        return;
    };
    let parent = session.child().unwrap();
    let (records, _) = run(&mut session);
    check_stream(&session, &records);
    let forked = records.iter().find_map(|record| match &record.kind {
        RecordKind::Fork(lineage) if lineage.parent_pid == parent => Some(lineage.pid),
        _ => None,
    });
    let child = forked.unwrap();
    assert!(
        samples(&records).iter().any(|sample| sample.pid == child),
        "the child was not sampled"
    );
    let task = records.iter().find_map(|record| match &record.kind {
        RecordKind::Task(task) if task.pid == child => Some(task),
        _ => None,
    });
    let task = task.unwrap();
    assert_eq!((task.parent, task.comm.as_bytes()), (Some(parent), &b"sh"[..]));
    assert_eq!(task.uid, Some(rustix::process::getuid().as_raw()));
    assert!(
        records.iter().any(|r| matches!(r.kind, RecordKind::Exit(lineage) if lineage.pid == child))
    );
}

#[test]
fn without_inheritance_only_the_command_itself_is_sampled_and_the_event_has_a_value() {
    let script = "(i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done) & wait; i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done";
    let mut options = perf(command(&["sh", "-c", script]), "task-clock:u", Rate::Period(500_000));
    options.inherit = false;
    let Some(mut session) = open(&options) else { return };
    let parent = session.child().unwrap();
    let (records, _) = run(&mut session);
    let samples = samples(&records);
    assert!(samples.len() > 5 && samples.iter().all(|sample| sample.pid == parent));
    for sample in samples {
        let value = sample.value.unwrap();
        assert!(value.counter > 0 && value.running <= value.enabled, "{value:?}");
        assert_eq!(sample.period, 500_000);
    }
}

#[test]
fn only_chosen_cpus_sample_and_mappings_of_others_are_known() {
    let mut options = perf(counting(400_000), "cpu-clock:u", Rate::Frequency(2_000));
    options.cpus = Some(vec![Cpu(0)]);
    let Some(mut session) = open(&options) else { return };
    let (records, _) = run(&mut session);
    check_stream(&session, &records);
    for sample in samples(&records) {
        assert_eq!(sample.cpu, Cpu(0));
        let space = session.spaces().at(sample.pid, sample.time).unwrap();
        assert!(space.mapping_at(sample.ip).is_some());
    }
    let mapped = records.iter().any(|record| matches!(record.kind, RecordKind::Mmap { .. }));
    assert!(mapped, "whichever CPU the command began on, its mappings are told");
}

#[test]
fn a_session_that_is_stopped_ends_the_command() {
    let Some(mut session) =
        open(&perf(command(&["sleep", "1000"]), "cpu-clock:u", Rate::Frequency(99)))
    else {
        return;
    };
    let child = session.child().unwrap();
    session.start().unwrap();
    session.stop();
    let (_, end) = run(&mut session);
    assert_eq!((end, session.target_status()), (End::Stopped, Some(TargetStatus::Signaled(15))));
    assert!(!is_there(child));
    assert!(session.poll(Duration::ZERO).unwrap().records.is_empty());
}

#[test]
fn a_session_lasts_no_longer_than_asked() {
    let mut options = perf(command(&["sleep", "1000"]), "cpu-clock:u", Rate::Frequency(99));
    options.duration = Some(Duration::from_millis(50));
    let Some(mut session) = open(&options) else { return };
    let (_, end) = run(&mut session);
    assert_eq!((end, session.target_status()), (End::Duration, Some(TargetStatus::Signaled(15))));
}

#[test]
fn a_dropped_session_leaves_no_process() {
    for starts in [false, true] {
        for source in [SourceChoice::Perf, SourceChoice::Ptrace] {
            let mut options = Options::new(command(&["sleep", "1000"]));
            options.source = source;
            let mut session = match Session::open(&options) {
                Ok(session) => session,
                Err(error) => {
                    skep_skip::skipped!("{error}");
                    continue;
                }
            };
            let child = session.child().unwrap();
            assert!(is_there(child));
            if starts {
                session.start().unwrap();
            }
            drop(session);
            assert!(!is_there(child), "started: {starts}, {source:?}");
        }
    }
}

fn is_there(pid: Pid) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

#[test]
fn what_finds_no_room_is_counted() {
    let mut options = perf(counting(600_000), "cpu-clock", Rate::Period(20_000));
    options.ring_bytes = 4096;
    let Some(mut session) = open(&options) else { return };
    session.start().unwrap();
    // Nobody reads until the command has ended.
    let child = session.child().unwrap();
    while !matches!(std::fs::read_to_string(format!("/proc/{child}/stat")), Ok(stat) if stat.contains(") Z "))
    {
        std::thread::yield_now();
    }
    let (records, _) = run(&mut session);
    let totals = session.totals();
    assert!(totals.lost > 0 && totals.samples > 0, "{totals:?}");
    assert_eq!(totals.samples, samples(&records).len() as u64);
    assert!(
        session.notices().iter().any(|notice| notice.to_string().starts_with("rings of 4 KiB"))
    );
}

#[test]
fn switches_are_told_on_request() {
    let mut options =
        perf(command(&["sh", "-c", "sleep 0.05; sleep 0.05"]), "cpu-clock:u", Rate::Frequency(99));
    options.fields.switches = true;
    let Some(mut session) = open(&options) else { return };
    let (records, _) = run(&mut session);
    let switches = |leaving: bool| {
        records
            .iter()
            .filter(|r| matches!(r.kind, RecordKind::Switch { out, .. } if out == leaving))
            .count()
    };
    assert!(switches(true) > 1 && switches(false) > 1);
}

#[test]
fn the_switches_of_all_cpus_tell_who_runs_where_whoever_is_sampled() {
    let mut options =
        perf(command(&["sh", "-c", "sleep 0.05; sleep 0.05"]), "cpu-clock:u", Rate::Frequency(99));
    options.cpu_switches = true;
    let Some(mut session) = open(&options) else { return };
    if !session.has_cpu_switches() {
        for notice in session.notices() {
            assert!(notice.to_string().starts_with("which CPUs are idle is not known"), "{notice}");
            skep_skip::skipped!("{notice}");
        }
        return;
    }
    let (records, _) = run(&mut session);
    let child = session.child().unwrap();
    let started = records.iter().position(
        |record| matches!(&record.kind, RecordKind::Comm { pid, exec: true, .. } if *pid == child),
    );
    let transitions = |records: &[skep_sample::Record]| {
        records.iter().filter_map(skep_sample::sched::transition).collect::<Vec<_>>()
    };
    // Every CPU has told before the command begins.
    let before: HashSet<_> =
        transitions(&records[..started.unwrap()]).iter().map(|told| told.cpu).collect();
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap();
    let online = skep_topology::parse_list(&online, skep_topology::MAX_CPUS).unwrap();
    assert_eq!(before, online.into_iter().map(Cpu).collect());
    // Who is told to come by one record is told to have come, or to have been there, by the next: some tasks of some
    // kernels write no records of their own.
    let mut now = HashMap::new();
    let mut agreed = 0;
    for record in &records {
        let Some(told) = skep_sample::sched::transition(record) else { continue };
        if let RecordKind::Switch { out: false, next_prev: Some((_, prev)), .. } = record.kind
            && let Some(known) = now.get(&told.cpu)
        {
            assert!(
                [told.now, Occupancy::of_thread(prev)].contains(known),
                "{known:?}: {record:?}"
            );
            agreed += 1;
        }
        now.insert(told.cpu, told.now);
    }
    assert!(agreed > 4, "{agreed}");
    let all = transitions(&records);
    assert!(all.iter().any(|told| told.now == Occupancy::Runs(child)), "the command ran");
}

#[test]
fn stacks_through_code_without_frame_pointers_are_whole_when_unwound() {
    let Some(workload) = Workload::build("callback", &["-O2", "-fomit-frame-pointer"]) else {
        return;
    };
    let frames = |unwind: UnwindMode, source: SourceChoice| {
        let mut options = Options::new(command(&[workload.path(), "0.3"]));
        options.child_stdout = skep_sample::ChildStdout::ToStderr;
        options.rate = Rate::Frequency(500);
        options.unwind = unwind;
        options.source = source;
        let mut session = match Session::open(&options) {
            Ok(session) => session,
            Err(error) => {
                skep_skip::skipped!("{error}");
                return None;
            }
        };
        let (records, _) = run(&mut session);
        let samples = samples(&records);
        assert!(samples.iter().all(|sample| sample.user_stack_bytes.is_none()), "kept unasked");
        let whole = samples.iter().filter(|sample| sample.user_stack.len() >= 6).count();
        Some((whole, samples.len()))
    };
    for source in [SourceChoice::Perf, SourceChoice::Ptrace] {
        let Some((whole, all)) = frames(UnwindMode::Auto, source) else { continue };
        assert!(
            all > 10 && whole * 100 > all * 90,
            "{source:?}: {whole} of {all} stacks are whole"
        );
        let Some((whole, all)) = frames(UnwindMode::Fp, source) else { continue };
        assert!(
            all > 10 && whole * 100 < all * 20,
            "{source:?}: {whole} of {all} by frame pointers"
        );
    }
}
