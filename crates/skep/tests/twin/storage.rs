//! Values that tasks and control groups have, and the masks in them.

use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid as HostPid, PidfdFlags, pidfd_open};
use skep_abi::Pid;
use skep_machine::CgroupId;

use crate::pair::Pair;

const OBJECT: &[u8] = include_bytes!("../../../../programs/storage.bpf.o");

const FILL: u32 = 1;
const LOOK: u32 = 2;
const DELETE: u32 = 3;
const ASK: u32 = 4;

/// A descriptor that means one thread (`PIDFD_THREAD`).
const THREAD: PidfdFlags = PidfdFlags::from_bits_retain(0o200);

/// Lets one test at a time have its way: all are on one CPU, and Linux makes no value of a task while somebody else is at
/// such values on the CPU (`bpf_task_storage_trylock`), be that one preempted.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pair() -> Option<Pair> {
    Pair::load(OBJECT, "act")
}

fn act(pair: &Pair, action: u32) {
    pair.set("action", &action.to_le_bytes());
    pair.run("done");
    pair.both("answers");
    pair.both("returned");
}

/// References to each place's mask, of which one is elsewhere, and what each place has, once both sides agree: the
/// kernel gives masks up a while after their values.
fn look(pair: &Pair) -> (Vec<i64>, Vec<i64>) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        act(pair, LOOK);
        let seen = pair.their_numbers("references");
        if seen == pair.our_numbers("references") || Instant::now() > end {
            break;
        }
    }
    for name in ["before", "after"] {
        pair.both(name);
    }
    (pair.numbers("references"), pair.numbers("holds"))
}

#[test]
fn a_value_holds_a_mask_until_it_is_deleted() {
    let _alone = alone();
    let Some(pair) = pair() else { return };
    act(&pair, LOOK);
    assert_eq!(pair.numbers("holds"), [2, 2], "there is no value yet");
    act(&pair, FILL);
    assert_eq!(look(&pair), (vec![2; 2], vec![1; 2]));
    assert_eq!((pair.numbers("before"), pair.numbers("after")), (vec![1; 2], vec![2; 2]));
    act(&pair, FILL);
    assert_eq!(look(&pair), (vec![2; 2], vec![1; 2]), "filled again");
    assert!(pair.machine.leaked_objects().is_empty());
    act(&pair, DELETE);
    assert_eq!(pair.numbers("answers")[..4], [0, -2, 0, -2]);
    assert_eq!(look(&pair), (vec![1; 2], vec![2; 2]));
    assert!(pair.machine.leaked_objects().is_empty());
    assert_eq!(pair.machine.kptr_faults(), []);
}

#[test]
fn every_question_has_the_kernels_answer() {
    let _alone = alone();
    let Some(pair) = pair() else { return };
    for _ in 0..2 {
        act(&pair, ASK);
        assert_eq!(pair.both("asked"), 25_u32.to_le_bytes());
    }
    // A map holds the control group.
    let held = pair.machine.held_objects();
    assert!(held.len() == 1 && held[0].name == "the cgroup of cgroup 1", "{held:?}");
    assert_eq!((held[0].references, held[0].leaked()), (1, 0));
}

/// `struct value` with bytes in the field that mean nothing.
fn value() -> Vec<u8> {
    [7_u64, 0xdead_beef_dead_beef, 8].iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The directory of this process's control group in the default hierarchy.
fn own_cgroup() -> Option<File> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?;
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    File::open(format!("{}{path}", mount.split(' ').nth(1)?)).ok()
}

#[test]
fn user_space_sees_sets_and_deletes_values() {
    let _alone = alone();
    let Some(pair) = pair() else { return };
    let thread: OwnedFd = pidfd_open(rustix::thread::gettid(), THREAD).unwrap();
    let cgroup = own_cgroup();
    if cgroup.is_none() {
        skep_skip::skipped!("no cgroup2: values of control groups are compared from programs only");
    }
    let task = ("of_task", (thread.as_raw_fd(), 1));
    let root = u32::try_from(CgroupId::ROOT.0).unwrap();
    let cgroup = cgroup.as_ref().map(|cgroup| ("of_cgroup", (cgroup.as_raw_fd(), root)));
    let places: Vec<_> = [Some(task), cgroup].into_iter().flatten().collect();
    act(&pair, FILL);
    for (map, keys) in &places {
        let value = pair.value_by(map, *keys).unwrap();
        let hidden: Vec<u8> = [1_u64, 0, 2].iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(value, hidden, "{map}");
        pair.update_by(map, *keys, &self::value());
        let value = pair.value_by(map, *keys).unwrap();
        assert_eq!((&value[..8], &value[8..16]), (&7_u64.to_le_bytes()[..], &[0; 8][..]), "{map}");
    }
    let (references, holds) = look(&pair);
    assert_eq!((references[0], holds[0]), (1, 0), "the value was replaced, and its mask dropped");
    act(&pair, FILL);
    for (map, keys) in &places {
        pair.delete_by(map, *keys);
        assert_eq!(pair.value_by(map, *keys), None, "{map}");
        pair.delete_by(map, *keys);
        pair.update_by(map, (-1, 99), &value());
    }
    let (references, holds) = look(&pair);
    assert_eq!((references[0], holds[0]), (1, 2));
    assert!(pair.machine.leaked_objects().is_empty());
}

#[test]
fn the_value_of_a_task_goes_with_it() {
    let _alone = alone();
    // The thread that loads is the one that is sampled.
    let first = std::thread::spawn(|| {
        let pair = pair()?;
        act(&pair, FILL);
        assert_eq!(look(&pair), (vec![2; 2], vec![1; 2]));
        let tid = rustix::thread::gettid();
        Some((pair, tid))
    });
    let Some((mut pair, tid)) = first.join().unwrap() else { return };
    let gone = |tid: HostPid| pidfd_open(tid, THREAD).is_err();
    assert!(gone(tid), "the thread has ended");
    pair.machine.exit_task(Pid(1));
    pair.move_here(Pid(2));
    let (references, holds) = look(&pair);
    assert_eq!((references, holds), (vec![1, 2], vec![2, 1]));
    assert!(pair.machine.leaked_objects().is_empty());
}

#[test]
fn freeing_the_maps_drops_what_they_hold() {
    let _alone = alone();
    let Some(pair) = pair() else { return };
    act(&pair, FILL);
    act(&pair, ASK);
    assert_eq!(pair.machine.held_objects().len(), 3);
    for map in &pair.loaded.maps {
        pair.machine.map(map.id).unwrap().free_fields();
    }
    assert_eq!(pair.machine.held_objects(), []);
    assert_eq!(pair.machine.kptr_faults(), []);
}
