//! Clocks.

use crate::bench::Bench;

#[test]
pub(super) fn clocks_stand_at_the_sample() {
    let bench = Bench::new();
    let now = 10_000_000_123;
    for _ in 0..2 {
        assert_eq!(bench.call("bpf_ktime_get_ns", []), now);
    }
    assert_eq!(bench.call("bpf_ktime_get_boot_ns", []), now + 5_000);
    assert_eq!(bench.call("bpf_ktime_get_tai_ns", []), now + 37_000_000_000);
    assert_eq!(bench.call("bpf_ktime_get_coarse_ns", []), 10_000_000_000);
    // 250 ticks a second, from five minutes before 32 bits overflow: 2,500 after ten seconds.
    assert_eq!(bench.call("bpf_jiffies64", []), (1 << 32) - 300 * 250 + 2_500);
}

#[test]
fn without_a_sample_the_clock_is_at_zero() {
    let mut bench = Bench::new();
    bench.sample = None;
    assert_eq!(bench.call("bpf_ktime_get_ns", []), 0);
    assert_eq!(bench.call("bpf_ktime_get_boot_ns", []), 5_000);
}
