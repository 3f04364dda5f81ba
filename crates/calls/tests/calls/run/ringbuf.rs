//! Ring buffers.

use skep_abi::{Addr, MapType};
use skep_machine::MapDef;

use crate::bench::Bench;

const EAGAIN: u64 = -11i64 as u64;
const EINVAL: u64 = -22i64 as u64;

/// A bench with a ring of a page; the ring's address.
fn ring() -> (Bench, u64) {
    let bench = Bench::new();
    let addr = bench.map(MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096)).addr().0;
    (bench, addr)
}

/// The records that user space finds.
fn records(bench: &Bench, ring: u64) -> Vec<Vec<u8>> {
    bench.machine.map_at(Addr(ring)).unwrap().ringbuf().unwrap().consume()
}

#[test]
pub(super) fn records_are_copied_into_the_ring() {
    let (bench, ring) = ring();
    bench.write(0, b"record!");
    assert_eq!(bench.call("bpf_ringbuf_output", [ring, bench.at(0), 7, 0]), 0);
    assert_eq!(bench.call("bpf_ringbuf_output", [ring, bench.at(0), 6, 2]), 0);
    assert_eq!(bench.call("bpf_ringbuf_output", [ring, bench.at(0), 6, 4]), EINVAL);
    assert_eq!(bench.call("bpf_ringbuf_query", [ring, 1]), 4096, "size");
    assert_eq!(bench.call("bpf_ringbuf_query", [ring, 3]), 32, "producer: two records and headers");
    assert_eq!(bench.call("bpf_ringbuf_query", [ring, 0]), 32, "waiting");
    assert_eq!(bench.call("bpf_ringbuf_query", [ring, 99]), 0);
    assert_eq!(records(&bench, ring), [b"record!".to_vec(), b"record".to_vec()]);
    assert_eq!(bench.call("bpf_ringbuf_query", [ring, 0]), 0);
    assert_eq!(bench.call("bpf_ringbuf_query", [ring, 2]), 32, "consumer");
}

#[test]
pub(super) fn reserved_records_are_submitted_or_discarded() {
    let (bench, ring) = ring();
    let reserve = |size: u64, flags: u64| bench.call("bpf_ringbuf_reserve", [ring, size, flags]);
    assert_eq!(reserve(8, 1), 0, "flags");
    assert_eq!(reserve(5000, 0), 0, "larger than the ring");
    let (first, second) = (reserve(8, 0), reserve(8, 0));
    assert!(first != 0 && second == first + 16);
    bench.machine.memory().write(Addr(first), b"gone....").unwrap();
    bench.machine.memory().write(Addr(second), b"the text").unwrap();
    assert_eq!(bench.call("bpf_ringbuf_discard", [first, 0]), 0);
    assert_eq!(bench.call("bpf_ringbuf_submit", [second, 0]), 0);
    assert_eq!(records(&bench, ring), [b"the text".to_vec()]);
}

#[test]
fn a_full_ring_refuses() {
    let (bench, ring) = ring();
    let record = bench.call("bpf_ringbuf_reserve", [ring, 4000, 0]);
    assert_ne!(record, 0);
    assert_eq!(bench.call("bpf_ringbuf_output", [ring, bench.at(0), 100, 0]), EAGAIN);
    assert_eq!(bench.call("bpf_ringbuf_reserve", [ring, 100, 0]), 0);
}

#[test]
fn only_records_can_be_given_up_and_only_once() {
    let (bench, ring) = ring();
    assert!(bench.fault("bpf_ringbuf_submit", [bench.at(0), 0]).contains("ring buffer record"));
    assert!(bench.fault("bpf_ringbuf_submit", [0, 0]).contains("ring buffer record"));
    let record = bench.call("bpf_ringbuf_reserve", [ring, 16, 0]);
    bench.fault("bpf_ringbuf_submit", [record + 8, 0]);
    assert_eq!(bench.call("bpf_ringbuf_submit", [record, 0]), 0);
    bench.fault("bpf_ringbuf_submit", [record, 0]);
    let other = bench.map(MapDef::new("array", MapType::Array, 4, 8, 1)).addr().0;
    assert_eq!(
        bench.fault("bpf_ringbuf_query", [other, 0]),
        "bpf_ringbuf_query: cannot take map `array`, which is of type array"
    );
}
