//! Reads that cannot fault.

use skep_abi::{KernelVersion, UserStack};

use crate::bench::Bench;

const EFAULT: u64 = -14i64 as u64;
const ERANGE: u64 = -34i64 as u64;

/// A bench whose process has a string at 0x5000, up to the end of what is mapped.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.user.0.insert(0x5000, b"user memory\0".to_vec());
    bench.write(1024, b"kernel memory\0");
    bench.write(0, &[0xaa; 64]);
    bench
}

#[test]
pub(super) fn bytes_of_user_and_kernel_memory_are_read() {
    let bench = bench();
    let read = |name: &str, from: u64| {
        bench.write(0, &[0xaa; 16]);
        let r0 = bench.call(name, [bench.at(0), 6, from]);
        assert_eq!(bench.read(6, 10), [0xaa; 10]);
        (r0, bench.read(0, 6))
    };
    let (user, kernel) = ((0, b"user m".to_vec()), (0, b"kernel".to_vec()));
    let not_there = (EFAULT, vec![0; 6]);
    let wrong = (ERANGE, vec![0; 6]);
    assert_eq!(read("bpf_probe_read_user", 0x5000), user);
    assert_eq!(read("bpf_probe_read_user", 0x5008), not_there);
    assert_eq!(read("bpf_probe_read_user", bench.at(1024)), not_there);
    assert_eq!(read("bpf_probe_read_user", u64::MAX - 2), not_there);
    assert_eq!(read("bpf_probe_read_kernel", bench.at(1024)), kernel);
    assert_eq!(read("bpf_probe_read_kernel", 0x5000), wrong);
    assert_eq!(read("bpf_probe_read_kernel", 0), wrong);
    assert_eq!(read("bpf_probe_read_kernel", 1 << 60), wrong);
    assert_eq!(read("bpf_probe_read_kernel", bench.at(1 << 30)), not_there);
    assert_eq!(read("bpf_probe_read", 0x5000), user);
    assert_eq!(read("bpf_probe_read", bench.at(1024)), kernel);
    assert_eq!(read("bpf_probe_read", 1 << 50), wrong);
}

#[test]
pub(super) fn strings_end_with_a_nul() {
    let bench = bench();
    let read = |name: &str, size: u64, from: u64| {
        bench.write(0, &[0xaa; 32]);
        let r0 = bench.call(name, [bench.at(0), size, from]);
        assert_eq!(bench.read(size, 4), [0xaa; 4]);
        (r0, bench.read(0, size))
    };
    assert_eq!(read("bpf_probe_read_kernel_str", 6, bench.at(1024)), (6, b"kerne\0".to_vec()));
    assert_eq!(
        read("bpf_probe_read_kernel_str", 16, bench.at(1024)),
        (14, b"kernel memory\0\xaa\xaa".to_vec())
    );
    assert_eq!(read("bpf_probe_read_user_str", 5, 0x5000), (5, b"user\0".to_vec()));
    assert_eq!(read("bpf_probe_read_user_str", 4, 0x6000), (EFAULT, vec![0; 4]));
    assert_eq!(read("bpf_probe_read_kernel_str", 4, 0x5000), (ERANGE, vec![0; 4]));
    assert_eq!(read("bpf_probe_read_str", 5, 0x5000), (5, b"user\0".to_vec()));
    assert_eq!(read("bpf_probe_read_str", 5, bench.at(1024)), (5, b"kern\0".to_vec()));
    assert_eq!(read("bpf_probe_read_kernel_str", 0, 0x5000), (0, Vec::new()));
    assert_eq!(read("bpf_probe_read_user_str", 0, u64::MAX), (0, Vec::new()));
}

#[test]
fn a_user_string_that_ends_at_the_end_of_a_mapping_is_read() {
    let bench = bench();
    // The word of the NUL is not readable as a whole, so nothing after the NUL is written.
    let r0 = bench.call("bpf_probe_read_user_str", [bench.at(0), 32, 0x5000]);
    assert_eq!((r0, bench.read(0, 13)), (12, b"user memory\0\xaa".to_vec()));
}

#[test]
fn whole_words_of_user_strings_are_cleared_after_the_nul() {
    let mut bench = bench();
    bench.user.0.insert(0x7000, b"abc\0defghijklmnop".to_vec());
    let r0 = bench.call("bpf_probe_read_user_str", [bench.at(0), 16, 0x7000]);
    assert_eq!((r0, bench.read(0, 9)), (4, b"abc\0\0\0\0\0\xaa".to_vec()));
    bench.write(0, &[0xaa; 16]);
    let r0 = bench.call("bpf_probe_read_user_str", [bench.at(0), 7, 0x7000]);
    assert_eq!((r0, bench.read(0, 5)), (4, b"abc\0\xaa".to_vec()), "no room for a word");
}

#[test]
fn the_nul_of_an_empty_user_string_counts_since_6_14() {
    for (minor, len) in [(13, 0), (14, 1)] {
        let mut bench = Bench::with(|builder| builder.version(KernelVersion::new(6, minor)));
        bench.user.0.insert(0x5000, vec![0; 16]);
        bench.write(0, &[0xaa; 16]);
        assert_eq!(bench.call("bpf_probe_read_user_str", [bench.at(0), 4, 0x5000]), len);
        assert_eq!(bench.read(0, 2), [0, 0xaa]);
    }
}

#[test]
fn recorded_stack_bytes_come_before_the_process() {
    let mut bench = bench();
    bench.user.0.insert(0x7000, vec![b'p'; 32]);
    let stack = UserStack { start: 0x7008, bytes: vec![b's'; 8] };
    bench.sample.as_mut().unwrap().user_stack_bytes = Some(stack);
    assert_eq!(bench.call("bpf_probe_read_user", [bench.at(0), 24, 0x7000]), 0);
    assert_eq!(bench.read(0, 24), *b"ppppppppsssssssspppppppp");
}

#[test]
fn a_size_beyond_all_memory_is_a_fault_not_an_allocation() {
    let bench = bench();
    for name in ["bpf_probe_read_user", "bpf_probe_read_kernel_str"] {
        let text = bench.fault(name, [bench.at(0), u64::from(u32::MAX), 0x5000]);
        assert!(text.contains("runs past the end of scratch"), "{text}");
    }
}
