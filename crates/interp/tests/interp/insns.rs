//! The instruction set, insn by insn: what every edge gives.

use crate::bench::{Bench, r0};

/// `dst op src` with both operands in registers and, where it fits, as an immediate.
fn both(op: &str, dst: i64, src: i64) -> u64 {
    let by_reg = r0(&format!("r0 = {dst} ll\nr1 = {src} ll\nr0 {op} r1\nexit"));
    if let Ok(imm) = i32::try_from(src) {
        let by_imm = r0(&format!("r0 = {dst} ll\nr0 {op} {imm}\nexit"));
        assert_eq!(by_reg, by_imm, "{dst} {op} {src}");
    }
    by_reg
}

/// The same on 32 bits; the upper halves of both are garbage that must not matter.
fn narrow(op: &str, dst: i32, src: i32) -> u64 {
    let garbage = |value: i32| 0x5a5a_5a5a_0000_0000_u64 | u64::from(value as u32);
    let (wide_dst, wide_src) = (garbage(dst), garbage(src));
    let by_reg = r0(&format!("r0 = {wide_dst:#x}\nr1 = {wide_src:#x}\nw0 {op} w1\nexit"));
    let by_imm = r0(&format!("r0 = {wide_dst:#x}\nw0 {op} {src}\nexit"));
    assert_eq!(by_reg, by_imm, "{dst} {op} {src}");
    by_reg
}

#[test]
fn sixty_four_bit_arithmetic() {
    assert_eq!(both("+=", -1, 2), 1);
    assert_eq!(both("-=", 1, 3), -2i64 as u64);
    assert_eq!(both("*=", 1 << 62, 4), 0);
    assert_eq!(both("/=", -1, 2), u64::MAX / 2);
    assert_eq!(both("s/=", -7, 2), -3i64 as u64);
    assert_eq!(both("s/=", i64::MIN, -1), i64::MIN as u64);
    assert_eq!(both("%=", -1, 10), u64::MAX % 10);
    assert_eq!(both("s%=", -7, 4), -3i64 as u64);
    assert_eq!(both("s%=", i64::MIN, -1), 0);
    for op in ["/=", "s/="] {
        assert_eq!(both(op, 5, 0), 0);
    }
    for op in ["%=", "s%="] {
        assert_eq!(both(op, -5, 0), -5i64 as u64);
    }
    assert_eq!(both("|=", 0b1100, 0b1010), 0b1110);
    assert_eq!(both("&=", -1, -256), -256i64 as u64);
    assert_eq!(both("^=", -1, 1), -2i64 as u64);
    assert_eq!(both("=", 0, -5), -5i64 as u64);
    assert_eq!(r0("r0 = 5\nr0 = -r0\nexit"), -5i64 as u64);
    assert_eq!(both("/=", 10, -1), 0, "an immediate is sign-extended, then taken as unsigned");
}

#[test]
fn thirty_two_bit_arithmetic_clears_the_upper_half() {
    assert_eq!(narrow("+=", -1, 2), 1);
    assert_eq!(narrow("-=", 1, 3), 0xffff_fffe);
    assert_eq!(narrow("*=", 1 << 30, 4), 0);
    assert_eq!(narrow("/=", -1, 2), 0x7fff_ffff);
    assert_eq!(narrow("s/=", -7, 2), 0xffff_fffd);
    assert_eq!(narrow("s/=", i32::MIN, -1), 0x8000_0000);
    assert_eq!(narrow("%=", -1, 10), u64::from(u32::MAX % 10));
    assert_eq!(narrow("s%=", -7, 4), 0xffff_fffd);
    assert_eq!(narrow("s%=", i32::MIN, -1), 0);
    assert_eq!(narrow("/=", 5, 0), 0);
    assert_eq!(narrow("s/=", 5, 0), 0);
    assert_eq!(narrow("%=", -5, 0), 0xffff_fffb);
    assert_eq!(narrow("s%=", -5, 0), 0xffff_fffb);
    assert_eq!(narrow("|=", 0b1100, 0b1010), 0b1110);
    assert_eq!(narrow("&=", -1, -256), 0xffff_ff00);
    assert_eq!(narrow("^=", -1, 1), 0xffff_fffe);
    assert_eq!(narrow("=", 0, -5), 0xffff_fffb);
    assert_eq!(r0("r0 = -1 ll\nw0 = 5\nw0 = -w0\nexit"), 0xffff_fffb);
}

#[test]
fn shifts_use_the_count_modulo_the_width() {
    assert_eq!(both("<<=", 1, 63), 1 << 63);
    assert_eq!(both("<<=", 1, 65), 2);
    assert_eq!(both(">>=", -1, 63), 1);
    assert_eq!(both("s>>=", i64::MIN, 63), u64::MAX);
    assert_eq!(both("s>>=", i64::MIN, 64), i64::MIN as u64);
    assert_eq!(narrow("<<=", 1, 31), 1 << 31);
    assert_eq!(narrow("<<=", 1, 33), 2);
    assert_eq!(narrow(">>=", -1, 31), 1);
    assert_eq!(narrow("s>>=", i32::MIN, 31), 0xffff_ffff);
    assert_eq!(narrow("s>>=", i32::MIN, -1), 0xffff_ffff);
}

#[test]
fn moves_sign_extend_and_byte_swaps_cut() {
    let wide = |insn: &str| r0(&format!("r1 = 0x11223344f566f788\n{insn}\nexit"));
    assert_eq!(wide("r0 = (s8)r1"), 0xffff_ffff_ffff_ff88);
    assert_eq!(wide("r0 = (s16)r1"), 0xffff_ffff_ffff_f788);
    assert_eq!(wide("r0 = (s32)r1"), 0xffff_ffff_f566_f788);
    assert_eq!(wide("w0 = (s8)w1"), 0xffff_ff88);
    assert_eq!(wide("w0 = (s16)w1"), 0xffff_f788);
    assert_eq!(wide("w0 = w1"), 0xf566_f788);
    let swap = |insn: &str| r0(&format!("r0 = 0x1122334455667788\n{insn}\nexit"));
    assert_eq!(swap("r0 = le16 r0"), 0x7788);
    assert_eq!(swap("r0 = le32 r0"), 0x5566_7788);
    assert_eq!(swap("r0 = le64 r0"), 0x1122_3344_5566_7788);
    for kind in ["be", "bswap"] {
        assert_eq!(swap(&format!("r0 = {kind}16 r0")), 0x8877);
        assert_eq!(swap(&format!("r0 = {kind}32 r0")), 0x8877_6655);
        assert_eq!(swap(&format!("r0 = {kind}64 r0")), 0x8877_6655_4433_2211);
    }
}

#[test]
fn every_relation_holds_where_it_should() {
    // Relation, and whether it holds for (1, 2), (2, 2), (-1, 2).
    let table: [(&str, [bool; 3]); 11] = [
        ("==", [false, true, false]),
        ("!=", [true, false, true]),
        (">", [false, false, true]),
        (">=", [false, true, true]),
        ("<", [true, false, false]),
        ("<=", [true, true, false]),
        ("s>", [false, false, false]),
        ("s>=", [false, true, false]),
        ("s<", [true, false, true]),
        ("s<=", [true, true, true]),
        ("&", [false, true, true]),
    ];
    let jumps = |text: String| r0(&format!("{text}\nr0 = 0\nexit\nyes: r0 = 1\nexit")) == 1;
    for (cond, holds) in table {
        for ((dst, src), expected) in [(1i64, 2i64), (2, 2), (-1, 2)].into_iter().zip(holds) {
            let init = format!("r1 = {dst} ll\nr2 = {src} ll");
            assert_eq!(
                jumps(format!("{init}\nif r1 {cond} r2 goto yes")),
                expected,
                "{dst} {cond} {src}"
            );
            assert_eq!(
                jumps(format!("{init}\nif r1 {cond} {src} goto yes")),
                expected,
                "{dst} {cond} {src}"
            );
            // Upper halves that differ must not matter to the narrow forms.
            let (low, high) = (dst as u32, 0x7700_0000_0000_0000_u64);
            let init = format!("r1 = {:#x}\nr2 = {src} ll", high | u64::from(low));
            assert_eq!(
                jumps(format!("{init}\nif w1 {cond} w2 goto yes")),
                expected,
                "w {dst} {cond} {src}"
            );
            assert_eq!(
                jumps(format!("{init}\nif w1 {cond} {src} goto yes")),
                expected,
                "w {dst} {cond} {src}"
            );
        }
    }
}

#[test]
fn jumps_reach_both_ways_and_far() {
    assert_eq!(r0("r0 = 1\ngoto b\na: r0 += 10\nexit\nb: r0 += 100\ngotol a"), 111);
    let far = format!("r0 = 0\ngotol far\n{}far: exit", "r0 = 1\n".repeat(70_000));
    assert_eq!(r0(&far), 0);
}

#[test]
fn loads_extend_and_stores_touch_only_their_bytes() {
    let bench = Bench::new();
    let bytes = [0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x09];
    let memory = bench.memory(&bytes);
    let load = |text: &str| bench.go(&format!("r0 = {text}\nexit"), &[memory.addr(0).0]).unwrap();
    assert_eq!(load("*(u8 *)(r1 +0)"), 0x81);
    assert_eq!(load("*(u16 *)(r1 +1)"), 0xa392);
    assert_eq!(load("*(u32 *)(r1 +3)"), 0xe7d6_c5b4);
    assert_eq!(load("*(u64 *)(r1 +1)"), 0x09f8_e7d6_c5b4_a392);
    assert_eq!(load("*(s8 *)(r1 +0)"), 0xffff_ffff_ffff_ff81);
    assert_eq!(load("*(s16 *)(r1 +0)"), 0xffff_ffff_ffff_9281);
    assert_eq!(load("*(s32 *)(r1 +0)"), 0xffff_ffff_b4a3_9281);
    assert_eq!(load("*(s8 *)(r1 +8)"), 9);

    let stored = |insn: &str| {
        let memory = bench.memory(&[0xee; 12]);
        bench
            .go(&format!("r2 = 0x1122334455667788\n{insn}\nr0 = 0\nexit"), &[memory.addr(0).0])
            .unwrap();
        memory.bytes(0)
    };
    for (size, len) in [("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8)] {
        for at in 0..4 {
            let mut by_reg = vec![0xee; 12];
            by_reg[at..at + len].copy_from_slice(&0x1122_3344_5566_7788_u64.to_le_bytes()[..len]);
            assert_eq!(stored(&format!("*({size} *)(r1 +{at}) = r2")), by_reg);
            let mut by_imm = vec![0xee; 12];
            by_imm[at..at + len].copy_from_slice(&(-2i64).to_le_bytes()[..len]);
            assert_eq!(stored(&format!("*({size} *)(r1 +{at}) = -2")), by_imm);
        }
    }
}

#[test]
fn a_wide_constant_is_all_64_bits() {
    assert_eq!(r0("r0 = 0x8000000080000000\nexit"), 0x8000_0000_8000_0000);
    assert_eq!(r0("r0 = 0x1\nr0 += 0\nexit"), 1);
}

#[test]
fn a_whole_algorithm_gives_the_right_answer() {
    // The number of primes below 1000, by trial division.
    let primes = "r0 = 0\nr1 = 2\n\
                  next: if r1 >= 0x3e8 goto out\nr2 = 2\n\
                  try: r3 = r2\nr3 *= r2\nif r3 > r1 goto prime\nr4 = r1\nr4 %= r2\n\
                  if r4 == 0x0 goto composite\nr2 += 1\ngoto try\n\
                  prime: r0 += 1\ncomposite: r1 += 1\ngoto next\nout: exit";
    assert_eq!(r0(primes), 168);
}
