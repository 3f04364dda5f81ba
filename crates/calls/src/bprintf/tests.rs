//! Formats against what Linux 6.18 prints.

use skep_abi::Errno;

use super::{Fetch, Rendered, StrSpace, prepare, render};

/// Memory with one string at each address that is a multiple of 16.
struct Strings;

impl Fetch for Strings {
    fn bytes(&mut self, addr: u64, into: &mut [u8]) {
        into.iter_mut().zip(0u8..).for_each(|(to, n)| *to = addr as u8 + n);
    }

    fn string(&mut self, addr: u64, space: StrSpace, max: usize) -> Option<Vec<u8>> {
        if !addr.is_multiple_of(16) {
            return None;
        }
        let mut text = format!("{space:?}").into_bytes();
        text.truncate(max - 1);
        text.push(0);
        Some(text)
    }
}

fn printed(fmt: &str, args: &[u64]) -> Result<String, Errno> {
    let bin = prepare(fmt.as_bytes(), args, &mut Strings)?;
    let Rendered { text, len } = render(fmt.as_bytes(), &bin, 1024, |_| 0xabcd);
    assert_eq!(text.len() as u64, len.min(1023));
    Ok(String::from_utf8(text).unwrap())
}

#[test]
fn integers_take_the_width_of_their_modifier() {
    let minus_5 = -5i64 as u64;
    for (fmt, arg, text) in [
        ("%d", minus_5, "-5"),
        ("%i", minus_5, "-5"),
        ("%u", minus_5, "4294967291"),
        ("%x", minus_5, "fffffffb"),
        ("%X", minus_5, "FFFFFFFB"),
        ("%ld", minus_5, "-5"),
        ("%lu", minus_5, "18446744073709551611"),
        ("%lld", minus_5, "-5"),
        ("%llx", minus_5, "fffffffffffffffb"),
        ("%d", 1 << 32, "0"),
    ] {
        assert_eq!(printed(fmt, &[arg]).as_deref(), Ok(text), "{fmt}");
    }
}

#[test]
fn flags_and_widths_are_those_of_the_kernel() {
    for (fmt, arg, text) in [
        ("%5d|", 255, "  255|"),
        ("%-5d|", 255, "255  |"),
        ("%05d|", -5i64 as u64, "-0005|"),
        ("%+d", 255, "+255"),
        ("% d", 255, " 255"),
        ("%0-+ 8d|", 255, "+255    |"),
        ("%08lx", 255, "000000ff"),
        ("%5c|", 65, "    A|"),
        ("%-5c|", 65, "A    |"),
        ("%12s|", 16, "      Either|"),
        ("%-12s|", 16, "Either      |"),
        ("%2s|", 16, "Either|"),
        ("%%", 0, "%"),
    ] {
        assert_eq!(printed(fmt, &[arg]).as_deref(), Ok(text), "{fmt}");
    }
}

#[test]
fn pointers_are_hashed_shown_or_named() {
    for (fmt, arg, text) in [
        ("%p", 0xff, "000000000000abcd"),
        ("%p.", 0xff, "000000000000abcd."),
        ("%pK", 0xff, "000000000000abcd"),
        ("%p", 0, "0000000000000000"),
        ("%p", -5i64 as u64, "fffffffffffffffb"),
        ("%px", 0xff, "00000000000000ff"),
        ("%20px|", 0xff, "                  ff|"),
        ("%-20px|", 0xff, "ff                  |"),
        ("%pB", 0xff, "0xff"),
        ("%ps", 0xff, "0xff"),
        ("%10pS|", 0xff, "      0xff|"),
        ("%pks", 16, "Kernel"),
        ("%pus!", 16, "User!"),
        ("%9pks|", 16, "Kernel|"),
        ("%pI4", 10, "10.11.12.13"),
        ("%pi4", 10, "010.011.012.013"),
        ("%10pI4|", 1, "1.2.3.4|"),
        ("%pI4h", 1, "1.2.3.4"),
        ("%pI6", 16, "1011:1213:1415:1617:1819:1a1b:1c1d:1e1f"),
        ("%pi6", 16, "101112131415161718191a1b1c1d1e1f"),
    ] {
        assert_eq!(printed(fmt, &[arg]).as_deref(), Ok(text), "{fmt}");
    }
}

#[test]
fn what_cannot_be_read_prints_as_nothing() {
    assert_eq!(printed("<%s>", &[1]).as_deref(), Ok("<>"));
    assert_eq!(printed("<%pks>", &[1]).as_deref(), Ok("<>"));
}

#[test]
fn the_kernels_refusals_are_refused() {
    for fmt in [
        "%", "%h", "%hd", "%.3d", "%#x", "%o", "%5%", "%lllx", "%ls", "%n", "%f", "%sx", "%pksx",
        "%pk", "%pkx", "%pe", "%pd", "%pI7", "%pI", "%p4", "\x01", "\x7f", "%l", "%*d",
    ] {
        assert_eq!(printed(fmt, &[0]), Err(Errno::EINVAL), "{fmt:?}");
    }
    assert_eq!(printed("%d %d", &[0]), Err(Errno::EINVAL));
    assert_eq!(printed("%%%d", &[]), Err(Errno::EINVAL));
}

#[test]
fn plain_text_may_hold_white_space_and_utf_8() {
    assert_eq!(printed("\t\n%dé", &[1]).as_deref(), Ok("\t\n1é"));
    assert_eq!(printed("no arguments needed", &[1, 2]).as_deref(), Ok("no arguments needed"));
}

#[test]
fn packed_arguments_have_512_bytes() {
    let many = "%s".repeat(80);
    assert_eq!(printed(&many, &[16; 80]), Err(Errno::ENOSPC));
    // 73 strings of 7 bytes with their NUL take 511; the next one is cut to its NUL.
    let some = "%s".repeat(74);
    assert_eq!(printed(&some, &[16; 74]).map(|text| text.len()), Ok(73 * 6));
    let words = "%lld".repeat(65);
    assert_eq!(printed(&words, &[1; 65]), Err(Errno::ENOSPC));
    assert_eq!(printed(&"%lld".repeat(64), &[1; 64]).map(|text| text.len()), Ok(64));
}

#[test]
fn widths_of_millions_are_counted_not_written() {
    let cases = [
        ("%1000000d", 1_000_000),
        ("%99999999999d", 8_388_607),
        ("%2147483647d", 8_388_607),
        ("%4294967290d", 1),
    ];
    for (fmt, len) in cases {
        let bin = prepare(fmt.as_bytes(), &[7], &mut Strings).unwrap();
        let rendered = render(fmt.as_bytes(), &bin, 8, |_| 0);
        assert_eq!(rendered.len, len, "{fmt}");
        assert_eq!(rendered.text.len() as u64, len.min(7), "{fmt}");
    }
}

#[test]
fn a_full_buffer_neither_counts_nor_consumes_ready_made_text() {
    let fmt = b"%d%pks%d";
    let bin = prepare(fmt, &[1234, 16, 9], &mut Strings).unwrap();
    assert_eq!(render(fmt, &bin, 64, |_| 0).text, b"1234Kernel9");
    let cut = render(fmt, &bin, 4, |_| 0);
    assert_eq!(cut.text, b"123");
    // "Kern" is what the last conversion then takes for its number.
    assert_eq!(cut.len, 4 + u32::from_le_bytes(*b"Kern").to_string().len() as u64);
}

#[test]
fn without_room_nothing_is_written() {
    let rendered = render(b"text", &[], 0, |_| 0);
    assert_eq!(rendered, Rendered { text: Vec::new(), len: 4 });
}
