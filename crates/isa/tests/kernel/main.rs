//! The running kernel as the judge of text and of encodings.

use std::collections::BTreeMap;

use skep_abi::ProgType;
use skep_host::{LogBuffer, LogLevel, Program, Verdict};
use skep_isa::{Insn, Op, Reg, assemble};

/// What the kernel makes of a socket filter, with all of its log.
fn judge(insns: &[Insn]) -> Verdict {
    Program::new(ProgType::SocketFilter, insns).judge_once(LogLevel::ALL, &mut LogBuffer::whole())
}

/// Tells whether this process may load programs; prints why not.
fn may_load(test: &str) -> bool {
    let verdict = judge(&assemble("r0 = 0\nexit").expect("two plain insns"));
    if let Some(errno) = verdict.errno {
        skep_skip::skipped!("{test}: bpf(BPF_PROG_LOAD) is refused here: {errno}");
    }
    verdict.is_accepted()
}

/// Gives every register but R10 a value, so that no read fails before the insn under test is printed.
const INIT: &str =
    "r6 = r1\nr0 = 0\nr1 = 0\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0\nr7 = 0\nr8 = 0\nr9 = 0\n";
const INIT_LEN: usize = 10;

/// The text of insn `idx` in a log of level 2, without index, opcode and state.
fn logged(log: &str, idx: usize) -> Option<&str> {
    let head = format!("{idx}: (");
    let line = log.lines().find(|line| line.starts_with(&head))?;
    let text = &line[head.len()..];
    let text = text.split_once(')')?.1;
    Some(text.split(" ;").next()?.trim())
}

/// Instructions whose text the kernel must print the same.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "r1 = 5", "r1 = -5", "w1 = -5", "r1 = r2", "w1 = w2", "r1 += r2", "w1 -= -7", "r1 *= 3",
    "r1 /= r2", "r1 s/= 4", "w1 s/= w2", "r1 |= r3", "w1 &= 255", "r1 <<= 3", "r1 >>= r4",
    "r1 %= 9", "w1 s%= -9", "r1 ^= r1", "r1 s>>= 63", "w1 s>>= 3", "r3 = -r3", "w3 = -w3",
    "r1 = (s8)r2", "r1 = (s16)r2", "r1 = (s32)r2", "w1 = (s8)w2", "w1 = (s16)w2",
    "r1 = addr_space_cast(r2, 0, 1)", "r1 = addr_space_cast(r2, 1, 0)", "r1 = le16 r1",
    "r1 = le64 r1", "r1 = be16 r1", "r1 = be32 r1", "r1 = bswap16 r1", "r1 = bswap64 r1",
    "r1 = 0xffffffffffffffff", "r1 = 0x0", "r1 = *(u8 *)(r2 +0)", "r1 = *(u16 *)(r2 -2)",
    "r1 = *(u32 *)(r6 +4)", "r1 = *(u64 *)(r10 -8)", "r1 = *(s8 *)(r2 +0)",
    "r1 = *(s16 *)(r2 +0)", "r1 = *(s32 *)(r2 +0)", "r1 = load_acquire((u64 *)(r2 +0))",
    "r1 = load_acquire((u8 *)(r2 +0))", "store_release((u16 *)(r10 -2), r2)",
    "*(u8 *)(r10 -1) = 1", "*(u64 *)(r10 -8) = -1", "*(u32 *)(r1 +4) = r2",
    "lock *(u64 *)(r10 -8) += r2", "lock *(u32 *)(r1 +0) |= r2", "lock *(u64 *)(r1 +0) &= r2",
    "lock *(u64 *)(r1 +0) ^= r2", "r2 = atomic64_fetch_add((u64 *)(r1 +8), r2)",
    "r2 = atomic_fetch_or((u32 *)(r1 +8), r2)", "r2 = atomic64_fetch_and((u64 *)(r1 +8), r2)",
    "r2 = atomic_fetch_xor((u32 *)(r1 +8), r2)", "r2 = atomic64_xchg((u64 *)(r1 +8), r2)",
    "r2 = atomic_xchg((u32 *)(r1 +8), r2)", "r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)",
    "r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)", "r0 = *(u8 *)skb[4]",
    "r0 = *(u32 *)skb[r7 + 12]", "r0 = *(u16 *)skb[r7 + -12]", "goto pc+0", "gotol pc+0",
    "may_goto pc+1", "if r1 == r2 goto pc+1", "if r1 > 0x5 goto pc+0",
    "if w1 s< 0xfffffffb goto pc+1", "if w1 & w2 goto pc+1", "if r1 & 0x7 goto pc+1",
    "if r1 != 0x0 goto pc+1", "if r1 >= r2 goto pc+1", "if r1 s> r2 goto pc+1",
    "if r1 s>= 0x1 goto pc+1", "if r1 < r2 goto pc+1", "if r1 <= 0x1 goto pc+1",
    "if r1 s<= r2 goto pc+1",
];

#[test]
fn text_equals_that_of_the_kernels_log() {
    if !may_load("text_equals_that_of_the_kernels_log") {
        return;
    }
    for text in TEXTS {
        let program = assemble(&format!("{INIT}{text}\nr0 = 0\nexit")).unwrap();
        let log = judge(&program).log;
        let ours = skep_isa::decode_at(&program, skep_isa::InsnIdx(INIT_LEN as u32)).unwrap();
        assert_eq!(logged(&log, INIT_LEN), Some(ours.to_string().as_str()), "{text}:\n{log}");
        assert_eq!(ours.to_string(), *text);
    }
}

#[test]
fn calls_print_with_the_names_that_the_caller_gives() {
    struct Lookup;
    impl skep_isa::Names for Lookup {
        fn helper(&self, id: i32) -> Option<&str> {
            (id == 5).then_some("bpf_ktime_get_ns")
        }
    }
    let program = assemble("call 5\ncall pc+2\nr0 = 0\nexit\nr0 = 1\nexit").unwrap();
    let ours: Vec<String> =
        skep_isa::ops(&program).map(|(_, op)| op.unwrap().display(&Lookup).to_string()).collect();
    assert_eq!(ours[0], "call bpf_ktime_get_ns#5");
    if !may_load("calls_print_with_the_names_that_the_caller_gives") {
        return;
    }
    let log = judge(&program).log;
    for idx in [0, 1] {
        assert_eq!(logged(&log, idx), Some(ours[idx].as_str()), "{log}");
    }
}

const CALLX: u8 = 0x8d;

/// The kernel's words for an encoding that no state could make right.
const MALFORMED: &[&str] = &[
    "unknown opcode",
    "reserved fields",
    "is invalid",
    "unrecognized bpf_ld_imm64",
    "invalid bpf_ld_imm64",
    "invalid BPF_LD_IMM insn",
    "invalid atomic opcode",
    "invalid atomic operand size",
    "addr_space_cast insn can only convert",
    "uses invalid",
    "BPF_LD_[ABS|IND] uses",
    "invalid may_goto",
];

#[test]
fn decoding_refuses_what_the_kernel_calls_malformed() {
    if !may_load("decoding_refuses_what_the_kernel_calls_malformed") {
        return;
    }
    let tail = assemble("r0 = 0\nexit").unwrap();
    let mut differing = BTreeMap::new();
    let mut checked = 0;
    for code in 0..=u8::MAX {
        if code == CALLX {
            continue; // clang emits it, no kernel takes it, and skep can name it.
        }
        for (dst, src) in [(0, 0), (2, 0), (0, 1), (3, 2), (2, 11), (12, 0), (10, 6)] {
            for off in [0i16, 1, -1, 2, 8, 16, 24, 32] {
                for imm in [0, 1, 16, 24, 0x40, 0xe1, 0x41, 0x100, 0x110, 0x20, 1 << 16] {
                    let insn = Insn { code, dst: Reg(dst), src: Reg(src), off, imm };
                    let mut program = assemble(INIT).unwrap();
                    program.push(insn);
                    if code == 0x18 {
                        program.push(Insn::default());
                    }
                    program.extend(&tail);
                    let log = judge(&program).log;
                    if EARLIER.iter().any(|words| log.contains(words)) {
                        continue;
                    }
                    let refused = MALFORMED.iter().any(|words| log.contains(words));
                    let ours = Op::decode(insn, Some(Insn::default()));
                    checked += 1;
                    if refused != ours.is_err() {
                        let last = log.lines().rev().nth(1).unwrap_or_default().to_owned();
                        differing.entry((code, last)).or_insert((insn, ours));
                    }
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
    let shown: String = differing.iter().map(|entry| format!("{entry:?}\n")).collect();
    assert!(differing.is_empty(), "of {checked}:\n{shown}");
}

/// What the kernel finds wrong with control flow and maps before it looks at every encoding.
const EARLIER: &[&str] = &[
    "is not pointing to valid bpf_map",
    "fd_idx without fd_array",
    "call to invalid destination",
    "failed to find BTF for kernel function",
    "is not a function",
    "has an associated arena",
    "unreachable insn",
    "jump out of range",
    "infinite loop",
    "last insn is not",
];
