//! Text.

use crate::bench::Bench;

const EINVAL: u64 = -22i64 as u64;
const ERANGE: u64 = -34i64 as u64;

#[test]
pub(super) fn numbers_are_read_from_text() {
    let bench = Bench::new();
    let read = |call: &str, text: &[u8], flags: u64| {
        bench.write(0, text);
        let consumed = bench.call(call, [bench.at(0), text.len() as u64, flags, bench.at(64)]);
        let mut word = [0; 8];
        word.copy_from_slice(&bench.read(64, 8));
        (consumed, u64::from_le_bytes(word))
    };
    assert_eq!(read("bpf_strtol", b" -42\n\0", 0), (4, -42i64 as u64));
    assert_eq!(read("bpf_strtol", b"0x1fz", 0), (4, 31));
    assert_eq!(read("bpf_strtol", b"0755", 0), (4, 0o755));
    assert_eq!(read("bpf_strtol", b"9223372036854775808", 10), (ERANGE, 0));
    assert_eq!(read("bpf_strtol", b"12", 7), (EINVAL, 0), "there is no base 7");
    assert_eq!(read("bpf_strtoul", b"18446744073709551615", 10), (20, u64::MAX));
    assert_eq!(read("bpf_strtoul", b"-1", 10), (EINVAL, 0));
    assert_eq!(read("bpf_strtoul", b"x", 16), (EINVAL, 0));
}

#[test]
pub(super) fn strings_are_compared() {
    let bench = Bench::new();
    let compare = |first: &[u8], second: &[u8], len: u64| {
        bench.write(0, first);
        bench.write(64, second);
        bench.call("bpf_strncmp", [bench.at(0), len, bench.at(64)]) as i64
    };
    assert_eq!(compare(b"honey\0", b"honey\0", 6), 0);
    assert_eq!(compare(b"honeycomb\0", b"honey\0", 5), 0);
    assert!(compare(b"honeycomb\0", b"honey\0", 9) > 0 && compare(b"ant\0", b"bee\0", 4) < 0);
}
