//! Dynptrs.

use skep_abi::{Addr, KernelVersion, MapType, ProgType};
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

const ERANGE: u64 = -34i64 as u64;

#[test]
pub(super) fn bounds_are_moved_and_told() {
    let bench = Bench::with(|builder| builder.version(KernelVersion::new(6, 19)));
    let (ptr, other) = (bench.at(PTR), bench.at(16));
    let ask = |name: &str| bench.call(name, [ptr]);
    assert_ne!(make(&bench, 16, 1), 0);
    assert_eq!((ask("bpf_dynptr_is_null"), ask("bpf_dynptr_is_rdonly")), (1, 0));
    assert_eq!(
        (ask("bpf_dynptr_size"), bench.call("bpf_dynptr_clone", [ptr, other])),
        (EINVAL, EINVAL)
    );
    assert_eq!(bench.call("bpf_dynptr_adjust", [ptr, 0, 0]), EINVAL);
    assert_eq!(make(&bench, 16, 0), 0);
    bench.write(DATA, b"0123456789abcdef");
    let adjust = |start, end| bench.call("bpf_dynptr_adjust", [ptr, start, end]);
    assert_eq!((adjust(3, 2), adjust(0, 17), adjust(17, 17)), (EINVAL, ERANGE, ERANGE));
    assert_eq!((adjust(2, 12), ask("bpf_dynptr_size"), adjust(1, 9)), (0, 10, 0));
    assert_eq!((ask("bpf_dynptr_is_null"), ask("bpf_dynptr_is_rdonly")), (0, 0));
    assert_eq!(bench.call("bpf_dynptr_clone", [ptr, other]), 0);
    assert_eq!((adjust(8, 8), ask("bpf_dynptr_size")), (0, 0));
    assert_eq!(bench.call("bpf_dynptr_size", [other]), 8, "the clone has bounds of its own");
    assert_eq!(bench.call("bpf_dynptr_data", [other, 1, 2]), bench.at(DATA + 4));
}

#[test]
pub(super) fn bytes_are_sliced_copied_and_set() {
    let bench = Bench::with(|builder| builder.version(KernelVersion::new(6, 19)));
    let (ptr, other, buffer) = (bench.at(PTR), bench.at(16), bench.at(32));
    assert_eq!(make(&bench, 16, 0), 0);
    bench.write(DATA, b"0123456789abcdef");
    for name in ["bpf_dynptr_slice", "bpf_dynptr_slice_rdwr"] {
        let slice = |offset, len| bench.call(name, [ptr, offset, buffer, len]);
        assert_eq!((slice(4, 12), slice(4, 13), slice(17, 0)), (bench.at(DATA + 4), 0, 0));
    }
    assert_eq!(bench.call("bpf_dynptr_clone", [ptr, other]), 0);
    let copy = |to, from, len| bench.call("bpf_dynptr_copy", [other, to, ptr, from, len]);
    assert_eq!((copy(2, 0, 6), copy(11, 0, 6), copy(0, 11, 6)), (0, E2BIG, E2BIG));
    assert_eq!(bench.read(DATA, 16), *b"0101234589abcdef");
    let set = |offset, len| bench.call("bpf_dynptr_memset", [ptr, offset, len, b'-'.into()]);
    assert_eq!((set(12, 4), set(12, 5)), (0, E2BIG));
    assert_eq!(bench.read(DATA, 16), *b"0101234589ab----");
}

#[test]
pub(super) fn packets_are_behind_dynptrs() {
    for (prog_type, name) in [
        (ProgType::SchedCls, "bpf_dynptr_from_skb"),
        (ProgType::SocketFilter, "bpf_dynptr_from_skb"),
        (ProgType::Xdp, "bpf_dynptr_from_xdp"),
    ] {
        let mut bench = Bench::with(|builder| builder.version(KernelVersion::new(6, 19)));
        bench.prog_type = prog_type;
        let (packets, frame) = (bench.machine.packets(), (0..64).collect::<Vec<u8>>());
        let packet = match prog_type {
            ProgType::Xdp => packets.xdp(&frame, 0),
            _ => packets.skb(&frame, true),
        };
        bench.ctx = Some(packets.insert(packet.unwrap()));
        let (ptr, buffer) = (bench.at(PTR), bench.at(32));
        assert_eq!(bench.call(name, [0, 1, ptr]), EINVAL);
        assert_eq!(bench.call("bpf_dynptr_is_null", [ptr]), 1);
        assert_eq!(bench.call(name, [0, 0, ptr]), 0);
        assert_eq!(bench.call("bpf_dynptr_size", [ptr]), 64);
        assert_eq!(data(&bench, 0, 1), 0, "slices are for packets");
        let slice = |name: &str, offset| bench.call(name, [ptr, offset, buffer, 4]);
        let found = slice("bpf_dynptr_slice", 20);
        assert_eq!(bench.machine.memory().read_vec(Addr(found), 4).unwrap(), [20, 21, 22, 23]);
        assert_eq!(slice("bpf_dynptr_slice", 61), 0);
        // A filter reads its packet only.
        let is_writer = prog_type != ProgType::SocketFilter;
        assert_eq!(bench.call("bpf_dynptr_is_rdonly", [ptr]), u64::from(!is_writer));
        assert_eq!(slice("bpf_dynptr_slice_rdwr", 20) != 0, is_writer);
        bench.write(32, b"abcd");
        let answer = if is_writer { 0 } else { EINVAL };
        let write = |flags| bench.call("bpf_dynptr_write", [ptr, 30, buffer, 4, flags]);
        assert_eq!((write(0), write(4)), (answer, EINVAL));
        assert_eq!(bench.call("bpf_dynptr_read", [bench.at(40), 6, ptr, 29, 0]), 0);
        let middle: &[u8] = if is_writer { b"abcd" } else { &[30, 31, 32, 33] };
        assert_eq!(bench.read(41, 4), middle);
    }
}
