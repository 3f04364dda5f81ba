//! Lines for the trace buffer.

use skep_machine::Output;

use crate::bench::{Bench, TID};

const EINVAL: u64 = -22i64 as u64;

/// The texts that were printed.
fn texts(bench: &Bench) -> Vec<String> {
    let text = |output| match output {
        Output::TracePrintk { cpu, tid, comm, time, text } => {
            assert_eq!((cpu, tid, comm.as_str()), (bench.cpu, TID, "worker"));
            assert_eq!(time, 10_000_000_123);
            text
        }
        other => panic!("{other:?}"),
    };
    bench.machine.outputs().take().into_iter().map(text).collect()
}

#[test]
pub(super) fn a_line_goes_to_the_trace_buffer() {
    let bench = Bench::new();
    bench.write(0, b"a %d b %x c %lu\n\0");
    assert_eq!(bench.call("bpf_trace_printk", [bench.at(0), 17, 1, 16, u64::MAX]), 32);
    bench.write(512, &[7u64, 8].map(u64::to_le_bytes).concat());
    bench.write(0, b"%d %d\0");
    assert_eq!(bench.call("bpf_trace_vprintk", [bench.at(0), 6, bench.at(512), 16]), 3);
    assert_eq!(texts(&bench), ["a 1 b 10 c 18446744073709551615", "7 8"]);
}

#[test]
fn a_format_needs_its_nul_and_few_enough_conversions() {
    let bench = Bench::new();
    bench.write(0, b"%d %d %d %d\0");
    let printk = |size| bench.call("bpf_trace_printk", [bench.at(0), size, 1, 2, 3]);
    assert_eq!(printk(11), EINVAL, "the NUL is not among 11 bytes");
    assert_eq!(printk(12), EINVAL, "three arguments are all there are");
    assert_eq!(bench.call("bpf_trace_vprintk", [bench.at(0), 12, bench.at(512), 20]), EINVAL);
    assert_eq!(bench.call("bpf_trace_vprintk", [bench.at(0), 12, bench.at(512), 104]), EINVAL);
    assert_eq!(bench.call("bpf_trace_vprintk", [bench.at(0), 12, 0, 8]), EINVAL);
    assert!(texts(&bench).is_empty());
    assert!(bench.fault("bpf_trace_printk", [0, 4, 0, 0, 0]).contains("null pointer"));
}

#[test]
fn a_line_has_1023_bytes() {
    let bench = Bench::new();
    bench.write(0, b"%2000d\0");
    assert_eq!(bench.call("bpf_trace_printk", [bench.at(0), 7, 1, 0, 0]), 2000);
    assert_eq!(texts(&bench), [" ".repeat(1023)]);
}
