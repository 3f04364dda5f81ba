//! What becomes of overflows.

use skep_abi::{Cpu, Pid, ProgType, Sample};

use super::{
    Overflow, PerfEventAttr, Rate, Target, clock, fire, fire_as, load_as, machine, returns, runs,
    sample,
};
use crate::NoUserMemory;
use crate::perf::{Fired, Inert, RingError, SampleType};
use crate::{File, Machine, PerfEvent, ProgSpec};

#[test]
fn the_low_half_of_the_result_decides() {
    let machine = machine();
    for (r0, fired) in [
        (0, Fired::Discarded),
        (1, Fired::Delivered),
        (u64::MAX, Fired::Delivered),
        (1 << 32, Fired::Discarded),
    ] {
        let event = clock(&machine);
        event.set_bpf(&File::from(&returns(&machine, r0))).unwrap();
        let all: Vec<Fired> = (0..21).map(|_| fire(&machine, &event)).collect();
        assert_eq!(all, [fired; 21]);
        let counts = event.counts();
        let expected = if fired == Fired::Delivered { (21, 0) } else { (0, 21) };
        assert_eq!((counts.delivered, counts.discarded), expected);
        assert_eq!(event.value().counter, 2100, "the counter goes on either way");
    }
}

#[test]
fn counting_events_take_a_program_and_never_run_it() {
    let machine = machine();
    let attr = PerfEventAttr::page_faults(Rate::Period(0));
    let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
    let prog = returns(&machine, 1);
    event.set_bpf(&File::from(&prog)).unwrap();
    let faults = Sample { period: 3, ..sample(10, 1, 0) };
    assert_eq!(fire_as(&machine, &event, &faults), Fired::Counted);
    assert_eq!((runs(&prog), event.value().counter), (0, 3));
}

#[test]
fn a_busy_cpu_drops_the_sample_and_the_counter_goes_on() {
    let machine = machine();
    let event = clock(&machine);
    let prog = returns(&machine, 1);
    event.set_bpf(&File::from(&prog)).unwrap();
    let busy = machine.cpu(Cpu(1)).unwrap().enter();
    assert_eq!(fire(&machine, &event), Fired::Busy);
    drop(busy);
    assert_eq!(fire(&machine, &event), Fired::Delivered);
    let now = prog.counters().now();
    assert_eq!((now.runs, now.dropped, event.counts().busy), (1, 1, 1));
    assert_eq!(event.value().counter, 200);
}

#[test]
fn an_event_counts_its_cpu_and_its_modes_only() {
    let machine = machine();
    let event = clock(&machine);
    let inert = |event: &PerfEvent, sample: &Sample| match fire_as(&machine, event, sample) {
        Fired::Inert(why) => Some(why),
        _ => None,
    };
    assert_eq!(inert(&event, &sample(10, 0, 0)), Some(Inert::OtherCpu));
    let mut attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    let task = Target::Task(Pid(10));
    let anywhere = machine.perf_event_open(&attr, task, None).unwrap();
    assert_eq!(inert(&anywhere, &sample(10, 3, 0)), None);
    assert_eq!(inert(&anywhere, &sample(10, 4, 0)), Some(Inert::NoCpu));
    assert_eq!(inert(&anywhere, &sample(11, 3, 0)), Some(Inert::OtherTask));
    attr.exclude_user = true;
    let kernel_only = machine.perf_event_open(&attr, task, None).unwrap();
    assert_eq!(inert(&kernel_only, &sample(10, 0, 0)), Some(Inert::Excluded));
    let in_kernel = Sample { kernel_stack: vec![1 << 63], ..sample(10, 0, 0) };
    assert_eq!(inert(&kernel_only, &in_kernel), None);
    let (exclude_user, exclude_idle) = (false, true);
    let attr = PerfEventAttr { exclude_user, exclude_idle, ..attr };
    let busy_only = machine.perf_event_open(&attr, Target::AnyTask, Cpu(0)).unwrap();
    assert_eq!(inert(&busy_only, &sample(0, 0, 0)), Some(Inert::Excluded));
}

fn throttled(machine: &Machine, event: &PerfEvent, time: u64) -> Fired {
    let sample = sample(10, 1, time);
    let overflow = Overflow { sample: &sample, cpu: Cpu(1), user: &NoUserMemory, throttle: true };
    machine.overflow(event, overflow)
}

#[test]
fn too_many_samples_in_a_tick_silence_the_group_until_the_next() {
    // 4 ms a tick at 250 Hz: 1,000 samples a second are 4 in a tick.
    let machine = Machine::builder().cpus(2).max_sample_rate(1000).build().unwrap();
    let event = clock(&machine);
    let sibling = machine
        .perf_event_open_in(event.attr(), Target::AnyTask, Some(Cpu(1)), Some(&File::from(&event)))
        .unwrap();
    let prog = returns(&machine, 1);
    event.set_bpf(&File::from(&prog)).unwrap();
    event.map_ring(1).unwrap();
    let first: Vec<bool> =
        (0..6).map(|at| throttled(&machine, &event, at) == Fired::Delivered).collect();
    assert_eq!(first, [true, true, true, true, false, false]);
    assert_eq!(throttled(&machine, &sibling, 6), Fired::Inert(Inert::Throttled));
    assert_eq!(throttled(&machine, &event, 4_000_000), Fired::Delivered);
    assert_eq!((runs(&prog), event.counts().throttled), (5, 1));
    let records = event.ring().unwrap().take();
    assert_eq!(
        kinds(&records),
        [9, 9, 9, 5, 9, 6, 9],
        "the limit is logged before the last sample"
    );
}

/// Types of records.
fn kinds(mut bytes: &[u8]) -> Vec<u32> {
    let mut kinds = Vec::new();
    while let Some((head, _)) = bytes.split_first_chunk::<8>() {
        kinds.push(u32::from_le_bytes(head[..4].try_into().unwrap()));
        bytes = &bytes[usize::from(u16::from_le_bytes([head[6], head[7]]))..];
    }
    kinds
}

#[test]
fn records_that_find_no_room_are_counted_in_the_next_that_does() {
    let machine = machine();
    let mut attr = PerfEventAttr::cpu_clock(Rate::Period(1));
    attr.sample_type = SampleType::RAW;
    let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
    let ring = event.map_ring(1).unwrap();
    let big = Sample { raw: vec![7; 1990], ..sample(10, 1, 0) };
    for _ in 0..5 {
        assert_eq!(fire_as(&machine, &event, &big), Fired::Delivered);
    }
    assert_eq!(kinds(&ring.take()), [9, 9]);
    fire(&machine, &event);
    assert_eq!(kinds(&ring.take()), [2, 9]);
    assert_eq!(event.counts().wakeups, 1, "half of the ring was full once");
}

#[test]
fn wakeups_count_delivered_samples() {
    let machine = machine();
    let attr = PerfEventAttr { wakeup: 3, ..PerfEventAttr::cpu_clock(Rate::Period(1)) };
    let open = || machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
    for (r0, wakeups) in [(1, 3), (0, 0)] {
        let event = open();
        event.map_ring(1).unwrap();
        event.set_bpf(&File::from(&returns(&machine, r0))).unwrap();
        for _ in 0..10 {
            fire(&machine, &event);
        }
        assert_eq!(event.counts().wakeups, wakeups);
    }
    assert!(matches!(open().map_ring(3), Err(RingError::Refused(_))));
    let mut attr = attr.clone();
    attr.sample_type = SampleType::REGS_INTR;
    let event = machine.perf_event_open(&attr, Target::AnyTask, Cpu(1)).unwrap();
    let why = event.map_ring(1).unwrap_err().to_string();
    assert!(why.contains("REGS_INTR"), "{why}");
}

#[test]
fn signals_are_sent_for_delivered_samples() {
    let machine = machine();
    let attr = PerfEventAttr {
        sigtrap: true,
        remove_on_exec: true,
        ..PerfEventAttr::cpu_clock(Rate::Period(1))
    };
    let event = machine.perf_event_open(&attr, Target::Task(Pid(10)), None).unwrap();
    let prog = load_as(&machine, ProgSpec::new("odd", ProgType::PerfEvent), |run| {
        run.sample.map_or(0, |sample| sample.time & 1)
    });
    event.set_bpf(&File::from(&prog)).unwrap();
    for time in 0..10 {
        fire_as(&machine, &event, &sample(10, 0, time));
    }
    assert_eq!((event.counts().sigtraps, event.counts().discarded), (5, 5));
}

#[test]
fn times_run_from_sample_to_sample_while_the_event_is_on() {
    let machine = machine();
    let event = clock(&machine);
    for time in [1000, 1500, 1700] {
        fire_as(&machine, &event, &sample(10, 1, time));
    }
    event.disable();
    event.enable();
    for time in [9000, 9100] {
        fire_as(&machine, &event, &sample(10, 1, time));
    }
    let value = event.own_value();
    assert_eq!((value.counter, value.enabled, value.running), (500, 800, 800));
}
