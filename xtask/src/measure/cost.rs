//! What sampling costs: skep's own CPU time and memory while it samples a busy process at 999 Hz with frame pointers.
//!
//! Read from outside, out of `/proc/PID`, shortly before the target ends: symbolisation comes after that.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::workload::{build, scratch, skep};
use super::{Figure, Outcome};

const RUNS: usize = 5;
const SECONDS: f64 = 10.0;

pub(super) fn measure() -> Outcome {
    let workload = build("three", &[])?;
    let mut shares = Vec::new();
    let mut peak = 0.0f64;
    for _ in 0..RUNS {
        let (share, mebibytes) = one(&workload)?;
        shares.push(share);
        peak = peak.max(mebibytes);
    }
    shares.sort_by(f64::total_cmp);
    let median = shares[RUNS / 2];
    Ok(vec![
        Figure {
            what: format!("CPU time of skep at 999 Hz, frame pointers, median of {RUNS}"),
            measured: format!(
                "{median:.2} % of a core ({:.2} to {:.2})",
                shares[0],
                shares[RUNS - 1]
            ),
            bar: "under 3 %".into(),
            passed: median < 3.0,
        },
        Figure {
            what: "peak memory of skep while sampling".into(),
            measured: format!("{peak:.0} MiB"),
            bar: "under 100 MB".into(),
            passed: peak * 1.048_576 < 100.0,
        },
    ])
}

fn one(workload: &std::path::Path) -> Result<(f64, f64), String> {
    let mut child = Command::new(skep())
        .args(["profile", "-F", "999", "--unwind", "fp", "-o"])
        .arg(scratch()?.join("cost"))
        .arg("--")
        .args([workload.as_os_str(), SECONDS.to_string().as_ref()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("skep: {e}"))?;
    let begun = Instant::now();
    sleep(Duration::from_secs_f64(SECONDS - 0.3));
    let elapsed = begun.elapsed().as_secs_f64();
    let figures = cpu_seconds(child.id()).zip(peak_mebibytes(child.id()));
    child.wait().map_err(|e| format!("skep: {e}"))?;
    let (cpu, peak) = figures.ok_or("skep ended before its target")?;
    Ok((100.0 * cpu / elapsed, peak))
}

/// utime and stime, in clock ticks of 10 ms (`USER_HZ` is 100 on every Linux).
fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn peak_mebibytes(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kibibytes| kibibytes / 1024.0)
}
