//! Formatted text, against the running kernel.

use super::pair::Pair;
use super::user_page::{user_bytes, user_page};
use super::vector::Arg;

#[test]
fn formats_print_the_same() {
    let pair = Pair::new();
    let values = [0, 1, 255, 0x8000_0000, u64::MAX - 4, i64::MIN as u64];
    let integers = [
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
    for fmt in integers {
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
