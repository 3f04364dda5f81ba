//! A killed `skep run --engine host` leaves nothing in the kernel, and its target lives on.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use skep_host::{Kind, ids};

use crate::skep::program;

/// Times that a run is killed.
const CYCLES: usize = 200;
/// Runs at a time: most of the time is spent before anything is loaded.
const AT_ONCE: usize = 4;
/// How long a run is given to load and attach.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a process holds in the kernel, by its descriptors: programs, maps, links.
fn held(pid: u32) -> BTreeSet<(u8, u32)> {
    let mut held = BTreeSet::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        for line in text.lines() {
            for (kind, head) in [(0, "prog_id:"), (1, "map_id:"), (2, "link_id:")] {
                let id = line.strip_prefix(head).and_then(|id| id.trim().parse().ok());
                held.extend(id.map(|id| (kind, id)));
            }
        }
    }
    held
}

fn now() -> BTreeSet<(u8, u32)> {
    let kinds = [Kind::Programs, Kind::Maps, Kind::Links];
    let all = (0..)
        .zip(kinds)
        .flat_map(|(number, kind)| ids(kind).unwrap().into_iter().map(move |id| (number, id)));
    all.collect()
}

fn start(target: u32) -> Child {
    Command::new(env!("CARGO_BIN_EXE_skep"))
        .args(["run", &program("ips"), "--engine", "host", "-F", "99", "-p", &target.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_runs_leave_nothing_in_the_kernel_and_their_target_lives_on() {
    if let Err(error) = ids(Kind::Links) {
        return skep_skip::skipped!("{error}");
    }
    let mut target = Command::new("sleep").arg("3600").spawn().unwrap();
    let mut all = BTreeSet::new();
    for cycle in 0..CYCLES / AT_ONCE {
        let mut runs: Vec<Child> = (0..AT_ONCE).map(|_| start(target.id())).collect();
        for (number, run) in runs.iter_mut().enumerate() {
            // Some are killed when the first map is there, some with a program, most when all is attached.
            let awaited = [2, 2, 1, 0][(cycle + number) % 4];
            let deadline = Instant::now() + PATIENCE;
            let found = loop {
                let found = held(run.id());
                let is_there = |kind: u8| found.iter().any(|(held, _)| *held == kind);
                if is_there(awaited) {
                    break found;
                }
                if run.try_wait().unwrap().is_some() || Instant::now() > deadline {
                    break BTreeSet::new();
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            if found.is_empty() {
                target.kill().unwrap();
                target.wait().unwrap();
                let _ = run.kill();
                return skep_skip::skipped!("the run did not attach: bpf or perf is refused here");
            }
            all.extend(found);
            run.kill().unwrap();
            run.wait().unwrap();
        }
    }
    assert!(target.try_wait().unwrap().is_none(), "the target lives on");
    target.kill().unwrap();
    target.wait().unwrap();
    assert!(all.len() >= CYCLES, "{}", all.len());
    // The kernel frees after a grace period; ids are not used again so soon.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut left: BTreeSet<_> = all.intersection(&now()).copied().collect();
    while !left.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
        left = all.intersection(&now()).copied().collect();
    }
    assert!(left.is_empty(), "left behind (programs 0, maps 1, links 2): {left:?}");
}
