//! The table by program type, and a file with a line for each program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Outcome, Row};

#[derive(Default)]
struct Counts {
    driven: u64,
    ran: u64,
    equal: u64,
    different: u64,
    unsupported: u64,
    trapped: u64,
    expected: u64,
    kernel_as_expected: u64,
    skep_as_expected: u64,
    varying: u64,
}

impl Counts {
    fn add(&mut self, row: &Row) {
        match row.outcome {
            Outcome::NotDriven(_) => return,
            Outcome::Equal => (self.ran, self.equal) = (self.ran + 1, self.equal + 1),
            Outcome::Partly => (self.ran, self.varying) = (self.ran + 1, self.varying + 1),
            Outcome::Different(_) => {
                (self.ran, self.different) = (self.ran + 1, self.different + 1)
            }
            Outcome::Unsupported(_) => self.unsupported += 1,
            Outcome::Trapped(_) => self.trapped += 1,
        }
        self.driven += 1;
        if let Some((_, kernel, skep)) = row.expected {
            self.expected += 1;
            self.kernel_as_expected += u64::from(kernel);
            self.skep_as_expected += u64::from(skep);
        }
    }
}

/// The table, and with `list` the programs that differ.
pub(crate) fn text(rows: &[Row], list: bool) -> String {
    let mut types: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    let mut missing: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for row in rows {
        types.entry(&row.prog_type).or_default().add(row);
        all.add(row);
        match &row.outcome {
            Outcome::Unsupported(what) => {
                *missing.entry(("unsupported", lacking(what))).or_default() += 1;
            }
            // Nothing else keeps the kernel from running what it has loaded.
            Outcome::NotDriven(why) if why.starts_with("not attached") => {
                *missing.entry(("not run", why.clone())).or_default() += 1;
            }
            _ => {}
        }
    }
    let mut text = format!(
        "{:24} {:>6} {:>6} {:>6} {:>9} {:>6} {:>6} {:>7} {:>9} {:>9} {:>9}\n",
        "type",
        "driven",
        "ran",
        "equal",
        "different",
        "unsup.",
        "traps",
        "partly",
        "__retval",
        "kernel",
        "skep"
    );
    for (name, c) in types.into_iter().chain([("all types", all)]) {
        let _ = writeln!(
            text,
            "{name:24} {:>6} {:>6} {:>6} {:>9} {:>6} {:>6} {:>7} {:>9} {:>9} {:>9}",
            c.driven,
            c.ran,
            c.equal,
            c.different,
            c.unsupported,
            c.trapped,
            c.varying,
            c.expected,
            c.kernel_as_expected,
            c.skep_as_expected,
        );
    }
    text.push_str(
        "partly: equal but for what differs between two runs in the kernel, for stack that was never written, or for chance\n",
    );
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for ((result, what), count) in missing {
        let _ = writeln!(text, "  {result} {count:4}: {what}");
    }
    let bad = rows.iter().filter(|row| list && row.is_bad());
    for row in bad {
        let how = match &row.outcome {
            Outcome::Different(how) | Outcome::Trapped(how) => how.as_str(),
            _ => "",
        };
        let _ = writeln!(text, "{} {} ({}): {how}", row.object, row.program, row.prog_type);
    }
    text
}

/// What skep lacks, without the program that wants it.
pub(crate) fn lacking(what: &str) -> String {
    for start in ["skep does not implement ", "of type ", "direct access "] {
        if let Some((_, rest)) = what.split_once(start) {
            let rest = rest.trim_end_matches(" yet");
            return format!("{}{rest}", if start == "of type " { "map of type " } else { "" });
        }
    }
    what.to_owned()
}

/// Writes a line for each program.
pub(crate) fn write(path: &Path, rows: &[Row]) -> Result<(), String> {
    let mut text = String::from("object\tprogram\ttype\toutcome\texpected\thow\n");
    for row in rows {
        let (outcome, how) = match &row.outcome {
            Outcome::NotDriven(why) => ("not-driven", why.as_str()),
            Outcome::Equal => ("equal", ""),
            Outcome::Partly => ("partly", row.excluded.as_str()),
            Outcome::Different(how) => ("different", how.as_str()),
            Outcome::Unsupported(what) => ("unsupported", what.as_str()),
            Outcome::Trapped(how) => ("trapped", how.as_str()),
        };
        let expected = row.expected.map_or_else(String::new, |(value, kernel, skep)| {
            format!("{value:#x} kernel={kernel} skep={skep}")
        });
        let how = how.replace(['\n', '\t'], " | ");
        let _ = writeln!(
            text,
            "{}\t{}\t{}\t{outcome}\t{expected}\t{how}",
            row.object, row.program, row.prog_type
        );
    }
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
