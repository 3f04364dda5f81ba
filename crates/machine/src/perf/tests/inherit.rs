//! Copies that children have.

use skep_abi::{Pid, ProgType};

use super::{PerfEventAttr, Rate, Target, fire_as, link, load_as, machine, returns, runs, sample};
use crate::NoUserMemory;
use crate::perf::{Fired, Inert, State};
use crate::task::NewTask;
use crate::{File, ProgSpec};

fn inherited() -> PerfEventAttr {
    PerfEventAttr { inherit: true, ..PerfEventAttr::cpu_clock(Rate::Period(100)) }
}

#[test]
fn children_run_the_program_without_the_cookie() {
    let machine = machine();
    let event = machine.perf_event_open(&inherited(), Target::Task(Pid(10)), None).unwrap();
    let prog = load_as(&machine, ProgSpec::new("cookie", ProgType::PerfEvent), |run| run.cookie);
    let kept = link(&machine, &prog, &event, 7).unwrap();
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    machine.new_task(&NewTask::fork(Pid(20), Pid(30)), &NoUserMemory);
    machine.new_task(&NewTask::fork(Pid(11), Pid(40)), &NoUserMemory);
    let on = |tid| fire_as(&machine, &event, &sample(tid, 1, 0));
    assert_eq!((on(10), on(20), on(30)), (Fired::Delivered, Fired::Discarded, Fired::Discarded));
    assert_eq!((on(11), on(40)), (Fired::Inert(Inert::OtherTask), Fired::Inert(Inert::OtherTask)));
    assert_eq!(event.children().len(), 2, "also of children's children");
    assert!(event.child(Pid(20)).is_some_and(|child| child.is_inherited()));
    // The link takes the program from the event; copies keep theirs.
    drop(kept);
    assert_eq!((on(10), on(20), runs(&prog)), (Fired::Delivered, Fired::Discarded, 4));
    assert!(event.program().is_none());
}

#[test]
fn what_is_attached_later_does_not_reach_the_copies() {
    let machine = machine();
    let event = machine.perf_event_open(&inherited(), Target::Task(Pid(10)), None).unwrap();
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    let prog = returns(&machine, 0);
    event.set_bpf(&File::from(&prog)).unwrap();
    assert_eq!(fire_as(&machine, &event, &sample(20, 0, 0)), Fired::Delivered);
    assert_eq!(fire_as(&machine, &event, &sample(10, 0, 0)), Fired::Discarded);
    event.disable();
    assert_eq!(event.child(Pid(20)).unwrap().state(), State::Off, "switching reaches them");
    event.enable();
    machine.exit_task(Pid(20));
    assert_eq!(fire_as(&machine, &event, &sample(20, 0, 0)), Fired::Inert(Inert::OtherTask));
    assert_eq!((event.value().counter, event.own_value().counter), (200, 100));
    machine.exit_task(Pid(10));
    assert_eq!((event.state(), event.value().counter), (State::Exit, 200));
    event.enable();
    assert_eq!(event.state(), State::Exit);
}

#[test]
fn copies_go_with_the_event() {
    let machine = machine();
    let event = machine.perf_event_open(&inherited(), Target::Task(Pid(10)), None).unwrap();
    let prog = returns(&machine, 1);
    event.set_bpf(&File::from(&prog)).unwrap();
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    assert_eq!((machine.task_events(Pid(20)).len(), machine.perf_events().len()), (1, 1));
    drop(event);
    assert_eq!((machine.task_events(Pid(20)).len(), machine.perf_events().len()), (0, 0));
    drop(prog);
    assert!(machine.progs().is_empty());
}

#[test]
fn some_events_are_for_threads_or_stay_behind() {
    let machine = machine();
    let task = Target::Task(Pid(10));
    let threads = PerfEventAttr { inherit_thread: true, ..inherited() };
    let stays = PerfEventAttr { inherit: false, ..inherited() };
    let events = [threads, stays, inherited()]
        .map(|attr| machine.perf_event_open(&attr, task, None).unwrap());
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    let thread =
        NewTask { pid: Pid(10), clone_flags: NewTask::PTHREAD, ..NewTask::fork(Pid(10), Pid(21)) };
    machine.new_task(&thread, &NoUserMemory);
    let copies = events.each_ref().map(|event| event.children().len());
    assert_eq!(copies, [1, 0, 2]);
}

#[test]
fn groups_are_passed_on_as_groups() {
    let machine = machine();
    let task = Target::Task(Pid(10));
    let leader = machine.perf_event_open(&inherited(), task, None).unwrap();
    let sibling =
        machine.perf_event_open_in(&inherited(), task, None, Some(&File::from(&leader))).unwrap();
    machine.new_task(&NewTask::fork(Pid(10), Pid(20)), &NoUserMemory);
    let copy = sibling.child(Pid(20)).unwrap();
    assert_eq!(copy.leader().map(|leader| leader.id()), leader.child(Pid(20)).map(|l| l.id()));
    assert_eq!(copy.primary_id(), sibling.id());
}

#[test]
fn an_exec_switches_on_what_waits_for_it() {
    let machine = machine();
    let task = Target::Task(Pid(10));
    let waits = PerfEventAttr { enable_on_exec: true, disabled: true, ..inherited() };
    let ends = PerfEventAttr { remove_on_exec: true, ..inherited() };
    let waits = machine.perf_event_open(&waits, task, None).unwrap();
    let ends = machine.perf_event_open(&ends, task, None).unwrap();
    assert_eq!((waits.state(), ends.state()), (State::Off, State::Active));
    machine.exec(Pid(10), Pid(10), "hornet");
    assert_eq!((waits.state(), ends.state()), (State::Active, State::Exit));
    assert_eq!(machine.tasks().get(Pid(10)).unwrap().comm, "hornet");
}
