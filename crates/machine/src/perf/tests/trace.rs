//! Tracepoints and raw tracepoints.

use std::sync::Arc;

use skep_abi::{AttachType, Cpu, Errno, Pid, ProgId, ProgType};

use super::{PerfEventAttr, Target, link, load_as, machine, runs};
use crate::link::LinkPlace;
use crate::memory::Width;
use crate::task::NewTask;
use crate::trace::{Passed, TraceEvent, Traced};
use crate::{File, Machine, NoUserMemory, PerfEvent, Prog, ProgSpec};

const AT: Traced<'_> = Traced { cpu: Cpu(2), task: Pid(10), sample: None, user: &NoUserMemory };

fn open(machine: &Machine, place: &TraceEvent) -> Arc<PerfEvent> {
    let attr = PerfEventAttr { disabled: true, ..PerfEventAttr::tracepoint(place.id()) };
    machine.perf_event_open(&attr, Target::Task(Pid(11)), None).unwrap()
}

fn returns(machine: &Machine, r0: u64) -> Arc<Prog> {
    load_as(machine, ProgSpec::new("t", ProgType::Tracepoint), move |_| r0)
}

#[test]
fn programs_of_all_events_run_wherever_the_tracepoint_is_hit() {
    let machine = machine();
    let place = machine.define_tracepoint(300, "sched:sched_switch", 64).unwrap();
    assert_eq!(machine.fire_tracepoint(&place, AT, &[0; 64]), Passed::Recorded);
    let (first, second) = (open(&machine, &place), open(&machine, &place));
    let reads = load_as(&machine, ProgSpec::new("reads", ProgType::Tracepoint), |run| {
        run.memory().load(run.ctx.offset(8), Width::W).unwrap_or(0)
    });
    let always = returns(&machine, 1);
    first.set_bpf(&File::from(&reads)).unwrap();
    second.set_bpf(&File::from(&always)).unwrap();
    assert_eq!(first.query_bpf(64), Ok(vec![reads.id(), always.id()]));
    let mut record = [0; 64];
    record[8] = 1;
    assert_eq!(machine.fire_tracepoint(&place, AT, &record), Passed::Recorded);
    assert_eq!(machine.fire_tracepoint(&place, AT, &[0; 12]), Passed::Discarded, "1 & 0");
    let busy = machine.cpu(AT.cpu).unwrap().enter();
    assert_eq!(machine.fire_tracepoint(&place, AT, &record), Passed::Busy);
    drop(busy);
    assert_eq!(machine.fire_tracepoint(&place, AT, &[0; 9000]), Passed::Impossible);
    let counts = [&reads, &always].map(|prog| (runs(prog), prog.counters().now().dropped));
    assert_eq!(counts, [(2, 1), (2, 1)]);
    drop(first);
    assert_eq!(place.progs(), [always.id()]);
}

#[test]
fn a_tracepoint_takes_64_programs_each_once() {
    let machine = machine();
    let place = machine.define_tracepoint(300, "sched:sched_switch", 64).unwrap();
    let prog = returns(&machine, 1);
    let event = open(&machine, &place);
    event.set_bpf(&File::from(&prog)).unwrap();
    assert_eq!(event.set_bpf(&File::from(&returns(&machine, 1))), Err(Errno::EEXIST));
    assert_eq!(open(&machine, &place).set_bpf(&File::from(&prog)), Err(Errno::EEXIST));
    let mut far = ProgSpec::new("far", ProgType::Tracepoint);
    far.max_ctx_offset = 72;
    let far = load_as(&machine, far, |_| 1);
    assert_eq!(event.set_bpf(&File::from(&far)), Err(Errno::EACCES), "before the event's own");
    let more: Vec<_> = (0..63)
        .map(|_| {
            let event = open(&machine, &place);
            event.set_bpf(&File::from(&returns(&machine, 1))).unwrap();
            event
        })
        .collect();
    let last = open(&machine, &place);
    assert_eq!(last.set_bpf(&File::from(&returns(&machine, 1))), Err(Errno::E2BIG));
    assert_eq!(last.set_bpf(&File::from(&prog)), Err(Errno::E2BIG));
    assert_eq!(event.query_bpf(65), Err((Errno::E2BIG, 0)));
    assert_eq!(event.query_bpf(3), Err((Errno::ENOSPC, 64)));
    assert_eq!(event.query_bpf(0).map(|ids| ids.len()), Ok(64));
    drop(more);
    assert_eq!(last.set_bpf(&File::from(&returns(&machine, 1))), Ok(()));
    let clock = super::clock(&machine);
    assert_eq!(clock.query_bpf(64), Err((Errno::EINVAL, 0)));
}

#[test]
fn links_to_tracepoints_tell_its_name_and_end_with_their_descriptor() {
    let machine = machine();
    let place = machine.define_tracepoint(300, "sched:sched_switch", 64).unwrap();
    let prog = load_as(&machine, ProgSpec::new("c", ProgType::Tracepoint), |run| run.cookie);
    let event = open(&machine, &place);
    let kept = link(&machine, &prog, &event, 3).unwrap();
    let name = "sched_switch".to_owned();
    assert_eq!(kept.info().at, LinkPlace::Traced { event: event.id(), name, cookie: 3 });
    assert_eq!(machine.fire_tracepoint(&place, AT, &[0; 64]), Passed::Recorded);
    drop(kept);
    assert_eq!((place.progs(), runs(&prog)), (Vec::<ProgId>::new(), 1));
}

fn raw(machine: &Machine, prog_type: ProgType, max_ctx_offset: u32) -> Arc<Prog> {
    let mut spec = ProgSpec::new("raw", prog_type);
    spec.max_ctx_offset = max_ctx_offset;
    if prog_type == ProgType::Tracing {
        (spec.attach_type, spec.attach_to) =
            (Some(AttachType::TraceRawTp), Some("task_newtask".into()));
    }
    load_as(machine, spec, |run| run.memory().load(run.ctx.offset(8), Width::Dw).unwrap_or(0))
}

#[test]
fn raw_tracepoints_are_named_at_load_or_when_they_are_opened() {
    let machine = machine();
    let errno =
        |name, prog: &Arc<Prog>| machine.raw_tracepoint_open(name, &File::from(prog), 0).err();
    let tracing = raw(&machine, ProgType::Tracing, 16);
    assert_eq!(errno(Some("task_newtask"), &tracing), Some(Errno::EINVAL));
    assert_eq!(errno(None, &tracing), None);
    let plain = raw(&machine, ProgType::RawTracepoint, 16);
    assert_eq!(errno(Some("task_newtask"), &plain), None);
    assert_eq!(errno(Some("no_such_thing"), &plain), Some(Errno::ENOENT));
    assert_eq!(errno(None, &plain), Some(Errno::EFAULT));
    let greedy = raw(&machine, ProgType::RawTracepoint, 24);
    assert_eq!(errno(Some("task_newtask"), &greedy), Some(Errno::EINVAL));
    assert_eq!(errno(None, &super::returns(&machine, 1)), Some(Errno::EINVAL));
    let open = machine.raw_tracepoint_open(None, &File::Closed, 0);
    assert_eq!(open.err(), Some(Errno::EBADF));
}

#[test]
fn a_new_task_is_told_to_those_who_watch() {
    let machine = machine();
    let prog = raw(&machine, ProgType::Tracing, 16);
    let link = machine.raw_tracepoint_open(None, &File::from(&prog), 5).unwrap();
    let name = "task_newtask".to_owned();
    assert_eq!(link.info().at, LinkPlace::RawTracepoint { name, cookie: 5 });
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    let flags = NewTask { clone_flags: 0, ..NewTask::fork(Pid(10), Pid(21)) };
    machine.new_task(&flags, &NoUserMemory);
    let now = prog.counters().now();
    assert_eq!((now.runs, now.returned_0), (2, 1), "it returns the second argument");
    drop(link);
    machine.new_task(&NewTask::fork(Pid(10), Pid(22)), &NoUserMemory);
    assert_eq!(runs(&prog), 2);
}

#[test]
fn events_of_the_task_record_what_no_program_discards() {
    let machine = machine();
    let place = machine.define_tracepoint(300, "sched:sched_switch", 64).unwrap();
    let task = Target::Task(Pid(10));
    let event = machine.perf_event_open(&PerfEventAttr::tracepoint(300), task, None).unwrap();
    let other = open(&machine, &place);
    let sample = super::sample(10, 2, 0);
    let at = Traced { sample: Some(&sample), ..AT };
    machine.fire_tracepoint(&place, at, &[0; 64]);
    let odd = returns(&machine, 0);
    other.set_bpf(&File::from(&odd)).unwrap();
    machine.fire_tracepoint(&place, at, &[0; 64]);
    assert_eq!((event.value().counter, event.counts().delivered, runs(&odd)), (1, 1, 1));
    assert_eq!(other.value().counter, 0, "another task's");
}

#[test]
fn a_child_that_ends_takes_the_program_from_the_tracepoint() {
    let machine = machine();
    let place = machine.define_tracepoint(300, "sched:sched_switch", 64).unwrap();
    let attr = PerfEventAttr { inherit: true, ..PerfEventAttr::tracepoint(300) };
    let event = machine.perf_event_open(&attr, Target::Task(Pid(10)), None).unwrap();
    let prog = returns(&machine, 1);
    event.set_bpf(&File::from(&prog)).unwrap();
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    assert_eq!(place.progs(), [prog.id()]);
    machine.exit_task(Pid(20));
    assert_eq!(place.progs(), [], "as the kernel does");
    assert_eq!(event.set_bpf(&File::from(&prog)), Err(Errno::EEXIST), "the event has it still");
}
