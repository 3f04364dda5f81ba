//! Three functions that take 50, 30 and 20 % of the time: what skep says, and what `perf record` says.

use std::path::Path;
use std::process::Command;

use super::workload::{build, json, output, scratch, shares, skep};
use super::{Figure, Outcome};

pub(super) const FUNCTIONS: [&str; 3] = ["half", "third", "fifth"];
const TRUE_SHARES: [f64; 3] = [50.0, 30.0, 20.0];

pub(super) fn measure() -> Outcome {
    let workload = build("three", &[])?;
    let folder = scratch()?.join("shares");
    let document = json(
        Command::new(skep())
            .args(["profile", "--json", "-F", "999", "-o"])
            .arg(&folder)
            .arg("--")
            .args([workload.as_os_str(), "10".as_ref()]),
    )?;
    let ours = shares(&document, &FUNCTIONS)?;
    let perfs = perf_shares(&workload)?;
    let mut figures = Vec::new();
    for (at, name) in FUNCTIONS.iter().enumerate() {
        let (truth, our, perf) = (TRUE_SHARES[at], ours[at], perfs[at]);
        figures.push(Figure {
            what: format!("`{name}`, true share {truth} %"),
            measured: format!("{our:.1} %"),
            bar: "within 3 points".into(),
            passed: (our - truth).abs() <= 3.0,
        });
        figures.push(Figure {
            what: format!("`{name}`, against perf record"),
            measured: format!("{our:.1} % and {perf:.1} %"),
            bar: "within 2 points".into(),
            passed: (our - perf).abs() <= 2.0,
        });
    }
    Ok(figures)
}

fn perf_shares(workload: &Path) -> Result<Vec<f64>, String> {
    let data = scratch()?.join("perf.data");
    output(
        Command::new("perf")
            .args(["record", "-q", "-F", "999", "-e", "cpu-clock", "-g", "-o"])
            .arg(&data)
            .arg("--")
            .args([workload.as_os_str(), "10".as_ref()]),
    )?;
    perf_report_shares(&data)
}

/// The shares of the functions in a recording, as `perf report` prints them.
pub(super) fn perf_report_shares(data: &Path) -> Result<Vec<f64>, String> {
    let report = output(
        Command::new("perf")
            .args(["report", "--stdio", "--no-children", "-g", "none", "--sort", "symbol", "-i"])
            .arg(data),
    )?;
    let report = String::from_utf8_lossy(&report);
    FUNCTIONS
        .iter()
        .map(|name| {
            // `    51.66%  [.] half   …`
            let row = |line: &str| {
                let mut words = line.split_whitespace();
                let share = words.next()?.strip_suffix('%')?.parse().ok()?;
                (words.nth(1)? == *name).then_some(share)
            };
            report.lines().find_map(row).ok_or_else(|| format!("perf report does not name {name}"))
        })
        .collect()
}
