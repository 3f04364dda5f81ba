//! Perf events.

use std::os::fd::AsFd;
use std::path::Path;

use skep_abi::{Errno, ProgType};
use skep_host::{Cause, PerfEvent, PerfEventAttr, Target, Tracefs};

use crate::ask::{COUNTS, busy_until, count, counter, cpu_clock, load, may_ask};

const RETURNS: &str = "r0 = 1\nexit";

#[test]
fn a_program_runs_on_the_samples_of_an_enabled_event_only() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::PerfEvent, COUNTS, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    event.set_bpf(&program).unwrap();
    // The event holds the program.
    drop(program);
    busy_until(|| true);
    assert_eq!(count(&map), 0, "it was opened disabled");
    event.enable().unwrap();
    assert!(busy_until(|| count(&map) > 5));
    event.disable().unwrap();
    let stopped = count(&map);
    busy_until(|| true);
    assert_eq!(count(&map), stopped);
    event.enable().unwrap();
    assert!(busy_until(|| count(&map) > stopped), "the program stays attached");
}

#[test]
fn attaching_fails_as_the_kernel_says() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::PerfEvent, COUNTS, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    assert_eq!(event.set_bpf_fd(map.as_fd()).unwrap_err().errno, Errno::EINVAL);
    let tracepoint = load(ProgType::Tracepoint, RETURNS, &[]).unwrap();
    assert_eq!(event.set_bpf(&tracepoint).unwrap_err().errno, Errno::EINVAL);
    event.set_bpf(&program).unwrap();
    assert_eq!(event.set_bpf(&program).unwrap_err().errno, Errno::EEXIST);
    assert_eq!(event.query_bpf(4).unwrap_err().errno, Errno::EINVAL);
}

#[test]
fn periods_refreshes_and_resets_change_what_is_counted() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::PerfEvent, COUNTS, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    event.set_bpf(&program).unwrap();
    event.refresh(3).unwrap();
    assert!(busy_until(|| count(&map) == 3));
    busy_until(|| true);
    assert_eq!(count(&map), 3, "three samples, then it is disabled");
    assert!(event.read().unwrap()[0].value > 0);
    event.reset().unwrap();
    assert_eq!(event.read().unwrap()[0].value, 0);
    assert_eq!(event.set_period(0).unwrap_err().errno, Errno::EINVAL);
    event.set_period(3_600_000_000_000).unwrap();
    event.enable().unwrap();
    busy_until(|| event.read().unwrap()[0].value > 10_000_000);
    assert!(count(&map) <= 4, "an hour's period");
}

#[test]
fn groups_count_together_and_are_read_together() {
    if !may_ask() {
        return;
    }
    const GROUP_AND_ID: u64 = 8 | 4;
    let attr = |config| PerfEventAttr {
        type_: 1,
        config,
        read_format: GROUP_AND_ID,
        ..PerfEventAttr::default()
    };
    let mut leading = attr(1);
    leading.set_disabled(1);
    let leader = PerfEvent::open(&leading, Target::ThisThread, None).unwrap();
    let member = PerfEvent::open(&attr(1), Target::ThisThread, Some(&leader)).unwrap();
    busy_until(|| true);
    let counts = leader.read().unwrap();
    assert_eq!(counts.iter().map(|count| count.value).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(counts[0].id, Some(leader.id().unwrap()));
    assert_eq!(counts[1].id, Some(member.id().unwrap()));
    leader.enable_group().unwrap();
    assert!(busy_until(|| leader.read().unwrap().iter().all(|count| count.value > 0)));
    leader.disable_group().unwrap();
    let stopped = leader.read().unwrap();
    busy_until(|| true);
    assert_eq!(leader.read().unwrap(), stopped);
}

#[test]
fn children_inherit_the_program_of_an_inherited_event() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::PerfEvent, COUNTS, &[&map]).unwrap();
    let mut attr = cpu_clock();
    attr.set_inherit(1);
    let event = PerfEvent::open(&attr, Target::ThisThread, None).unwrap();
    event.set_bpf(&program).unwrap();
    event.enable().unwrap();
    let child = std::thread::spawn({
        let map = skep_host::Map::by_id(map.info().unwrap().id).unwrap();
        move || {
            let before = count(&map);
            busy_until(|| count(&map) > before + 20)
        }
    });
    assert!(child.join().unwrap(), "the parent waits, so these are the child's samples");
}

#[test]
fn tracepoints_are_found_without_a_mount_and_run_several_programs() {
    if !may_ask() {
        return;
    }
    let before = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let tracefs = match Tracefs::open() {
        Ok(tracefs) => tracefs,
        Err(refused) => return skep_skip::skipped!("{refused}"),
    };
    assert_eq!(std::fs::read_to_string("/proc/self/mountinfo").unwrap(), before);
    let id = tracefs
        .id("syscalls", "sys_enter_getppid")
        .or_else(|_| tracefs.id("sched", "sched_switch"));
    let id = id.unwrap();
    assert!(tracefs.format("sched", "sched_switch").unwrap().contains("field:pid_t prev_pid;"));
    for wrong in [("sched", "no_such_event"), ("..", "sched"), ("sched", "a/b"), ("", "")] {
        assert!(tracefs.id(wrong.0, wrong.1).is_err(), "{wrong:?}");
    }
    let mut attr = PerfEventAttr { type_: 2, config: id, ..PerfEventAttr::default() };
    attr.set_disabled(1);
    let map = counter();
    let program = load(ProgType::Tracepoint, COUNTS, &[&map]).unwrap();
    let events: Vec<_> =
        (0..2).map(|_| PerfEvent::open(&attr, Target::ThisThread, None).unwrap()).collect();
    let other = load(ProgType::Tracepoint, RETURNS, &[]).unwrap();
    events[0].set_bpf(&program).unwrap();
    events[1].set_bpf(&other).unwrap();
    assert_eq!(events[0].set_bpf(&other).unwrap_err().errno, Errno::EEXIST);
    let ids = [program.info().unwrap().id, other.info().unwrap().id];
    assert_eq!(events[0].query_bpf(8).unwrap(), ids);
    events[0].enable().unwrap();
    for _ in 0..10 {
        let _ = std::os::unix::process::parent_id();
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    events[0].disable().unwrap();
    assert!(count(&map) >= 10, "{}", count(&map));
    let perf_event = load(ProgType::PerfEvent, RETURNS, &[]).unwrap();
    let third = PerfEvent::open(&attr, Target::ThisThread, None).unwrap();
    assert_eq!(third.set_bpf(&perf_event).unwrap_err().errno, Errno::EINVAL);
}

/// What the uprobe below waits for.
#[inline(never)]
extern "C" fn skep_host_probed(number: u64) -> u64 {
    std::hint::black_box(number).wrapping_mul(3)
}

#[test]
fn probes_attach_where_the_kernel_has_them() {
    if !may_ask() {
        return;
    }
    if skep_host::kprobe_pmu().is_err() {
        let refused = PerfEvent::kprobe("do_nanosleep", 0, false, Target::ThisThread).unwrap_err();
        assert_eq!(refused.cause, Cause::Unsupported);
        assert!(refused.to_string().contains("CONFIG_KPROBE_EVENTS"), "{refused}");
    }
    if let Err(refused) = skep_host::uprobe_pmu() {
        return skep_skip::skipped!("{refused}");
    }
    let (file, offset) = place_of(skep_host_probed as *const () as usize);
    let map = counter();
    let program = load(ProgType::Kprobe, COUNTS, &[&map]).unwrap();
    let event = match PerfEvent::uprobe(&file, offset, false, Target::ThisThread) {
        Ok(event) => event,
        Err(refused) => return skep_skip::skipped!("{refused}"),
    };
    event.set_bpf(&program).unwrap();
    for number in 0..7 {
        assert_eq!(skep_host_probed(number), number * 3);
    }
    assert_eq!(count(&map), 7);
    let missing = PerfEvent::uprobe(Path::new("/no/such/file"), 0, false, Target::ThisThread);
    assert_eq!(missing.unwrap_err().errno, Errno::ENOENT);
}

/// The file that an address of ours is mapped from, and the offset in it.
fn place_of(address: usize) -> (std::path::PathBuf, u64) {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    for line in maps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = words[0].split_once('-').unwrap();
        let hex = |text: &str| usize::from_str_radix(text, 16).unwrap();
        if (hex(start)..hex(end)).contains(&address) {
            return (words[5].into(), (address - hex(start) + hex(words[2])) as u64);
        }
    }
    panic!("the address is mapped")
}

#[test]
fn refusals_of_events_say_what_to_do() {
    if !may_ask() {
        return;
    }
    let attr = PerfEventAttr { type_: 1, config: 99, ..PerfEventAttr::default() };
    let refused = PerfEvent::open(&attr, Target::ThisThread, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the kernel refuses to open a perf event (type 1, config 0x63): -ENOENT (-2); this machine has no such counter: virtual machines mostly have software events (cpu-clock, task-clock, page-faults) only"
    );
    assert_eq!(refused.cause, Cause::Missing);
    let gone = PerfEvent::open(&cpu_clock(), Target::Thread(u32::MAX), None).unwrap_err();
    assert_eq!(gone.errno, Errno::ESRCH);
}
