//! Programs that the verifier takes and whose result depends on every insn.

use std::fmt::Write as _;

/// A repeatable source of numbers (xorshift64*).
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    /// Edge values as often as any.
    fn value(&mut self) -> u64 {
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len() as u64) as usize],
            1 => self.next() >> self.below(64),
            _ => self.next(),
        }
    }

    fn imm(&mut self) -> i32 {
        self.value() as i32
    }

    fn reg(&mut self) -> u64 {
        self.below(10)
    }
}

#[rustfmt::skip]
const EDGES: &[u64] = &[
    0,
    1,
    2,
    3,
    7,
    31,
    32,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0x8000_0000_8000_0000,
    0xffff_ffff_0000_0000,
    0xffff_ffff_7fff_ffff,
    0xffff_ffff_8000_0000,
    0xffff_ffff_ffff_ff80,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

const BINARY: &[&str] =
    &["+=", "-=", "*=", "/=", "s/=", "%=", "s%=", "|=", "&=", "^=", "<<=", ">>=", "s>>=", "="];
const RELATIONS: &[&str] = &["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
#[rustfmt::skip]
const UNARY: &[&str] = &[
    "rD = -rD", "wD = -wD", "rD = le16 rD", "rD = le32 rD", "rD = le64 rD", "rD = be16 rD", "rD = be32 rD",
    "rD = be64 rD", "rD = bswap16 rD", "rD = bswap32 rD", "rD = bswap64 rD", "rD = (s8)rS", "rD = (s16)rS",
    "rD = (s32)rS", "wD = (s8)wS", "wD = (s16)wS",
];

/// Sets R0 to R9.
fn init(random: &mut Random, text: &mut String) {
    for reg in 0..10 {
        let _ = writeln!(text, "r{reg} = {:#x}", random.value());
    }
}

/// Folds R1 to R9 into R0, so that a wrong bit anywhere shows.
fn fold(text: &mut String) {
    for reg in 1..10 {
        let _ = writeln!(text, "r0 *= 31\nr0 ^= r{reg}");
    }
}

fn alu(random: &mut Random) -> String {
    let (dst, src) = (random.reg(), random.reg());
    if random.below(4) == 0 {
        return random.pick(UNARY).replace('D', &dst.to_string()).replace('S', &src.to_string());
    }
    let op = random.pick(BINARY);
    let (r, width) = if random.below(2) == 0 { ('r', 64) } else { ('w', 32) };
    if random.below(2) == 0 {
        return format!("{r}{dst} {op} {r}{src}");
    }
    // The verifier refuses immediates that would divide by zero or shift everything out.
    let imm = match op {
        "/=" | "s/=" | "%=" | "s%=" => {
            random.imm().max(1).wrapping_mul(1 - 2 * random.below(2) as i32)
        }
        "<<=" | ">>=" | "s>>=" => random.below(width) as i32,
        _ => random.imm(),
    };
    format!("{r}{dst} {op} {imm}")
}

fn jump(random: &mut Random, label: u64) -> String {
    let (dst, src, cond) = (random.reg(), random.reg(), random.pick(RELATIONS));
    let r = random.pick(&["r", "w"]);
    if random.below(2) == 0 {
        format!("if {r}{dst} {cond} {r}{src} goto l{label}")
    } else {
        format!("if {r}{dst} {cond} {} goto l{label}", random.imm())
    }
}

/// Arithmetic with jumps forward.
pub(super) fn scalars(random: &mut Random) -> String {
    let mut text = String::new();
    init(random, &mut text);
    for label in 0..4 {
        for _ in 0..random.below(12) {
            let _ = writeln!(text, "{}", alu(random));
        }
        let _ = writeln!(text, "{}", jump(random, label));
        for _ in 0..=random.below(6) {
            let _ = writeln!(text, "{}", alu(random));
        }
        let _ = writeln!(text, "l{label}:");
    }
    fold(&mut text);
    text
}

#[rustfmt::skip]
const ATOMIC: &[&str] = &[
    "lock *(uB *)(M) += rS", "lock *(uB *)(M) |= rS", "lock *(uB *)(M) &= rS", "lock *(uB *)(M) ^= rS",
    "rS = atomicP_fetch_add((uB *)(M), rS)", "rS = atomicP_fetch_or((uB *)(M), rS)",
    "rS = atomicP_fetch_and((uB *)(M), rS)", "rS = atomicP_fetch_xor((uB *)(M), rS)",
    "rS = atomicP_xchg((uB *)(M), rS)", "r0 = atomicP_cmpxchg((uB *)(M), r0, rS)",
];

/// One access to the 64 bytes below the frame pointer.
fn access(random: &mut Random) -> String {
    let bits = 8 << random.below(4);
    let len = bits / 8;
    let off = -(((random.below(64 / len) + 1) * len) as i64);
    let (dst, src, mem) = (random.reg(), random.reg(), format!("r10 {off:+}"));
    match random.below(7) {
        0 => format!("*(u{bits} *)({mem}) = {}", random.imm()),
        1 => format!("*(u{bits} *)({mem}) = r{src}"),
        2 => format!("r{dst} = *(u{bits} *)({mem})"),
        3 if bits < 64 => format!("r{dst} = *(s{bits} *)({mem})"),
        4 => format!("r{dst} = load_acquire((u{bits} *)({mem}))"),
        5 => format!("store_release((u{bits} *)({mem}), r{src})"),
        _ if bits >= 32 => random
            .pick(ATOMIC)
            .replace('B', &bits.to_string())
            .replace('M', &mem)
            .replace('P', if bits == 64 { "64" } else { "" })
            .replace('S', &src.to_string()),
        _ => alu(random),
    }
}

/// Loads, stores and atomics on the stack, mixed with arithmetic.
pub(super) fn memory(random: &mut Random) -> String {
    let mut text = String::new();
    init(random, &mut text);
    for slot in 1..=8 {
        let _ = writeln!(text, "*(u64 *)(r10 -{}) = r{slot}", slot * 8);
    }
    for _ in 0..30 {
        let insn = if random.below(3) == 0 { alu(random) } else { access(random) };
        let _ = writeln!(text, "{insn}");
    }
    fold(&mut text);
    for slot in 1..=8 {
        let _ = writeln!(text, "r1 = *(u64 *)(r10 -{})\nr0 *= 31\nr0 ^= r1", slot * 8);
    }
    text
}

/// Every operation on R1 and R2, the result in R1.
#[rustfmt::skip]
pub(super) const OPERATIONS: &[&str] = &[
    "r1 += r2", "r1 -= r2", "r1 *= r2", "r1 /= r2", "r1 s/= r2", "r1 %= r2", "r1 s%= r2", "r1 |= r2", "r1 &= r2",
    "r1 ^= r2", "r1 <<= r2", "r1 >>= r2", "r1 s>>= r2", "r1 = r2", "w1 += w2", "w1 -= w2", "w1 *= w2", "w1 /= w2",
    "w1 s/= w2", "w1 %= w2", "w1 s%= w2", "w1 |= w2", "w1 &= w2", "w1 ^= w2", "w1 <<= w2", "w1 >>= w2", "w1 s>>= w2",
    "w1 = w2", "r1 = -r1", "w1 = -w1", "r1 = le16 r1", "r1 = be32 r1", "r1 = bswap64 r1", "r1 = (s8)r2",
    "r1 = (s16)r2", "r1 = (s32)r2", "w1 = (s8)w2", "w1 = (s16)w2",
];

pub(super) fn edge_pairs() -> impl Iterator<Item = (u64, u64)> {
    EDGES.iter().flat_map(|a| EDGES.iter().map(|b| (*a, *b)))
}

/// One operation on a pair.
pub(super) fn one_operation(op: &str, a: u64, b: u64) -> String {
    format!("r1 = {a:#x}\nr2 = {b:#x}\n{op}\nr0 = r1")
}

/// All operations on a pair, and all relations, folded into R0.
pub(super) fn all_operations(a: u64, b: u64) -> String {
    let mut text = "r0 = 0\n".to_owned();
    for op in OPERATIONS {
        let _ = writeln!(text, "r1 = {a:#x}\nr2 = {b:#x}\n{op}\nr0 *= 31\nr0 ^= r1");
    }
    let mut label = 0;
    for relation in RELATIONS {
        for r in ['r', 'w'] {
            let _ = writeln!(
                text,
                "r1 = {a:#x}\nr2 = {b:#x}\nr0 *= 31\nif {r}1 {relation} {r}2 goto l{label}\nr0 += 1\nl{label}:"
            );
            label += 1;
        }
    }
    text
}
