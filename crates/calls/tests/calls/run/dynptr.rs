//! Dynptrs.

use skep_abi::{Addr, MapType};
use skep_machine::MapDef;

use crate::bench::Bench;

const E2BIG: u64 = -7i64 as u64;
const EINVAL: u64 = -22i64 as u64;

/// Where the dynptr lies in scratch memory, and where its bytes do.
const PTR: u64 = 0;
const DATA: u64 = 64;

fn make(bench: &Bench, size: u64, flags: u64) -> u64 {
    bench.call("bpf_dynptr_from_mem", [bench.at(DATA), size, flags, bench.at(PTR)])
}

fn data(bench: &Bench, offset: u64, len: u64) -> u64 {
    bench.call("bpf_dynptr_data", [bench.at(PTR), offset, len])
}

#[test]
pub(super) fn memory_is_read_and_written_within_its_bounds() {
    let bench = Bench::new();
    let (ptr, buf) = (bench.at(PTR), bench.at(32));
    assert_eq!((make(&bench, 16, 1), make(&bench, 1 << 24, 0)), (EINVAL, E2BIG));
    let read = |offset, len, flags| bench.call("bpf_dynptr_read", [buf, len, ptr, offset, flags]);
    let write = |offset, len, flags| bench.call("bpf_dynptr_write", [ptr, offset, buf, len, flags]);
    assert_eq!((read(0, 1, 0), write(0, 1, 0), data(&bench, 0, 1)), (EINVAL, EINVAL, 0), "null");
    assert_eq!(make(&bench, 16, 0), 0);
    bench.write(DATA, b"0123456789abcdef");
    assert_eq!(read(10, 4, 0), 0);
    assert_eq!(bench.read(32, 4), *b"abcd");
    assert_eq!((read(16, 0, 0), read(13, 4, 0), read(17, 0, 0)), (0, E2BIG, E2BIG));
    assert_eq!(read(0, 4, 1), EINVAL);
    bench.write(32, b"xyz");
    assert_eq!((write(1, 3, 0), write(14, 3, 0), write(0, 3, 1)), (0, E2BIG, EINVAL));
    assert_eq!(bench.read(DATA, 5), *b"0xyz4");
    assert_eq!(data(&bench, 4, 12), bench.at(DATA + 4));
    assert_eq!((data(&bench, 4, 13), data(&bench, 17, 0)), (0, 0));
}

#[test]
pub(super) fn records_behind_dynptrs_are_submitted_or_discarded() {
    let bench = Bench::new();
    let ring = bench.map(MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096)).addr().0;
    let ptr = bench.at(PTR);
    let reserve =
        |size: u64, flags: u64| bench.call("bpf_ringbuf_reserve_dynptr", [ring, size, flags, ptr]);
    assert_eq!((reserve(8, 1), reserve(5000, 0), reserve(1 << 24, 0)), (EINVAL, EINVAL, E2BIG));
    // Whatever came of it, the dynptr is given up.
    assert_eq!(bench.call("bpf_ringbuf_submit_dynptr", [ptr, 0]), 0);
    assert_eq!(reserve(8, 0), 0);
    bench.write(32, b"the text");
    assert_eq!(bench.call("bpf_dynptr_write", [ptr, 0, bench.at(32), 8, 0]), 0);
    assert_eq!(bench.call("bpf_ringbuf_submit_dynptr", [ptr, 0]), 0);
    assert_eq!(data(&bench, 0, 1), 0, "nothing is behind it any more");
    assert_eq!(reserve(4, 0), 0);
    assert_eq!(bench.call("bpf_ringbuf_discard_dynptr", [ptr, 0]), 0);
    let map = bench.machine.map_at(Addr(ring)).unwrap();
    assert_eq!(map.ringbuf().unwrap().consume(), [b"the text".to_vec()]);
}
