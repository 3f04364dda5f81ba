//! Formatted text.

use skep_abi::Addr;

use crate::bench::Bench;

const EINVAL: u64 = -22i64 as u64;
const FMT: u64 = 1024;
const ARGS: u64 = 2048;

/// Prints to `size` bytes of 0xaa; returns R0 and those bytes.
fn print(bench: &Bench, size: u64, fmt: &str, args: &[u64]) -> (u64, Vec<u8>) {
    bench.write(0, &[0xaa; 64]);
    bench.write(FMT, fmt.as_bytes());
    bench.write(FMT + fmt.len() as u64, &[0]);
    bench.write(ARGS, &args.iter().flat_map(|arg| arg.to_le_bytes()).collect::<Vec<_>>());
    let regs = [bench.at(0), size, bench.at(FMT), bench.at(ARGS), args.len() as u64 * 8];
    let r0 = bench.call("bpf_snprintf", regs);
    assert_eq!(bench.read(size, 4), [0xaa; 4], "nothing past the buffer");
    (r0, bench.read(0, size))
}

#[test]
pub(super) fn text_is_cut_and_its_length_returned() {
    let bench = Bench::new();
    assert_eq!(print(&bench, 8, "%d-%x", &[12, 255]), (6, b"12-ff\0\xaa\xaa".to_vec()));
    assert_eq!(print(&bench, 4, "%d-%x", &[12, 255]), (6, b"12-\0".to_vec()));
    assert_eq!(print(&bench, 0, "%d-%x", &[12, 255]), (6, Vec::new()));
}

#[test]
fn strings_come_from_user_and_kernel_memory() {
    let mut bench = Bench::new();
    bench.user.0.insert(0x5000, b"hello\0".to_vec());
    bench.write(3000, b"world\0");
    let args = [0x5000, bench.at(3000), bench.at(3000)];
    assert_eq!(print(&bench, 24, "%s %s %pks", &args).1[..18], *b"hello world world\0");
    assert_eq!(
        print(&bench, 8, "%pus|", &[bench.at(3000)]),
        (2, b"|\0\xaa\xaa\xaa\xaa\xaa\xaa".to_vec())
    );
    bench.write(3000, &[127, 0, 0, 1]);
    assert_eq!(print(&bench, 16, "%pI4", &[bench.at(3000)]).1[..10], *b"127.0.0.1\0");
}

#[test]
fn refusals_leave_the_buffer_alone() {
    let bench = Bench::new();
    assert_eq!(print(&bench, 4, "%d", &[]), (EINVAL, vec![0xaa; 4]));
    assert_eq!(print(&bench, 4, "%d", &[0; 13]), (EINVAL, vec![0xaa; 4]));
    bench.write(FMT, b"x\0");
    let odd = [bench.at(0), 4, bench.at(FMT), bench.at(ARGS), 7];
    assert_eq!(bench.call("bpf_snprintf", odd), EINVAL);
    let null = [bench.at(0), 4, bench.at(FMT), 0, 8];
    assert_eq!(bench.call("bpf_snprintf", null), EINVAL);
}

#[test]
fn null_is_fine_where_nothing_is_written() {
    let bench = Bench::new();
    bench.write(FMT, b"abc\0");
    assert_eq!(bench.call("bpf_snprintf", [0, 0, bench.at(FMT), 0, 0]), 4);
    assert!(bench.fault("bpf_snprintf", [0, 1, bench.at(FMT), 0, 0]).contains("null pointer"));
    let huge = bench.fault("bpf_snprintf", [bench.at(0), u64::from(u32::MAX), bench.at(FMT), 0, 0]);
    assert!(huge.contains("runs past the end"), "{huge}");
    assert!(bench.machine.memory().read_vec(Addr(bench.at(0)), 1).is_ok());
}
