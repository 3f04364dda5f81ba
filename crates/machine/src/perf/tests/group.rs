//! Switching events and groups on and off.

use skep_abi::{Cpu, Errno};

use super::{PerfEventAttr, Rate, Target, clock, fire, machine, returns, runs};
use crate::File;
use crate::perf::{Fired, Inert, State};

#[test]
fn the_program_stays_while_an_event_is_off() {
    let machine = machine();
    let attr = PerfEventAttr { disabled: true, ..PerfEventAttr::cpu_clock(Rate::Period(1)) };
    let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
    let prog = returns(&machine, 1);
    event.set_bpf(&File::from(&prog)).unwrap();
    assert_eq!((event.state(), fire(&machine, &event)), (State::Off, Fired::Inert(Inert::Off)));
    event.enable();
    assert_eq!((event.state(), fire(&machine, &event)), (State::Active, Fired::Delivered));
    event.disable();
    event.disable();
    assert_eq!(fire(&machine, &event), Fired::Inert(Inert::Off));
    event.enable();
    assert_eq!(
        (fire(&machine, &event), runs(&prog), event.value().counter),
        (Fired::Delivered, 2, 2)
    );
}

#[test]
fn a_leader_that_is_off_silences_its_siblings() {
    let machine = machine();
    let leader = clock(&machine);
    let attr = PerfEventAttr::page_faults(Rate::Period(1));
    let group = File::from(&leader);
    let sibling =
        machine.perf_event_open_in(&attr, Target::AnyTask, Some(Cpu(1)), Some(&group)).unwrap();
    drop(group);
    assert_eq!(fire(&machine, &sibling), Fired::Delivered);
    leader.disable();
    assert_eq!(
        (sibling.state(), fire(&machine, &sibling)),
        (State::Inactive, Fired::Inert(Inert::LeaderOff))
    );
    sibling.disable();
    leader.enable();
    assert_eq!(sibling.state(), State::Off, "the leader does not switch the others on");
    leader.disable();
    sibling.enable_group();
    assert_eq!((leader.state(), sibling.state()), (State::Active, State::Active));
    leader.disable_group();
    assert_eq!((leader.state(), sibling.state()), (State::Off, State::Off));
    sibling.enable();
    assert_eq!(sibling.state(), State::Inactive);
    drop(leader);
    assert_eq!(sibling.state(), State::Active, "siblings of a closed leader lead themselves");
}

#[test]
fn a_refreshed_event_goes_off_after_the_last_delivered_sample() {
    let machine = machine();
    for (r0, expected) in [(1, 3), (0, 50)] {
        let attr = PerfEventAttr { disabled: true, ..PerfEventAttr::cpu_clock(Rate::Period(1)) };
        let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
        let prog = returns(&machine, r0);
        event.set_bpf(&File::from(&prog)).unwrap();
        event.refresh(3).unwrap();
        for _ in 0..50 {
            fire(&machine, &event);
        }
        assert_eq!((runs(&prog), event.state() == State::Off), (expected, r0 != 0));
    }
    let inherits = PerfEventAttr { inherit: true, ..PerfEventAttr::cpu_clock(Rate::Period(1)) };
    let counts = PerfEventAttr::cpu_clock(Rate::Period(0));
    for attr in [inherits, counts] {
        let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
        assert_eq!(event.refresh(1), Err(Errno::EINVAL));
    }
}

#[test]
fn periods_change_within_what_could_be_opened() {
    let machine = machine();
    let event = clock(&machine);
    assert_eq!(
        (event.set_period(0), event.set_period(1 << 63)),
        (Err(Errno::EINVAL), Err(Errno::EINVAL))
    );
    assert_eq!((event.set_period(5), event.rate()), (Ok(()), Rate::Period(5)));
    fire(&machine, &event);
    assert_eq!(event.value().counter, 5, "a sample without a period is of the event's own");
    event.reset();
    assert_eq!(event.value().counter, 0);
    let attr = PerfEventAttr::cpu_clock(Rate::Frequency(99));
    let paced = machine.perf_event_open(&attr, Target::AnyTask, Cpu(0)).unwrap();
    assert_eq!(
        (paced.set_period(100_001), paced.set_period(100_000)),
        (Err(Errno::EINVAL), Ok(()))
    );
    let attr = PerfEventAttr::cpu_clock(Rate::Period(0));
    let counts = machine.perf_event_open(&attr, Target::AnyTask, Cpu(0)).unwrap();
    assert_eq!(counts.set_period(1), Err(Errno::EINVAL));
}
