//! What attaching refuses, and in which order.

use skep_abi::{Cpu, Errno, MapId, Pid, ProgType};

use super::{PerfEventAttr, Rate, Target, clock, fire, link, load_as, machine, returns, runs};
use crate::link::LinkPlace;
use crate::perf::{Fired, SampleType};
use crate::{File, LinkCreate, ProgSpec};

#[test]
fn an_event_takes_one_program_of_its_type() {
    let machine = machine();
    let event = clock(&machine);
    let tracepoint = load_as(&machine, ProgSpec::new("t", ProgType::Tracepoint), |_| 1);
    let prog = returns(&machine, 1);
    assert_eq!(event.set_bpf(&File::Closed), Err(Errno::EBADF));
    assert_eq!(event.set_bpf(&File::Map(MapId(0))), Err(Errno::EINVAL));
    assert_eq!(event.set_bpf(&File::from(&tracepoint)), Err(Errno::EINVAL));
    assert_eq!(event.set_bpf(&File::from(&prog)), Ok(()));
    assert_eq!(event.set_bpf(&File::from(&prog)), Err(Errno::EEXIST));
    assert_eq!(event.set_bpf(&File::from(&tracepoint)), Err(Errno::EEXIST), "the type comes after");
    assert_eq!(link(&machine, &prog, &event, 0).err(), Some(Errno::EEXIST));
    assert_eq!((fire(&machine, &event), runs(&prog)), (Fired::Delivered, 1));
}

#[test]
fn programs_that_walk_stacks_need_whole_callchains_of_precise_events() {
    let machine = machine();
    let mut spec = ProgSpec::new("walks", ProgType::PerfEvent);
    spec.calls_stack_walk = true;
    let walks = load_as(&machine, spec, |_| 1);
    let plain = returns(&machine, 1);
    let mut attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    attr.precise_ip = 1;
    let open = |attr: &PerfEventAttr| machine.perf_event_open(attr, Target::AnyTask, Cpu(0));
    let event = open(&attr).unwrap();
    assert_eq!(event.set_bpf(&File::from(&walks)), Err(Errno::EPROTO));
    assert_eq!(event.set_bpf(&File::from(&plain)), Ok(()));
    assert_eq!(event.set_bpf(&File::from(&walks)), Err(Errno::EEXIST), "the rule comes last");
    attr.sample_type = SampleType::CALLCHAIN;
    assert_eq!(open(&attr).unwrap().set_bpf(&File::from(&walks)), Ok(()));
}

#[test]
fn a_link_is_refused_in_the_kernels_order() {
    let machine = machine();
    let event = clock(&machine);
    let prog = returns(&machine, 1);
    let right = LinkCreate::perf_event(File::from(&prog), File::from(&event), 7);
    let errno = |change: &dyn Fn(&mut LinkCreate)| {
        let mut create = right.clone();
        change(&mut create);
        machine.link_create(&create).err()
    };
    let closed = |create: &mut LinkCreate| create.prog = File::Closed;
    assert_eq!(errno(&closed), Some(Errno::EBADF));
    assert_eq!(errno(&|create| create.prog = File::from(&event)), Some(Errno::EINVAL));
    assert_eq!(errno(&|create| create.attach_type = 0), Some(Errno::EINVAL));
    let both = |create: &mut LinkCreate| (create.flags, create.target) = (1, File::Closed);
    assert_eq!(errno(&both), Some(Errno::EINVAL), "flags come before the target");
    assert_eq!(errno(&|create| create.target = File::from(&prog)), Some(Errno::EBADF));
    let link = machine.link_create(&right).unwrap();
    assert_eq!(errno(&|_| {}), Some(Errno::EEXIST));
    assert_eq!(event.set_bpf(&File::from(&prog)), Err(Errno::EEXIST));
    assert_eq!(
        (link.update(&File::from(&prog)), link.detach()),
        (Err(Errno::EINVAL), Err(Errno::EOPNOTSUPP))
    );
    assert_eq!(link.update(&File::Closed), Err(Errno::EBADF));
    let place = link.info().at;
    let (event, event_type, config, cookie) = (event.id(), 6, 0, 7);
    assert_eq!(place, LinkPlace::Event { event, event_type, config, cookie });
}

#[test]
fn programs_see_the_cookie_of_the_link_and_no_other() {
    let machine = machine();
    let (by_link, by_ioctl) = (clock(&machine), clock(&machine));
    let prog = load_as(&machine, ProgSpec::new("c", ProgType::PerfEvent), |run| run.cookie);
    let kept = link(&machine, &prog, &by_link, 1 << 32).unwrap();
    by_ioctl.set_bpf(&File::from(&prog)).unwrap();
    assert_eq!(fire(&machine, &by_link), Fired::Discarded, "the low half of the cookie is 0");
    assert_eq!(fire(&machine, &by_ioctl), Fired::Discarded);
    drop(kept);
    let kept = link(&machine, &prog, &by_link, 5).unwrap();
    assert_eq!(fire(&machine, &by_link), Fired::Delivered);
    assert_eq!(kept.event().map(|event| event.id()), Some(by_link.id()));
}

#[test]
fn tracing_events_refuse_perf_event_programs() {
    let machine = machine();
    machine.define_tracepoint(300, "sched:sched_switch", 64).unwrap();
    let prog = returns(&machine, 1);
    let probe = PerfEventAttr {
        probe: Some("do_exit".into()),
        ..PerfEventAttr::new(8, 0, Rate::Period(1))
    };
    for attr in [PerfEventAttr::tracepoint(300), probe] {
        let event = machine.perf_event_open(&attr, Target::Task(Pid(10)), None).unwrap();
        assert_eq!(event.set_bpf(&File::from(&prog)), Err(Errno::EINVAL));
        assert_eq!(link(&machine, &prog, &event, 0).err(), Some(Errno::EINVAL));
        let own = load_as(&machine, ProgSpec::new("own", event.pmu().takes()), |_| 1);
        assert_eq!(event.set_bpf(&File::from(&own)), Ok(()));
        assert_eq!(
            event.set_bpf(&File::from(&prog)),
            Err(Errno::EINVAL),
            "the type comes first here"
        );
    }
}
