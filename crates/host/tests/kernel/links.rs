//! Links.

use skep_abi::{Errno, ProgType};
use skep_host::{Cause, Kind, Link, LinkTarget, PerfEvent, Target, ids};

use crate::ask::{COUNTS, busy_until, count, counter, cpu_clock, load, may_ask, soon};

/// Puts the cookie of its link into the first element of map 0.
const COOKIE: &str = "
    call unknown#174
    r1 = map[idx:0][0]+0
    *(u64 *)(r1 +0) = r0
    r0 = 1
    exit";

#[test]
fn a_link_keeps_event_and_program_and_hands_over_its_cookie() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::PerfEvent, COOKIE, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    let link = Link::perf_event(&program, &event, 0x1234_5678_9abc).unwrap();
    assert_eq!(Link::perf_event(&program, &event, 1).unwrap_err().errno, Errno::EEXIST);
    assert_eq!(event.set_bpf(&program).unwrap_err().errno, Errno::EEXIST);
    event.enable().unwrap();
    let id = program.info().unwrap().id;
    drop((event, program));
    assert!(busy_until(|| count(&map) == 0x1234_5678_9abc));
    let info = link.info().unwrap();
    assert_eq!((info.program, info.kind), (id, 7));
    // The kernel has replaced the type by that of the clock's PMU.
    let LinkTarget::Event { config: 0, cookie: 0x1234_5678_9abc, .. } = info.target else {
        panic!("{:?}", info.target)
    };
    assert!(ids(Kind::Links).unwrap().contains(&info.id));
    assert_eq!(Link::by_id(info.id).unwrap().info().unwrap(), info);
}

#[test]
fn closing_a_link_detaches_and_nothing_else_does() {
    if !may_ask() {
        return;
    }
    let map = counter();
    let program = load(ProgType::PerfEvent, COUNTS, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    let link = Link::perf_event(&program, &event, 0).unwrap();
    assert_eq!(link.update(&program, None).unwrap_err().errno, Errno::EINVAL);
    let refused = link.detach().unwrap_err();
    assert_eq!((refused.errno, refused.cause), (Errno::EOPNOTSUPP, Cause::Unsupported));
    drop(link);
    assert!(soon(|| event.set_bpf(&program).is_ok()), "the event is free again");
    event.enable().unwrap();
    assert!(busy_until(|| count(&map) > 0));
}

#[test]
fn a_link_wants_a_program_that_fits_its_event() {
    if !may_ask() {
        return;
    }
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    let filter = load(ProgType::SocketFilter, "r0 = 0\nexit", &[]).unwrap();
    let refused = Link::perf_event(&filter, &event, 0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the kernel refuses to attach program tested (perf_event): -EINVAL (-22)"
    );
}

#[test]
fn raw_tracepoints_attach_by_name() {
    if !may_ask() {
        return;
    }
    let map = counter();
    // Counts the calls of this process only.
    let text = format!(
        "call unknown#14\nr0 >>= 32\nif r0 == {} goto own\nr0 = 0\nexit\nown:\n{COUNTS}",
        std::process::id()
    );
    let program = load(ProgType::RawTracepoint, &text, &[&map]).unwrap();
    let link = Link::raw_tracepoint(&program, "sys_enter", 0).unwrap();
    let info = link.info().unwrap();
    assert_eq!(info.target, LinkTarget::RawTracepoint { name: "sys_enter".into() });
    std::thread::sleep(std::time::Duration::from_millis(1));
    assert!(count(&map) > 0);
    let missing = Link::raw_tracepoint(&program, "no_such_tracepoint", 0).unwrap_err();
    assert_eq!(missing.errno, Errno::ENOENT);
}
