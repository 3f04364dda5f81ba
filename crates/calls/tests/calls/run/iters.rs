//! Iterators.

use skep_abi::Addr;
use skep_machine::Width;

use crate::bench::Bench;

const EINVAL: u64 = -22i64 as u64;
const E2BIG: u64 = -7i64 as u64;
const EFAULT: u64 = -14i64 as u64;

/// The numbers that an iterator gives.
fn numbers(bench: &Bench, next: &str, it: u64) -> Vec<i32> {
    std::iter::from_fn(|| match bench.call(next, [it]) {
        0 => None,
        at => Some(bench.machine.memory().load(Addr(at), Width::W).unwrap() as i32),
    })
    .collect()
}

#[test]
pub(super) fn numbers_are_gone_through() {
    let bench = Bench::new();
    let it = bench.at(0);
    let minus_two = u64::from((-2i32).cast_unsigned());
    assert_eq!(bench.call("bpf_iter_num_new", [it, minus_two, 2]), 0);
    assert_eq!(numbers(&bench, "bpf_iter_num_next", it), [-2, -1, 0, 1]);
    assert_eq!(bench.call("bpf_iter_num_next", [it]), 0, "the end stays the end");
    assert_eq!(bench.call("bpf_iter_num_new", [it, 3, 2]), EINVAL);
    assert!(numbers(&bench, "bpf_iter_num_next", it).is_empty());
    assert_eq!(bench.call("bpf_iter_num_new", [it, 0, (1 << 23) + 1]), E2BIG);
    let (least, most) = (u64::from(i32::MIN.cast_unsigned()), i32::MAX as u64);
    assert_eq!(bench.call("bpf_iter_num_new", [it, least, most]), E2BIG);
    assert_eq!(bench.call("bpf_iter_num_new", [it, least, least + 1]), 0);
    assert_eq!(numbers(&bench, "bpf_iter_num_next", it), [i32::MIN]);
    bench.call("bpf_iter_num_destroy", [it]);
}

#[test]
pub(super) fn bits_are_gone_through() {
    let bench = Bench::new();
    let (it, words) = (bench.at(0), bench.at(64));
    bench.write(64, &0x8000_0000_0000_0005_u64.to_le_bytes());
    bench.write(72, &2_u64.to_le_bytes());
    assert_eq!(bench.call("bpf_iter_bits_new", [it, words, 2]), 0);
    assert_eq!(numbers(&bench, "bpf_iter_bits_next", it), [0, 2, 63, 65]);
    assert_eq!(bench.call("bpf_iter_bits_next", [it]), 0);
    for (at, count, errno) in [(words, 0, EINVAL), (0, 1, EINVAL), (words, 512, E2BIG)] {
        assert_eq!(bench.call("bpf_iter_bits_new", [it, at, count]), errno);
        assert_eq!(bench.call("bpf_iter_bits_next", [it]), 0);
    }
    assert_eq!(bench.call("bpf_iter_bits_new", [it, 0x1000, 1]), EFAULT);
    bench.call("bpf_iter_bits_destroy", [it]);
}
