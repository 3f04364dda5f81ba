//! Reads that cannot fault, against the running kernel.

use super::pair::Pair;
use super::user_page::{user_bytes, user_page};
use super::vector::Arg;

#[test]
fn probe_reads_read_the_same() {
    let mut pair = Pair::new();
    let page = user_page(b"hello world\0abcdefgh\0");
    pair.bench.user.0.insert(page, user_bytes(page));
    let top = (1u64 << 47) - 4096;
    let addrs = [
        page,
        page + 3,
        page + 11,
        page + 12,
        page + 21,
        page + 4095,
        0,
        1,
        top - 1,
        top,
        top + 1,
        top + 4095,
        1 << 47,
        1 << 60,
        0xffff_ffff_ff60_0000,
        0xffff_ffff_ffff_f000,
        0xffff_8000_0000_0000,
        u64::MAX,
    ];
    let names = [
        "bpf_probe_read",
        "bpf_probe_read_str",
        "bpf_probe_read_user",
        "bpf_probe_read_user_str",
        "bpf_probe_read_kernel",
        "bpf_probe_read_kernel_str",
    ];
    // On CPUs with more bits this is an address that the kernel might have.
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has_48_bits = cpuinfo.contains("48 bits virtual");
    for name in names {
        for addr in addrs.into_iter().filter(|addr| *addr != 1 << 47 || has_48_bits) {
            for size in [0, 1, 2, 5, 7, 8, 9, 12, 13, 16, 24, 33] {
                // The page after ours holds whatever it holds.
                if (page..page + 4096).contains(&addr) && addr + size > page + 4096 {
                    continue;
                }
                let args = [Arg::Scratch(0), Arg::Value(size), Arg::Value(addr)];
                if !pair.agree(name, &args, &[0xaa; 64], &format!("{addr:#x} {size}")) {
                    return;
                }
            }
        }
    }
}

#[test]
fn kernel_memory_reads_the_same() {
    let pair = Pair::new();
    let text = b"some kernel text\0behind it";
    let memory = [vec![0xaa; 64], text.to_vec()].concat();
    for name in ["bpf_probe_read_kernel", "bpf_probe_read_kernel_str", "bpf_probe_read_str"] {
        for (from, size) in
            [(64, 0), (64, 1), (64, 5), (64, 16), (64, 17), (64, 24), (80, 8), (81, 3)]
        {
            let args = [Arg::Scratch(0), Arg::Value(size), Arg::Scratch(from)];
            if !pair.agree(name, &args, &memory, &format!("{from} {size}")) {
                return;
            }
        }
    }
}

#[test]
fn names_are_copied_the_same() {
    let pair = Pair::new();
    for size in [1, 2, 8, 15, 16, 17, 32] {
        let args = [Arg::Scratch(0), Arg::Value(size)];
        if !pair.agree("bpf_get_current_comm", &args, &[0xaa; 64], &format!("{size}")) {
            return;
        }
    }
}
