//! Perf events.

use skep_abi::{CounterValue, Cpu, MapType, Pid, ProgType};
use skep_machine::map::PerfSlot;
use skep_machine::{MapDef, NewTask, Output, PerfEventAttr};

use crate::bench::{Bench, PID, TID};

const ENOENT: u64 = -2i64 as u64;
const E2BIG: u64 = -7i64 as u64;
const EINVAL: u64 = -22i64 as u64;
const EOPNOTSUPP: u64 = -95i64 as u64;

#[test]
pub(super) fn a_record_goes_to_the_slot_of_the_current_cpu() {
    let bench = Bench::new();
    let map = bench.map(MapDef::new("events", MapType::PerfEventArray, 4, 4, 4));
    let (id, addr, slots) = (map.id(), map.addr().0, map.perf_event_array().unwrap());
    let slot = |cpu: u32, is_output| PerfSlot { cpu: Cpu(cpu), is_output, value: None };
    slots.set(0, slot(0, true)).unwrap();
    slots.set(1, slot(1, true)).unwrap();
    slots.set(2, slot(1, false)).unwrap();
    bench.write(0, b"record");
    let output = |flags: u64| {
        bench.call("bpf_perf_event_output", [bench.at(0), addr, flags, bench.at(0), 6])
    };
    assert_eq!(output(0xffff_ffff), 0, "BPF_F_CURRENT_CPU");
    assert_eq!(output(1), 0);
    assert_eq!(output(0), EOPNOTSUPP, "an event of another CPU");
    assert_eq!(output(2), EINVAL, "it takes no records");
    assert_eq!(output(3), ENOENT);
    assert_eq!(output(4), E2BIG);
    assert_eq!(output(1 << 32 | 4), EINVAL, "flags are looked at first");
    let record = Output::PerfEvent {
        map: id,
        cpu: bench.cpu,
        time: 10_000_000_123,
        data: b"record".to_vec(),
    };
    assert_eq!(bench.machine.outputs().take(), [record.clone(), record]);
}

#[test]
fn records_come_from_memory_and_go_to_an_event_array() {
    let bench = Bench::new();
    let map = bench.map(MapDef::new("events", MapType::PerfEventArray, 4, 4, 4)).addr().0;
    let text = bench.fault("bpf_perf_event_output", [bench.at(0), map, 0, 0, 8]);
    assert!(text.contains("null pointer"), "{text}");
    let huge = [bench.at(0), map, 0, bench.at(0), u64::MAX];
    bench.fault("bpf_perf_event_output", huge);
    let other = bench.map(MapDef::new("counts", MapType::Hash, 4, 4, 4)).addr().0;
    assert_eq!(
        bench.fault("bpf_perf_event_output", [bench.at(0), other, 0, bench.at(0), 8]),
        "bpf_perf_event_output: cannot take map `counts`, which is of type hash"
    );
}

#[test]
pub(super) fn the_value_of_the_event_is_read() {
    let mut bench = Bench::new();
    let read = |bench: &Bench, size: u64| {
        bench.write(0, &[0xaa; 40]);
        let r0 = bench.call("bpf_perf_prog_read_value", [bench.at(0), bench.at(0), size]);
        assert_eq!(bench.read(size, 8), [0xaa; 8]);
        (r0, bench.read(0, size))
    };
    assert_eq!(read(&bench, 24), (EINVAL, vec![0; 24]), "nothing is known of the event");
    bench.open(&PerfEventAttr::default());
    assert_eq!(read(&bench, 24), (0, vec![0; 24]), "the machine's own event has counted nothing");
    let value = CounterValue { counter: 1, enabled: 2, running: 3 };
    bench.sample.as_mut().unwrap().value = Some(value);
    assert_eq!(read(&bench, 24), (0, [1u64, 2, 3].map(u64::to_le_bytes).concat()));
    assert_eq!(read(&bench, 23), (EINVAL, vec![0; 23]));
    assert_eq!(read(&bench, 32), (EINVAL, vec![0; 32]));
    let attr = PerfEventAttr { inherit: true, ..PerfEventAttr::default() };
    bench.open(&attr);
    assert_eq!(read(&bench, 24), (EOPNOTSUPP, vec![0; 24]));
    assert_eq!(read(&bench, 16), (EINVAL, vec![0; 16]), "the size is looked at first");
}

#[test]
pub(super) fn the_cookie_is_the_links() {
    let mut bench = Bench::new();
    assert_eq!(bench.call("bpf_get_attach_cookie", [bench.at(0)]), 0);
    bench.cookie = u64::MAX;
    let attr = PerfEventAttr { inherit: true, ..PerfEventAttr::default() };
    let event = bench.open(&attr);
    assert_eq!(bench.call("bpf_get_attach_cookie", [bench.at(0)]), u64::MAX);
    let child = NewTask { tid: Pid(302), ..NewTask::fork(TID, PID) };
    bench.machine.new_task(&child, &bench.user);
    bench.event = event.child(Pid(302));
    assert_eq!(bench.call("bpf_get_attach_cookie", [bench.at(0)]), 0, "a child's copy");
}

#[test]
pub(super) fn there_is_no_traced_function() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.fault("bpf_get_func_ip", [bench.at(0)]),
        "bpf_get_func_ip: func bpf_get_func_ip#173 not supported for program type 7"
    );
    bench.prog_type = ProgType::Kprobe;
    assert_eq!(
        bench.fault("bpf_get_func_ip", [bench.at(0)]),
        "bpf_get_func_ip: no function is traced here"
    );
}
