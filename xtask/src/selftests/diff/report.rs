//! The table of `selftests --diff`, and the list of every program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::super::test_run::lacking;
use super::{Outcome, Row};

#[derive(Default)]
struct Counts {
    programs: u64,
    rejected: u64,
    not_run: u64,
    not_driven: u64,
    equal: u64,
    partly: u64,
    different: u64,
    unsupported: u64,
    /// Those of which the selftest says what they return, that can run.
    retval: u64,
}

impl Counts {
    fn add(&mut self, row: &Row) {
        self.programs += 1;
        self.retval += u64::from(row.has_retval && row.outcome.is_runnable());
        match &row.outcome {
            Outcome::Equal(excluded) => {
                self.equal += 1;
                self.partly += u64::from(!excluded.is_empty());
            }
            Outcome::Different(_) => self.different += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Unsupported(_) => self.unsupported += 1,
            Outcome::NotRun(_) => self.not_run += 1,
            Outcome::NotDriven(_) => self.not_driven += 1,
        }
    }

    const fn runnable(&self) -> u64 {
        self.equal + self.different + self.unsupported
    }

    fn percent(&self) -> String {
        match self.runnable() {
            0 => "-".to_owned(),
            all => format!("{:.1} %", 100.0 * self.equal as f64 / all as f64),
        }
    }
}

/// The table, why programs did not run, and with `list` what differs.
pub(crate) fn text(rows: &[Row], list: bool) -> String {
    let mut types: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    let mut reasons: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for row in rows {
        types.entry(&row.prog_type).or_default().add(row);
        all.add(row);
        let (result, why) = match &row.outcome {
            Outcome::Unsupported(what) => ("unsupported", lacking(what)),
            Outcome::NotRun(why) => ("not run", errno(why)),
            Outcome::NotDriven(why) => ("not driven", why.clone()),
            _ => continue,
        };
        *reasons.entry((result, why)).or_default() += 1;
    }
    let mut text = format!(
        "{:24} {:>8} {:>8} {:>7} {:>10} {:>8} {:>6} {:>6} {:>9} {:>6} {:>8} {:>8}\n",
        "type",
        "programs",
        "rejected",
        "not run",
        "not driven",
        "runnable",
        "equal",
        "partly",
        "different",
        "unsup.",
        "equal",
        "__retval"
    );
    for (name, c) in types.into_iter().chain([("all types", all)]) {
        let _ = writeln!(
            text,
            "{name:24} {:>8} {:>8} {:>7} {:>10} {:>8} {:>6} {:>6} {:>9} {:>6} {:>8} {:>8}",
            c.programs,
            c.rejected,
            c.not_run,
            c.not_driven,
            c.runnable(),
            c.equal,
            c.partly,
            c.different,
            c.unsupported,
            c.percent(),
            c.retval,
        );
    }
    text.push_str(
        "rejected: by both, in the same words; not run: by the kernel; partly: equal, and something was not compared\n",
    );
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for ((result, why), count) in reasons {
        let _ = writeln!(text, "  {result} {count:4}: {why}");
    }
    for row in rows.iter().filter(|_| list) {
        let Outcome::Different(told) = &row.outcome else { continue };
        let told = told.join("; ");
        let _ = writeln!(text, "{} {} ({}): {told}", row.object, row.program, row.prog_type);
    }
    text
}

/// What the kernel answered, without the name of what it was asked for.
fn errno(why: &str) -> String {
    match why.rsplit_once(": -E") {
        Some((_, errno)) => format!("-E{errno}"),
        None => why.to_owned(),
    }
}

/// Writes a line for each program.
pub(crate) fn write(path: &Path, rows: &[Row]) -> Result<(), String> {
    let mut text = String::from("object\tprogram\ttype\tretval\toutcome\thow\n");
    for row in rows {
        let (outcome, how) = match &row.outcome {
            Outcome::Equal(excluded) => ("equal", excluded.join("; ")),
            Outcome::Different(told) => ("different", told.join("; ")),
            Outcome::Rejected => ("rejected", String::new()),
            Outcome::Unsupported(what) => ("unsupported", what.clone()),
            Outcome::NotRun(why) => ("not-run", why.clone()),
            Outcome::NotDriven(why) => ("not-driven", why.clone()),
        };
        let how = how.replace(['\n', '\t'], " | ");
        let Row { object, program, prog_type, has_retval, .. } = row;
        let _ = writeln!(text, "{object}\t{program}\t{prog_type}\t{has_retval}\t{outcome}\t{how}");
    }
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
