//! Running processes, cgroups and the whole system, sampled by perf.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use skep_abi::Pid;
use skep_sample::event_name::EventSpec;
use skep_sample::{End, Options, Rate, RecordKind, Session, SourceChoice, Target};

use crate::workload::{Running, Workload};
use crate::{check_stream, open, run, samples};

fn perf(target: Target, event: &str, rate: Rate) -> Options {
    let mut options = Options::new(target);
    options.source = SourceChoice::Perf;
    options.event = Some(EventSpec::parse(event).unwrap());
    options.rate = rate;
    options
}

#[test]
fn every_thread_of_a_running_process_is_sampled_once() {
    let Some(workload) = Workload::build("threads", &["-O2"]) else { return };
    let process = Running::start(workload.path(), &["30", "3"]);
    process.wait_for_threads(4);
    let mut options = perf(Target::Pids(vec![process.pid()]), "cpu-clock:u", Rate::Frequency(500));
    options.duration = Some(Duration::from_millis(600));
    let Some(mut session) = open(&options) else { return };
    let (records, end) = run(&mut session);
    check_stream(&session, &records);
    assert_eq!((end, session.target_status()), (End::Duration, None));
    let mut by_thread = BTreeMap::<Pid, u64>::new();
    for sample in samples(&records) {
        assert_eq!(sample.pid, process.pid());
        *by_thread.entry(sample.tid).or_default() += sample.period;
        let space = session.spaces().at(sample.pid, sample.time).unwrap();
        assert!(space.mapping_at(sample.ip).is_some());
    }
    assert_eq!(by_thread.len(), 3, "{by_thread:?}");
    // Sampled twice, a thread would have used more time than there was.
    let most = 600_000_000 * 12 / 10;
    assert!(by_thread.values().all(|used| (1..most).contains(used)), "{by_thread:?}");
    // It is not ours to end.
    assert!(Path::new("/proc").join(process.pid().to_string()).exists());
}

#[test]
fn threads_made_after_the_opening_are_inherited_and_not_sampled_twice() {
    // This process itself: its threads come and go under our control.
    let us = Pid(std::process::id());
    let mut options = perf(Target::Pids(vec![us]), "cpu-clock:u", Rate::Frequency(1_000));
    options.duration = Some(Duration::from_millis(500));
    let Some(mut session) = open(&options) else { return };
    session.start().unwrap();
    let stop = AtomicBool::new(false);
    let (tid, used) = (AtomicU64::new(0), AtomicU64::new(0));
    let records = std::thread::scope(|scope| {
        scope.spawn(|| {
            tid.store(rustix::thread::gettid().as_raw_pid() as u64, Ordering::Relaxed);
            while !stop.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
            used.store(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64, Ordering::Relaxed);
        });
        let (records, _) = run(&mut session);
        stop.store(true, Ordering::Relaxed);
        records
    });
    let tid = Pid(tid.load(Ordering::Relaxed) as u32);
    let sampled: u64 = samples(&records)
        .iter()
        .filter(|sample| sample.tid == tid)
        .map(|sample| sample.period)
        .sum();
    let used = used.load(Ordering::Relaxed);
    assert!(sampled > used / 2 && sampled <= used * 11 / 10, "sampled {sampled} of {used} ns");
    assert!(
        records.iter().any(|r| matches!(r.kind, RecordKind::Fork(lineage) if lineage.tid == tid))
    );
}

#[test]
fn the_end_of_the_process_ends_the_session() {
    let process = Running::start("sleep", &["0.3"]);
    let Some(mut session) =
        open(&perf(Target::Pids(vec![process.pid()]), "cpu-clock:u", Rate::Frequency(99)))
    else {
        return;
    };
    let (_, end) = run(&mut session);
    assert_eq!(end, End::TargetExited);
}

#[test]
fn a_breakpoint_fires_at_each_write() {
    static WATCHED: AtomicU64 = AtomicU64::new(0);
    let event = format!("mem:{:#x}/8:w:u", WATCHED.as_ptr() as u64);
    let options = perf(Target::Pids(vec![Pid(std::process::id())]), &event, Rate::Period(1));
    let mut session = match Session::open(&options) {
        Ok(session) => session,
        Err(error) => return skep_skip::skipped!("{error}"),
    };
    session.start().unwrap();
    for value in 1..=7 {
        WATCHED.store(value, Ordering::SeqCst);
    }
    session.stop();
    let (records, _) = run(&mut session);
    let samples = samples(&records);
    assert_eq!(samples.len(), 7);
    assert!(samples.iter().all(|sample| sample.addr == WATCHED.as_ptr() as u64));
}

#[test]
fn the_whole_system_is_sampled_where_that_is_allowed() {
    let mut options = perf(Target::All, "cpu-clock", Rate::Frequency(500));
    options.duration = Some(Duration::from_millis(300));
    let mut session = match Session::open(&options) {
        Ok(session) => session,
        Err(error) => return skep_skip::skipped!("{error}"),
    };
    session.start().unwrap();
    let _busy = Running::start("sh", &["-c", "while :; do :; done"]);
    let (records, _) = run(&mut session);
    check_stream(&session, &records);
    let samples = samples(&records);
    assert!(
        samples.iter().any(|sample| sample.pid == _busy.pid()),
        "the busy shell was not sampled"
    );
    assert!(samples.iter().all(|sample| sample.value.is_some()), "CPU-wide events have values");
}

#[test]
fn a_cgroups_members_are_sampled_and_nobody_else() {
    let Some(root) = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
        .iter()
        .map(Path::new)
        .find(|path| path.join("cgroup.controllers").exists())
    else {
        return skep_skip::skipped!("no cgroup v2 hierarchy");
    };
    let name = format!("skep-test-{}", std::process::id());
    let group = root.join(&name);
    if let Err(error) = fs::create_dir(&group) {
        return skep_skip::skipped!("{}: {error}", group.display());
    }
    let (inside, _outside) = (
        Running::start("sh", &["-c", "while :; do :; done"]),
        Running::start("sh", &["-c", "while :; do :; done"]),
    );
    fs::write(group.join("cgroup.procs"), inside.pid().to_string()).unwrap();
    for path in [group.clone(), name.into()] {
        let mut options = perf(Target::Cgroup(path), "cpu-clock", Rate::Frequency(500));
        options.fields.cgroup = true;
        options.duration = Some(Duration::from_millis(300));
        match Session::open(&options) {
            Err(error) => skep_skip::skipped!("{error}"),
            Ok(mut session) => {
                let (records, _) = run(&mut session);
                check_stream(&session, &records);
                let samples = samples(&records);
                assert!(samples.len() > 5, "{} samples", samples.len());
                assert!(samples.iter().all(|sample| sample.pid == inside.pid()));
                assert!(samples.iter().all(|sample| sample.cgroup.is_some_and(|id| id != 0)));
            }
        }
    }
    drop(inside);
    fs::remove_dir(&group).unwrap();
}
