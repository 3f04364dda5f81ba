//! A recording: the shares of its functions against `perf report`'s, and the time that reading it takes.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::shares::{FUNCTIONS, perf_report_shares};
use super::workload::{build, json, number, output, scratch, shares, skep};
use super::{Figure, Outcome};

/// Runs of which the fastest counts.
const RUNS: usize = 5;

pub(super) fn measure() -> Outcome {
    let workload = build("three", &[])?;
    let data = scratch()?.join("replayed.data");
    output(
        Command::new("perf")
            .args(["record", "-q", "-a", "-F", "20000", "-e", "cpu-clock", "-g", "--switch-events"])
            .arg("-o")
            .arg(&data)
            .arg("--")
            .args([workload.as_os_str(), "10".as_ref()]),
    )?;
    let document = json(&mut profile(&data)?)?;
    let (ours, perfs) = (shares(&document, &FUNCTIONS)?, perf_report_shares(&data)?);
    let mut figures: Vec<Figure> = FUNCTIONS
        .iter()
        .zip(ours.into_iter().zip(perfs))
        .map(|(name, (our, perf))| Figure {
            what: format!("`{name}`, against perf report of the same file"),
            measured: format!("{our:.2} % and {perf:.2} %"),
            bar: "within 0.01 points".into(),
            passed: (our - perf).abs() < 0.0101,
        })
        .collect();
    let samples = number(&document, "samples")?;
    let mine = fastest(|| profile(&data))?;
    let perfs = fastest(|| {
        let mut report = Command::new("perf");
        report.args(["report", "--stdio", "-g", "none", "-i"]).arg(&data);
        Ok(report)
    })?;
    let ratio = mine.as_secs_f64() / perfs.as_secs_f64();
    figures.push(Figure {
        what: format!("time for {samples:.0} samples, against perf report"),
        measured: format!(
            "{} ms and {} ms: {ratio:.2}, {:.2} million samples a second",
            mine.as_millis(),
            perfs.as_millis(),
            samples / mine.as_secs_f64() / 1e6
        ),
        bar: "for comparison".into(),
        passed: true,
    });
    Ok(figures)
}

fn profile(data: &Path) -> Result<Command, String> {
    let mut profile = Command::new(skep());
    profile
        .args(["profile", "--json", "-o"])
        .arg(scratch()?.join("replayed"))
        .arg("--data")
        .arg(data);
    Ok(profile)
}

fn fastest(command: impl Fn() -> Result<Command, String>) -> Result<Duration, String> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let mut command = command()?;
        let begun = Instant::now();
        output(&mut command)?;
        best = best.min(begun.elapsed());
    }
    Ok(best)
}
