//! Commands sampled by ptrace, which must not notice.

use std::collections::BTreeMap;
use std::time::Duration;

use skep_abi::Pid;
use skep_sample::{
    End, Options, Rate, RecordKind, Session, SourceChoice, SourceKind, TargetStatus,
};

use crate::workload::Workload;
use crate::{check_stream, command, counting, run, samples};

fn open(target: skep_sample::Target, hz: u64) -> Option<Session> {
    let mut options = Options::new(target);
    options.source = SourceChoice::Ptrace;
    options.rate = Rate::Frequency(hz);
    match Session::open(&options) {
        Ok(session) => Some(session),
        Err(error) => {
            skep_skip::skipped!("{error}");
            None
        }
    }
}

#[test]
fn samples_say_where_they_were_taken() {
    let Some(mut session) = open(counting(1_500_000), 500) else { return };
    let child = session.child().unwrap();
    let (records, end) = run(&mut session);
    check_stream(&session, &records);
    assert_eq!((end, session.source()), (End::TargetExited, SourceKind::Ptrace));
    assert_eq!(session.target_status(), Some(TargetStatus::Exited(0)));
    let samples = samples(&records);
    assert!(samples.len() > 20, "{} samples", samples.len());
    for sample in samples {
        let regs = sample.user_regs.unwrap();
        assert!(regs.is_user_mode());
        assert_eq!((sample.pid, sample.tid, sample.period), (child, child, 2_000_000));
        assert_eq!((sample.ip, sample.user_stack[0]), (regs.ip, regs.ip));
        let space = session.spaces().at(sample.pid, sample.time).unwrap();
        assert!(space.mapping_at(sample.ip).is_some(), "{:#x} is mapped nowhere", sample.ip);
    }
}

#[test]
fn all_threads_are_sampled_by_the_time_that_they_used() {
    let Some(workload) = Workload::build("threads", &["-O2"]) else { return };
    let Some(mut session) = open(command(&[workload.path(), "1", "3"]), 200) else { return };
    let (records, _) = run(&mut session);
    check_stream(&session, &records);
    let mut by_thread = BTreeMap::<Pid, u64>::new();
    for sample in samples(&records) {
        *by_thread.entry(sample.tid).or_default() += 1;
    }
    assert_eq!(by_thread.len(), 3, "{by_thread:?}");
    // No thread can have used more than a second, and each had its turn.
    assert!(by_thread.values().all(|count| (5..=210).contains(count)), "{by_thread:?}");
    let began = records.iter().filter(|r| matches!(r.kind, RecordKind::Fork(_))).count();
    assert_eq!(began, 3);
}

#[test]
fn children_and_programs_that_follow_are_traced() {
    let loop_text = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
    let script = format!("sh -c '{loop_text}'; exec sh -c '{loop_text}; exit 5'");
    let Some(mut session) = open(command(&["sh", "-c", &script]), 500) else { return };
    let parent = session.child().unwrap();
    let (records, _) = run(&mut session);
    check_stream(&session, &records);
    assert_eq!(session.target_status(), Some(TargetStatus::Exited(5)));
    let child = records.iter().find_map(|record| match &record.kind {
        RecordKind::Fork(lineage) => Some(lineage.pid),
        _ => None,
    });
    let samples = samples(&records);
    assert!(samples.iter().any(|sample| Some(sample.pid) == child), "the child was not sampled");
    assert!(
        samples.iter().any(|sample| sample.pid == parent),
        "the second program was not sampled"
    );
    let execs =
        records.iter().filter(|r| matches!(r.kind, RecordKind::Comm { exec: true, .. })).count();
    assert_eq!(execs, 3);
}

#[test]
fn signals_arrive_and_stopped_processes_stay_stopped_until_continued() {
    // The shell counts its own SIGUSR1s, then its child stops itself and is continued.
    let script = "n=0; trap 'n=$((n+1))' USR1; for i in 1 2 3 4 5 6 7 8 9; do kill -USR1 $$; done; \
        (sleep 0.2; kill -CONT $$) & kill -STOP $$; wait; exit $n";
    let Some(mut session) = open(command(&["sh", "-c", script]), 1_000) else { return };
    let (_, end) = run(&mut session);
    assert_eq!((end, session.target_status()), (End::TargetExited, Some(TargetStatus::Exited(9))));
}

#[test]
fn a_deadly_signal_is_the_status() {
    let Some(mut session) = open(command(&["sh", "-c", "kill -SEGV $$"]), 99) else { return };
    run(&mut session);
    assert_eq!(session.target_status(), Some(TargetStatus::Signaled(11)));
}

#[test]
fn waiting_threads_are_not_disturbed() {
    // `sleep` would return early if its system call were interrupted for good.
    let Some(mut session) = open(command(&["sleep", "0.4"]), 1_000) else { return };
    let (records, _) = run(&mut session);
    assert_eq!(session.target_status(), Some(TargetStatus::Exited(0)));
    let (first, last) = (records.first().unwrap().time, records.last().unwrap().time);
    assert!(last - first >= 390_000_000);
    assert!(samples(&records).len() < 50);
}

#[test]
fn a_command_that_will_not_end_is_asked_to_and_children_live_on() {
    let mut options = Options::new(command(&["sh", "-c", "sleep 1000 & echo $!; wait"]));
    options.source = SourceChoice::Ptrace;
    options.duration = Some(Duration::from_millis(200));
    options.child_stdout = skep_sample::ChildStdout::ToStderr;
    let Ok(mut session) = Session::open(&options) else {
        return skep_skip::skipped!("ptrace is refused");
    };
    let (records, end) = run(&mut session);
    assert_eq!((end, session.target_status()), (End::Duration, Some(TargetStatus::Signaled(15))));
    let child = records.iter().find_map(|record| match &record.kind {
        RecordKind::Fork(lineage) => Some(lineage.pid),
        _ => None,
    });
    drop(session);
    let child = child.unwrap();
    let status = |key: &str| {
        let text = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap();
        text.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim().to_owned()
    };
    let tracer = status("TracerPid:");
    // It was stopped to be let go, and returns to its sleep.
    let sleeps = (0..100_000).any(|_| status("State:").starts_with('S'));
    let pid = rustix::process::Pid::from_raw(child.0 as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!((tracer.as_str(), sleeps), ("0", true));
}
