//! Formatted text, against the running kernel.

use super::pair::Pair;
use super::user_page::{user_bytes, user_page};
use super::vector::Arg;

/// Formats with one conversion, or none.
const ONE_ARGUMENT: &[&str] = &[
    "%d",
    "%i",
    "%u",
    "%x",
    "%X",
    "%ld",
    "%lu",
    "%lx",
    "%lld",
    "%lli",
    "%llu",
    "%llx",
    "%llX",
    "%5d|",
    "%-5d|",
    "%05d|",
    "%+d",
    "% d",
    "%0-+ 8d|",
    "%08lx",
    "%-12llx|",
    "%024llu",
    "%c",
    "%5c|",
    "%-5c|",
    "%05c|",
    "%px",
    "%20px|",
    "%-20px|",
    "%020px|",
    "%pB",
    "%ps",
    "%pS",
    "%20ps|",
    "%-20pS|",
    "%%",
    "%d%%",
    "\t%d\n",
    "é%dé",
    "%px.",
    "%px x",
    "%100d",
    "%1000000d",
    "%99999999999d",
    "%4294967290d",
    "%-1000d|",
    "%8388608d",
    "%s",
    "%pks",
    "%pus",
    "%10s|",
    "%-10s|",
    "%9pks|",
    "%pI4",
    "%pi4",
    "%pI6",
    "%pi6",
    "%10pI4|",
    "%pI4h",
];

#[test]
fn formats_print_the_same() {
    let pair = Pair::new();
    let values = [0, 1, 255, 0x8000_0000, u64::MAX - 4, i64::MIN as u64];
    for fmt in ONE_ARGUMENT {
        for value in values {
            // A hashed pointer differs by boot, so `%p` gets what is never hashed.
            let mut memory = vec![0xaa; 64];
            memory.extend(value.to_le_bytes());
            for size in [0, 1, 5, 40] {
                let args = [
                    Arg::Scratch(0),
                    Arg::Value(size),
                    Arg::ConstStr(fmt),
                    Arg::Scratch(64),
                    Arg::Value(8),
                ];
                if !pair.agree(
                    "bpf_snprintf",
                    &args,
                    &memory,
                    &format!("{fmt:?} {value:#x} {size}"),
                ) {
                    return;
                }
            }
        }
    }
    for (fmt, value) in [("%p", 0), ("%p|", u64::MAX), ("%pK", 0), ("%20p|", u64::MAX - 4000)] {
        let memory = [vec![0xaa; 64], value.to_le_bytes().to_vec()].concat();
        let args =
            [Arg::Scratch(0), Arg::Value(40), Arg::ConstStr(fmt), Arg::Scratch(64), Arg::Value(8)];
        pair.agree("bpf_snprintf", &args, &memory, fmt);
    }
}

#[test]
fn many_arguments_print_the_same() {
    let mut pair = Pair::new();
    let strings = b"one\0two\0\0four\0";
    let page = user_page(strings);
    pair.bench.user.0.insert(page, user_bytes(page));
    let (one, two, empty, four) = (page, page + 4, page + 8, page + 9);
    for (fmt, args) in [
        ("%s %s|%s|%s", vec![one, two, empty, four]),
        ("%d%s%lld%c%s%x", vec![1, one, 2, 0x41, four, 3]),
        ("%s%d%s%d", vec![empty, 7, empty, 8]),
        ("%pus%d%pus", vec![two, 0x4142_4344, one]),
        ("%c%c%c%d", vec![0x61, 0x62, 0x63, 9]),
        ("%d%pus%d", vec![1234, four, 9]),
        ("%s%pks%px", vec![one, one, one]),
        ("%d %d %d %d %d %d %d %d %d %d %d %d", (0..12).collect()),
        ("%d", (0..12).collect()),
        ("no conversion", vec![]),
        ("%lld%lld%lld%lld%lld%lld%lld%lld%lld%lld%lld%lld", vec![u64::MAX; 12]),
    ] {
        for size in [0, 1, 2, 3, 4, 5, 8, 13, 64] {
            let mut memory = vec![0xaa; 128];
            memory.extend(args.iter().flat_map(|arg| arg.to_le_bytes()));
            let regs = [
                Arg::Scratch(0),
                Arg::Value(size),
                Arg::ConstStr(fmt),
                Arg::Scratch(128),
                Arg::Value(8 * args.len() as u64),
            ];
            if !pair.agree("bpf_snprintf", &regs, &memory, &format!("{fmt:?} {size}")) {
                return;
            }
        }
    }
}

#[test]
fn strings_that_do_not_fit_are_cut_or_refused_the_same() {
    let mut pair = Pair::new();
    // 4095 times 'x', then a NUL: strings of any length up to that by their start.
    let page = user_page(b"");
    pair.bench.user.0.insert(page, user_bytes(page));
    let text = |len: u64| page + 4095 - len;
    for lens in [
        vec![510],
        vec![511],
        vec![512],
        vec![2000],
        vec![100; 5],
        vec![100; 6],
        vec![511, 0],
        vec![510, 0],
        vec![510, 1],
        vec![506, 0],
        vec![507, 0],
        vec![508, 0],
    ] {
        // A last argument of 0 is a number instead, which needs four aligned bytes.
        let fmt: String = lens.iter().map(|len| if *len == 0 { "%d" } else { "%s" }).collect();
        let args = lens.iter().map(|len| if *len == 0 { 7 } else { text(*len) });
        let mut memory = vec![0xaa; 2048];
        memory.extend(args.flat_map(u64::to_le_bytes));
        for size in [8, 2040] {
            let regs = [
                Arg::Scratch(0),
                Arg::Value(size),
                Arg::ConstStr(&fmt),
                Arg::Scratch(2048),
                Arg::Value(8 * lens.len() as u64),
            ];
            if !pair.agree("bpf_snprintf", &regs, &memory, &format!("{lens:?} {size}")) {
                return;
            }
        }
    }
}

/// Formats that the kernel must see at run time, for the verifier would refuse some of them as constants.
const PRINTED: &[&str] = &[
    "plain",
    "",
    "%d %x %lu",
    "%d %d %d %d",
    "%",
    "%h",
    "%hd",
    "%.3d",
    "%#x",
    "%o",
    "%5%",
    "%lllx",
    "%ls",
    "%n",
    "%f",
    "%sx",
    "%s.",
    "%pksx",
    "%pk",
    "%pkx",
    "%pe",
    "%pd",
    "%pI7",
    "%pI",
    "%p4",
    "%p.",
    "%px",
    "%pK",
    "%pxx",
    "%pB!",
    "%l",
    "%*d",
    "%é",
    "%pé",
    "%sé",
    "%dé",
    "é",
    "\u{a0}%d",
    "\x01",
    "\x7f",
    "\t\n%d",
    "%%%d",
    "%d%",
    "%-0+ 5d",
    "%- d",
    "%2000d",
    "%99999999d",
    "%c%c%c",
    "%i %X %lld",
    "%llX%lli",
    "%s",
    "%pks",
    "%pus",
    "%pI4",
    "%pi6",
    "%5c|",
    "%5",
    "%5p|",
    "% ",
];

#[test]
fn printed_lines_have_the_same_length_and_refusals() {
    let pair = Pair::new();
    for fmt in PRINTED {
        let memory = [fmt.as_bytes(), &[0], &[0xaa; 8]].concat();
        for size in [fmt.len() as u64, fmt.len() as u64 + 1, fmt.len() as u64 + 4] {
            if size == 0 {
                continue;
            }
            let values = [0, 255, u64::MAX - 4].map(Arg::Value);
            let args = [Arg::Scratch(0), Arg::Value(size), values[0], values[1], values[2]];
            if !pair.agree("bpf_trace_printk", &args, &memory, &format!("{fmt:?} {size}")) {
                return;
            }
            for words in [0, 1, 3] {
                let args =
                    [Arg::Scratch(0), Arg::Value(size), Arg::Scratch(1024), Arg::Value(8 * words)];
                let what = format!("{fmt:?} {size} {words}");
                pair.agree("bpf_trace_vprintk", &args, &memory, &what);
            }
        }
    }
}
