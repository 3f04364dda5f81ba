//! Recordings that perf itself makes.

use std::path::Path;
use std::process::Command;

/// Records with `perf record` into a file; *Returns* whether it did, and tells why the test is skipped where there is no
/// perf or it is refused.
#[must_use]
pub fn perf_record(path: &Path, arguments: &[&str]) -> bool {
    let run =
        Command::new("perf").arg("record").arg("-q").arg("-o").arg(path).args(arguments).output();
    match run {
        Ok(run) if run.status.success() => return true,
        Ok(run) => skep_skip::skipped!("perf record: {}", String::from_utf8_lossy(&run.stderr)),
        Err(error) => skep_skip::skipped!("perf: {error}"),
    }
    false
}
