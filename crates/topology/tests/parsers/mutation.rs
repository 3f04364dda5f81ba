//! Damaged texts: an error or a machine, never a panic, and soon.

use skep_topology::parse;

use crate::input;

/// A generator of numbers that repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Pieces that mean something in some form.
const PIECES: &[&str] = &[
    "\"",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "/>",
    "-",
    ",",
    ":",
    "=",
    "0",
    "1",
    "9999999999",
    "8191",
    "8192",
    "4294967296",
    "0xf...f",
    "0x",
    "0-8191",
    "null",
    "true",
    "x",
    "node",
    "threads",
    "é",
    "\u{0}",
    "\n",
    "-1",
    "1e308",
    "&lt;",
    "&x;",
    "<!--",
    "]]>",
    "\"\"\"",
    "'",
    "#",
    " ",
];

fn mutated(content: &str, random: &mut Random) -> String {
    let mut text: Vec<char> = content.chars().collect();
    for _ in 0..1 + random.below(4) {
        let at = random.below(text.len());
        let len = random.below(12).min(text.len() - at);
        match random.below(5) {
            0 => text.truncate(at),
            1 => drop(text.drain(at..at + len)),
            2 => {
                let copy = text[at..at + len].to_vec();
                text.splice(at..at, copy);
            }
            3 => drop(text.splice(at..at + len, PIECES[random.below(PIECES.len())].chars())),
            _ => drop(text.splice(at..at, PIECES[random.below(PIECES.len())].chars())),
        }
        if text.is_empty() {
            break;
        }
    }
    text.into_iter().collect()
}

fn survives(content: &str, rounds: usize) {
    let mut random = Random(7);
    let mut refused = 0;
    for _ in 0..rounds {
        let text = mutated(content, &mut random);
        match parse(&text) {
            Ok(read) => {
                assert!(read.topology.nr_cpu_ids() <= 8192 && read.topology.online().weight() > 0)
            }
            Err(error) => {
                let said = error.to_string();
                assert!(!said.is_empty() && said.len() < 1000, "{said}");
                refused += 1;
            }
        }
    }
    assert!(refused > rounds / 10, "only {refused} of {rounds} were refused");
}

#[test]
fn damaged_short_texts_are_refused_or_read() {
    survives(
        "2 nodes x 2 llcs x 4 cores x 2 threads, offline 3,7-9, freq 3.2GHz on 1, memory 64G",
        20_000,
    );
}

#[test]
fn damaged_files_are_refused_or_read() {
    survives(&input("cxl.toml"), 3_000);
    survives(&input("hybrid.toml"), 3_000);
}

#[test]
fn damaged_exports_of_lscpu_are_refused_or_read() {
    survives(&input("lscpu-table.json"), 3_000);
    survives(&input("lscpu-summary.json"), 3_000);
}

#[test]
fn damaged_exports_of_hwloc_are_refused_or_read() {
    survives(&input("two-nodes.xml"), 2_000);
    survives(&input("numa.xml"), 2_000);
}

#[test]
fn deep_and_endless_texts_end_soon() {
    let deep = |open: &str, n: usize| open.repeat(n);
    for text in [
        format!("{{\"cpus\":{}", deep("[", 200_000)),
        format!("{{\"lscpu\":{}", deep("[{\"field\":\"a\",\"children\":", 50_000)),
        deep("<a>", 200_000),
        format!("<topology version=\"2.0\">{}", deep("<object type=\"Group\">", 50_000)),
        format!("<topology {}>", deep("a=\"1\" ", 100_000)),
        format!("a = {}", deep("[", 100_000)),
        format!("shape = \"{}\"", deep("1 ", 100_000)),
        deep("8 cpus x ", 50_000),
        format!("8 cpus, offline {}", deep("0-7,", 100_000)),
        deep(" ", 1_000_000),
        deep("-", 100_000),
    ] {
        assert!(parse(&text).is_err(), "{}…", &text[..40]);
    }
}
