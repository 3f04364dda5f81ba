//! Ring buffers and perf buffers.

use std::time::Duration;

use skep_abi::{MapType, ProgType};
use skep_host::{Output, PerfBuffer, PerfEvent, PerfRing, RingBuffer, Target, TestRun};

use crate::ask::{busy_until, cpu_clock, load, map, may_ask};

/// Writes two records and discards a third: 8 bytes of 1, 4 bytes.
const WRITES: &str = "
    *(u64 *)(r10 -8) = 1
    r1 = map[idx:0]
    r2 = r10
    r2 += -8
    r3 = 8
    r4 = 0
    call unknown#130
    r1 = map[idx:0]
    r2 = 16
    r3 = 0
    call unknown#131
    if r0 == 0 goto pc+3
    r1 = r0
    r2 = 0
    call unknown#133
    r1 = map[idx:0]
    r2 = r10
    r2 += -8
    r3 = 4
    r4 = 0
    call unknown#130
    r0 = 0
    exit";

#[test]
fn records_of_a_ring_buffer_are_read_in_order_and_make_room() {
    if !may_ask() {
        return;
    }
    let ring = map(MapType::Ringbuf, 0, 0, 4096);
    let program = load(ProgType::SocketFilter, WRITES, &[&ring]).unwrap();
    let mut reader = RingBuffer::new(&ring).unwrap();
    assert!(!reader.wait(Duration::ZERO).unwrap());
    // Far more than the ring holds at once, so that it wraps round many times.
    for round in 0..1000 {
        program.test_run(&TestRun { data: &[0; 64], ..TestRun::default() }).unwrap();
        assert!(reader.wait(Duration::from_secs(5)).unwrap());
        let mut records = Vec::new();
        assert_eq!(reader.drain(|record| records.push(record.to_vec())), 2);
        assert_eq!(records, [vec![1, 0, 0, 0, 0, 0, 0, 0], vec![1, 0, 0, 0]], "round {round}");
    }
    assert_eq!(reader.drain(|_| ()), 0);
    let other = map(MapType::Hash, 4, 4, 1);
    assert!(RingBuffer::new(&other).is_err());
}

/// Sends 20 bytes of its stack to the CPU's event.
const SENDS: &str = "
    *(u64 *)(r10 -24) = 1
    *(u64 *)(r10 -16) = 2
    *(u64 *)(r10 -8) = 3
    r2 = map[idx:0]
    r3 = 0xffffffff
    r4 = r10
    r4 += -24
    r5 = 20
    call unknown#25
    r0 = 0
    exit";

#[test]
fn what_a_program_sends_arrives_in_the_perf_buffer_of_its_cpu() {
    if !may_ask() {
        return;
    }
    let map = map(MapType::PerfEventArray, 4, 4, skep_host::possible_cpus());
    let mut buffer = PerfBuffer::new(&map, 8).unwrap();
    let program = load(ProgType::PerfEvent, SENDS, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    event.set_bpf(&program).unwrap();
    event.enable().unwrap();
    assert!(busy_until(|| buffer.wait(Duration::ZERO).unwrap()), "no sample");
    event.disable().unwrap();
    let mut samples = 0;
    buffer.drain(|cpu, output| match output {
        Output::Sample(data) => {
            assert_eq!(
                data[..20],
                [[1, 0, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0]]
                    .concat()
                    .into_iter()
                    .chain([3, 0, 0, 0])
                    .collect::<Vec<u8>>()
            );
            assert!(cpu < skep_host::possible_cpus());
            samples += 1;
        }
        Output::Lost(lost) => panic!("{lost} lost in an empty ring"),
    });
    assert!(samples > 0);
}

#[test]
fn a_perf_buffer_that_nobody_reads_tells_what_was_lost() {
    if !may_ask() {
        return;
    }
    let map = map(MapType::PerfEventArray, 4, 4, skep_host::possible_cpus());
    let mut buffer = PerfBuffer::new(&map, 1).unwrap();
    // 300 times what the other test sends once: more than a page.
    let text = format!(
        "
        r6 = r1
        r7 = 300
        again:
        r1 = r6
        {}
        r7 -= 1
        if r7 != 0 goto again
        r0 = 0
        exit",
        SENDS.replace("r0 = 0", "").replace("exit", "")
    );
    let program = load(ProgType::PerfEvent, &text, &[&map]).unwrap();
    let event = PerfEvent::open(&cpu_clock(), Target::ThisThread, None).unwrap();
    event.set_bpf(&program).unwrap();
    event.enable().unwrap();
    assert!(busy_until(|| buffer.wait(Duration::ZERO).unwrap()), "no sample");
    event.disable().unwrap();
    // The kernel tells of the loss with the next record of the same CPU that fits; the thread may have moved since.
    let (mut samples, mut lost) = (0, 0);
    let mut read_until_told = || {
        buffer.drain(|_, output| match output {
            Output::Sample(_) => samples += 1,
            Output::Lost(count) => lost += count,
        });
        lost > 0
    };
    assert!(!read_until_told(), "told before a record followed");
    event.enable().unwrap();
    let told = busy_until(read_until_told);
    event.disable().unwrap();
    assert!(told && samples > 0, "{samples} samples, {lost} lost");
}

#[test]
fn an_events_own_ring_holds_its_samples() {
    if !may_ask() {
        return;
    }
    const IP_TID: u64 = 3;
    const SAMPLE: u32 = 9;
    let attr = skep_host::PerfEventAttr { sample_type: IP_TID, ..cpu_clock() };
    let event = PerfEvent::open(&attr, Target::ThisThread, None).unwrap();
    assert!(PerfRing::new(&event, 3).is_err(), "pages are a power of two");
    let mut ring = PerfRing::new(&event, 4).unwrap();
    event.enable().unwrap();
    assert!(busy_until(|| event.read().unwrap()[0].value > 20_000_000));
    event.disable().unwrap();
    let mut records = Vec::new();
    assert!(ring.drain(|record| records.push(record)) > 0);
    let samples: Vec<_> = records.iter().filter(|record| record.kind == SAMPLE).collect();
    assert!(!samples.is_empty());
    for sample in samples {
        assert_eq!(sample.body.len(), 16);
        let pid = u32::from_ne_bytes(sample.body[8..12].try_into().unwrap());
        assert_eq!(pid, std::process::id());
    }
}
