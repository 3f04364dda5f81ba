//! The comparison by program type, and its files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::row::{Difference, Outcome, Row};

/// Numbers of one program type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) decided: u64,
    pub(crate) agree: u64,
    pub(crate) false_accept: u64,
    pub(crate) false_reject: u64,
    pub(crate) unsupported: u64,
    /// Crashed or timed out.
    pub(crate) lost: u64,
    pub(crate) agreed_accepted: u64,
    pub(crate) equal_insns: u64,
    pub(crate) near_insns: u64,
    pub(crate) agreed_rejected: u64,
    pub(crate) equal_message: u64,
    /// Microseconds.
    pub(crate) kernel_time: u64,
    pub(crate) skep_time: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, row: &Row) {
        self.decided += 1;
        let difference = row.difference();
        self.agree += u64::from(difference.agrees());
        match difference {
            Difference::FalseAccept => self.false_accept += 1,
            Difference::FalseReject => self.false_reject += 1,
            Difference::Unsupported => self.unsupported += 1,
            Difference::Crashed | Difference::TimedOut => self.lost += 1,
            Difference::None | Difference::Message | Difference::Insns => {
                if row.kernel.outcome == Outcome::Accepted {
                    self.agreed_accepted += 1;
                    self.equal_insns += u64::from(row.kernel.insns == row.skep.insns);
                    self.near_insns += u64::from(row.is_near());
                } else {
                    self.agreed_rejected += 1;
                    self.equal_message += u64::from(row.kernel.message == row.skep.message);
                }
            }
        }
        self.kernel_time += row.kernel.time;
        self.skep_time += row.skep.time;
    }

    fn json(&self) -> Value {
        json!({
            "decided": self.decided, "agree": self.agree, "false_accept": self.false_accept,
            "false_reject": self.false_reject, "unsupported": self.unsupported, "lost": self.lost,
            "agreed_accepted": self.agreed_accepted, "equal_insns": self.equal_insns,
            "near_insns": self.near_insns, "agreed_rejected": self.agreed_rejected,
            "equal_message": self.equal_message, "kernel_usec": self.kernel_time,
            "skep_usec": self.skep_time,
        })
    }
}

/// Counts by type, borrowed types apart, then `verifier_*` and all.
pub(crate) fn count(rows: &[Row]) -> Vec<(String, Counts)> {
    let mut types: BTreeMap<String, Counts> = BTreeMap::new();
    let (mut verifier, mut all) = (Counts::default(), Counts::default());
    for row in rows.iter().filter(|row| row.kernel.is_decided()) {
        let case = &row.case;
        if case.is_borrowed {
            let name = format!("tracepoint as {}", case.prog_type);
            types.entry(name).or_default().add(row);
            continue;
        }
        types.entry(case.prog_type.clone()).or_default().add(row);
        all.add(row);
        if case.object.starts_with("verifier_") {
            verifier.add(row);
        }
    }
    let mut counts: Vec<_> = types.into_iter().collect();
    counts.push(("(verifier_*.c alone)".to_owned(), verifier));
    counts.push(("all types".to_owned(), all));
    counts
}

/// The table for people.
pub(crate) fn text(counts: &[(String, Counts)]) -> String {
    let head = format!(
        "{:26} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6} {:>5} {:>13} {:>7} {:>13} {:>9} {:>9}",
        "type",
        "decided",
        "agree",
        "%",
        "accept",
        "reject",
        "unsup.",
        "lost",
        "insns equal",
        "near",
        "msg equal",
        "kernel ms",
        "skep ms"
    );
    let mut text = format!("{:57} wrong  wrong\n{head}\n", "");
    for (name, c) in counts {
        let equal = format!("{}/{}", c.equal_insns, c.agreed_accepted);
        let near = percent(c.near_insns, c.agreed_accepted);
        let messages = format!("{}/{}", c.equal_message, c.agreed_rejected);
        let _ = writeln!(
            text,
            "{name:26} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6} {:>5} {equal:>13} {near:>7} {messages:>13} {:>9.1} {:>9.1}",
            c.decided,
            c.agree,
            percent(c.agree, c.decided),
            c.false_accept,
            c.false_reject,
            c.unsupported,
            c.lost,
            c.kernel_time as f64 / 1000.0,
            c.skep_time as f64 / 1000.0,
        );
    }
    text
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1}", part as f64 * 100.0 / whole as f64)
}

/// Writes `report.json`.
pub(crate) fn write_report(
    path: &Path,
    release: &str,
    counts: &[(String, Counts)],
    rows: &[Row],
) -> Result<(), String> {
    let types: serde_json::Map<String, Value> =
        counts.iter().map(|(name, counts)| (name.clone(), counts.json())).collect();
    let report = json!({ "schema": 1, "kernel": release, "types": types, "programs": rows });
    fs::write(path, report.to_string()).map_err(|e| format!("{}: {e}", path.display()))
}

/// Writes rows of differences (or all), a line each.
pub(crate) fn write_tsv<'a>(
    path: &Path,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<(), String> {
    let mut text = String::from(
        "object\tprogram\tsection\ttype\tkernel\tkernel_message\tkernel_insns\tkernel_usec\tskep\tskep_message\tskep_insns\tskep_usec\tdifference\n",
    );
    for row in rows {
        let case = &row.case;
        let borrowed = if case.is_borrowed { " (borrowed)" } else { "" };
        let _ = writeln!(
            text,
            "{}\t{}\t{}\t{}{borrowed}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            case.object,
            case.program,
            case.section,
            case.prog_type,
            row.kernel.outcome.name(),
            flat(&row.kernel.message),
            row.kernel.insns,
            row.kernel.time,
            row.skep.outcome.name(),
            flat(&row.skep.message),
            row.skep.insns,
            row.skep.time,
            row.difference().name(),
        );
    }
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn flat(text: &str) -> String {
    text.replace(['\t', '\n'], " ")
}
