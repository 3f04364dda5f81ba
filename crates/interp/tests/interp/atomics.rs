//! Atomic insns: results, and that they are atomic between CPUs.

use std::thread;

use skep_abi::{Addr, Cpu};

use crate::bench::{Bench, r0};

/// Runs one atomic insn on a stack slot that holds `old`, with `src` in R2 and `expected` in R0; gives R0, R2 and
/// the slot afterwards.
fn atomic(insn: &str, old: i64, expected: i64, src: i64) -> (u64, u64, u64) {
    let program = |result: &str| {
        format!(
            "r3 = {old} ll\n*(u64 *)(r10 -8) = r3\nr0 = {expected} ll\nr2 = {src} ll\n{insn}\n\
             r4 = *(u64 *)(r10 -8)\n{result}\nexit"
        )
    };
    (r0(&program("r0 = r0")), r0(&program("r0 = r2")), r0(&program("r0 = r4")))
}

#[test]
fn operations_without_fetch_change_memory_only() {
    assert_eq!(atomic("lock *(u64 *)(r10 -8) += r2", -1, 9, 3), (9, 3, 2));
    assert_eq!(atomic("lock *(u64 *)(r10 -8) |= r2", 0b1100, 9, 0b1010), (9, 0b1010, 0b1110));
    assert_eq!(atomic("lock *(u64 *)(r10 -8) &= r2", 0b1100, 9, 0b1010), (9, 0b1010, 0b1000));
    assert_eq!(atomic("lock *(u64 *)(r10 -8) ^= r2", 0b1100, 9, 0b1010), (9, 0b1010, 0b0110));
}

#[test]
fn operations_with_fetch_give_the_old_value() {
    let insn = |op: &str| format!("r2 = atomic64_{op}((u64 *)(r10 -8), r2)");
    assert_eq!(atomic(&insn("fetch_add"), 40, 9, 2), (9, 40, 42));
    assert_eq!(atomic(&insn("fetch_or"), 0b1100, 9, 0b1010), (9, 0b1100, 0b1110));
    assert_eq!(atomic(&insn("fetch_and"), 0b1100, 9, 0b1010), (9, 0b1100, 0b1000));
    assert_eq!(atomic(&insn("fetch_xor"), 0b1100, 9, 0b1010), (9, 0b1100, 0b0110));
    assert_eq!(atomic(&insn("xchg"), 7, 9, 8), (9, 7, 8));
}

#[test]
fn operations_of_32_bits_leave_the_upper_half_of_memory_and_clear_that_of_the_result() {
    let old = 0x1111_1111_ffff_ffff;
    assert_eq!(atomic("lock *(u32 *)(r10 -8) += r2", old, 9, 1).2, 0x1111_1111_0000_0000);
    assert_eq!(
        atomic("r2 = atomic_fetch_add((u32 *)(r10 -8), r2)", old, 9, -1),
        (9, 0xffff_ffff, 0x1111_1111_ffff_fffe)
    );
    assert_eq!(
        atomic("r2 = atomic_xchg((u32 *)(r10 -4), r2)", old, 9, 5),
        (9, 0x1111_1111, 0x0000_0005_ffff_ffff)
    );
}

#[test]
fn compare_and_exchange_writes_only_what_it_expected() {
    let wide = "r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r2)";
    assert_eq!(atomic(wide, 5, 5, 6), (5, 6, 6));
    assert_eq!(atomic(wide, 5, 4, 6), (5, 6, 5));
    // The narrow one compares the lower half of R0 and clears its upper half.
    let narrow = "r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r2)";
    assert_eq!(atomic(narrow, 5, 5 | 1 << 40, 6), (5, 6, 6));
    assert_eq!(atomic(narrow, 0x7_0000_0005, 4 | 1 << 40, 6), (5, 6, 0x7_0000_0005));
}

#[test]
fn acquire_and_release_move_every_size() {
    let text = "r1 = 0x1122334455667788\n*(u64 *)(r10 -8) = 0\nstore_release((u16 *)(r10 -8), r1)\n\
                store_release((u8 *)(r10 -6), r1)\nstore_release((u32 *)(r10 -4), r1)\n\
                r0 = load_acquire((u64 *)(r10 -8))\nexit";
    assert_eq!(r0(text), 0x5566_7788_0088_7788);
    let narrow =
        "r1 = -1\nstore_release((u64 *)(r10 -8), r1)\nr0 = load_acquire((u32 *)(r10 -8))\nexit";
    assert_eq!(r0(narrow), 0xffff_ffff);
}

#[test]
fn additions_from_several_cpus_at_once_all_count() {
    const TURNS: u64 = 20_000;
    let bench = Bench::new();
    let memory = bench.memory(&[0; 16]);
    let text = format!(
        "r6 = {TURNS}\nr2 = 1\ntop: lock *(u64 *)(r1 +0) += r2\nlock *(u32 *)(r1 +12) += r2\n\
         r6 -= 1\nif r6 != 0x0 goto top\nr0 = 0\nexit"
    );
    let program = bench.load(1, &text);
    thread::scope(|scope| {
        for cpu in 0..4 {
            let (bench, program, at) = (&bench, &program, memory.addr(0));
            scope.spawn(move || {
                let mut run = bench.run_of(program, Cpu(cpu), Addr::NULL);
                bench.interp.run_with(program, &mut run, &[at.0]).unwrap();
            });
        }
    });
    let mut bytes = [0; 16];
    memory.read(0, 0, &mut bytes);
    assert_eq!(u64::from_le_bytes(bytes[..8].try_into().unwrap()), 4 * TURNS);
    assert_eq!(u32::from_le_bytes(bytes[12..].try_into().unwrap()), 4 * TURNS as u32);
    assert_eq!(bytes[8..12], [0; 4]);
}
