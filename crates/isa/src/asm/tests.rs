//! The assembler reads what the disassembler writes, and says what it cannot read.

use super::*;
use crate::{AsmErrorKind as Kind, Op, decode_ops};

fn one(text: &str) -> Op {
    decode_ops(&assemble(text).unwrap()).unwrap()[0].1
}

fn refusal(text: &str) -> AsmErrorKind {
    assemble(text).unwrap_err().kind
}

/// One instruction of each form.
#[rustfmt::skip]
const FORMS: &[&str] = &[
    "r1 = 5", "r1 = -5", "w1 = -5", "r1 = r2", "w1 = w2", "r1 += r2", "w1 -= -7", "r1 *= 3",
    "r1 /= r2", "r1 s/= 4", "w1 s/= w2", "r1 |= r3", "w1 &= 255", "r1 <<= 3", "r1 >>= r4",
    "r1 %= 9", "w1 s%= -9", "r1 ^= r1", "r1 s>>= 63", "r3 = -r3", "w3 = -w3", "r1 = (s8)r2",
    "r1 = (s16)r2", "r1 = (s32)r2", "w1 = (s8)w2", "w1 = (s16)w2",
    "r1 = addr_space_cast(r2, 0, 1)", "r1 = addr_space_cast(r2, 1, 0)", "r1 = le16 r1",
    "r1 = be32 r1", "r1 = bswap64 r1", "r1 = 0xffffffffffffffff", "r1 = 0x0", "r1 = map[fd:3]",
    "r1 = map[fd:3][0]+16", "r1 = map[idx:2]", "r1 = map[idx:2][0]+0", "r1 = subprog[+5]",
    "r1 = subprog[-5]", "r1 = btf[fd:0][id:77]", "r1 = *(u8 *)(r2 +0)", "r1 = *(u16 *)(r2 -2)",
    "r1 = *(u32 *)(r2 +4)", "r1 = *(u64 *)(r10 -8)", "r1 = *(s8 *)(r2 +0)",
    "r1 = *(s16 *)(r2 +0)", "r1 = *(s32 *)(r2 +0)", "r1 = load_acquire((u64 *)(r2 +0))",
    "r1 = load_acquire((u8 *)(r2 +0))", "store_release((u16 *)(r1 +2), r2)",
    "*(u8 *)(r1 +0) = 1", "*(u64 *)(r10 -8) = -1", "*(u32 *)(r1 +4) = r2",
    "lock *(u64 *)(r1 +0) += r2", "lock *(u32 *)(r1 +0) |= r2", "lock *(u64 *)(r1 +0) &= r2",
    "lock *(u64 *)(r1 +0) ^= r2", "r2 = atomic64_fetch_add((u64 *)(r1 +8), r2)",
    "r2 = atomic_fetch_or((u32 *)(r1 +8), r2)", "r2 = atomic64_fetch_and((u64 *)(r1 +8), r2)",
    "r2 = atomic_fetch_xor((u32 *)(r1 +8), r2)", "r2 = atomic64_xchg((u64 *)(r1 +8), r2)",
    "r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)",
    "r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)", "r0 = *(u8 *)skb[4]",
    "r0 = *(u32 *)skb[r7 + 12]", "r0 = *(u16 *)skb[r7 + -12]", "goto pc+3", "goto pc-1",
    "gotol pc+100000", "may_goto pc+2", "if r1 == r2 goto pc+1", "if r1 > 0x5 goto pc-3",
    "if w1 s< 0xfffffffb goto pc+3", "if w1 & w2 goto pc+1", "if r1 != 0x0 goto pc+1",
    "if r1 >= r2 goto pc+1", "if r1 s> r2 goto pc+1", "if r1 s>= 0x1 goto pc+1",
    "if r1 < r2 goto pc+1", "if r1 <= 0x1 goto pc+1", "if r1 s<= r2 goto pc+1",
    "call unknown#1", "call pc+7", "call kernel-function#1234", "callx r3", "exit",
];

#[test]
fn every_form_of_the_language_survives_a_round_trip() {
    for text in FORMS {
        assert_eq!(one(text).to_string(), *text);
    }
}

#[test]
fn labels_reach_forward_and_backward_and_count_both_slots_of_ld_imm64() {
    let program = assemble(
        "top: r1 = 0x1\nif r1 == 1 goto end\nr2 = subprog[top]\ncall end\ngoto top\nend:\nexit",
    );
    let texts: Vec<String> =
        decode_ops(&program.unwrap()).unwrap().iter().map(|(_, op)| op.to_string()).collect();
    assert_eq!(
        texts,
        [
            "r1 = 0x1",
            "if r1 == 0x1 goto pc+4",
            "r2 = subprog[-4]",
            "call pc+1",
            "goto pc-7",
            "exit"
        ]
    );
}

#[test]
fn a_pasted_kernel_log_line_is_read() {
    let program = "0: (b7) r0 = 1                        ; R0_w=1\n; a source line\n1: (95) exit\n";
    assert_eq!(assemble(program).unwrap(), assemble("r0 = 1\nexit # done\n").unwrap());
}

#[test]
fn hex_and_ll_make_a_wide_load_and_decimal_a_move() {
    assert_eq!(one("r1 = 7").slots(), 1);
    assert_eq!(one("r1 = 0x7").slots(), 2);
    assert_eq!(one("r1 = -2 ll").to_string(), "r1 = 0xfffffffffffffffe");
    assert_eq!(one("w1 = 0xffffffff").to_string(), "w1 = -1");
}

#[test]
fn errors_name_the_line_and_what_was_found() {
    let error = assemble("r0 = 0\nr0 = banana\nexit").unwrap_err();
    assert_eq!(error.line, 2);
    assert!(error.to_string().starts_with("line 2: expected"), "{error}");
}

#[test]
fn what_cannot_be_encoded_is_refused() {
    assert_eq!(refusal("goto nowhere"), Kind::UnknownLabel("nowhere".into()));
    assert_eq!(refusal("a: exit\na: exit"), Kind::DuplicateLabel("a".into()));
    assert_eq!(refusal("r11 = 0"), Kind::BadRegister("r11".into()));
    assert_eq!(refusal("r1 = w2"), Kind::BadRegister("w2".into()));
    assert_eq!(refusal("r1 = -r2"), Kind::BadRegister("r2".into()));
    assert_eq!(refusal("r1 = 4294967296"), Kind::BadNumber("4294967296".into()));
    assert_eq!(refusal("r1 += 0xffffffff"), Kind::BadNumber("4294967295".into()));
    assert_eq!(refusal("goto pc+40000"), Kind::BadNumber("40000".into()));
    assert_eq!(refusal("r1 = 0xfffffffffffffffff"), Kind::BadNumber("0xfffffffffffffffff".into()));
    assert_eq!(refusal("r1 = $"), Kind::BadCharacter('$'));
    for text in [
        "r0",
        "if r1 goto pc+1",
        "*(u64 *)(r1 +0)",
        "lock *(u8 *)(r1 +0) += r1",
        "r1 = *(s64 *)(r2 +0)",
        "exit 1",
        "r1 = (s32)",
        "w1 = (s32)w2",
        "r1 = le24 r1",
        "r1 = atomic_xchg((u64 *)(r1 +0), r1)",
        "r1 = *(u32 *)skb[0]",
    ] {
        assert!(assemble(text).is_err(), "{text} was taken");
    }
    let far = format!("goto end\n{}end: exit", "r0 = 0\n".repeat(40_000));
    assert_eq!(refusal(&far), Kind::TooFar("end".into()));
}
