//! Symbols of generated code, which runtimes leave in `/tmp/perf-PID.map` (`tools/perf/Documentation/jit-interface.txt`).

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use skep_abi::Pid;

use super::file::in_root;
use super::{Found, file};

/// Whose map it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MapOf {
    pub(super) pid: Pid,
    /// Of a recording, when it ended: a map that was written later is another process's, and so is what runs.
    pub(super) written_by: Option<SystemTime>,
}

/// Opens the map of a process, in its own root and by the id that it knows itself by.
pub(super) fn open(of: MapOf) -> Option<BufReader<File>> {
    let pid = of.pid;
    let path = |pid: u32| PathBuf::from(format!("/tmp/perf-{pid}.map"));
    let mut candidates = vec![path(pid.0)];
    if of.written_by.is_none() {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let own = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        let own = own.and_then(|ids| ids.split_whitespace().last()).and_then(|id| id.parse().ok());
        candidates.insert(0, in_root(pid, &path(own.unwrap_or(pid.0))));
    }
    candidates
        .iter()
        .filter(|path| is_regular(path) && is_of_then(path, of.written_by))
        .find_map(|path| Some(BufReader::new(File::open(path).ok()?)))
}

fn is_of_then(path: &Path, written_by: Option<SystemTime>) -> bool {
    let Some(until) = written_by else { return true };
    path.metadata().and_then(|found| found.modified()).is_ok_and(|written| written <= until)
}

fn is_regular(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file())
}

/// Tells whether addresses of a mapping may be in such a map: memory without a file of its own.
pub(super) fn may_cover(mapping: Option<&skep_abi::Mapping>) -> bool {
    mapping.is_none_or(|mapping| !file::is_file(mapping) || mapping.path.starts_with("/memfd:"))
}

/// Looks up addresses, which must be sorted. Where ranges overlap, the last one written is meant.
pub(super) fn look_up(mut map: impl BufRead, addresses: &[u64]) -> Vec<Option<Found>> {
    let mut found = vec![None; addresses.len()];
    let mut line = Vec::new();
    while matches!(map.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        let text = String::from_utf8_lossy(&line);
        if let Some((start, end, name)) = parse(&text) {
            let first = addresses.partition_point(|address| *address < start);
            let after = addresses.partition_point(|address| *address < end);
            for slot in found.get_mut(first..after).unwrap_or_default() {
                let lines = vec![(name.to_owned(), None)];
                *slot = Some(Found { lines, object: Some("[jit]".to_owned()), start: None });
            }
        }
        line.clear();
    }
    found
}

/// `START SIZE NAME`, both numbers hexadecimal; names may have spaces.
fn parse(line: &str) -> Option<(u64, u64, &str)> {
    let hex = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let (start, rest) = line.trim().split_once(' ')?;
    let (size, name) = rest.trim_start().split_once(' ')?;
    let start = hex(start)?;
    Some((start, start.checked_add(hex(size)?)?, name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_was_written_after_a_recording_is_another_processs() {
        // No process has this number: PID_MAX_LIMIT is below.
        let pid = Pid(u32::MAX - std::process::id());
        let path = PathBuf::from(format!("/tmp/perf-{pid}.map"));
        std::fs::write(&path, b"1000 10 of_now\n").unwrap();
        let opened = |written_by| open(MapOf { pid, written_by }).is_some();
        let found = [Some(SystemTime::UNIX_EPOCH), Some(SystemTime::now()), None].map(opened);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(found, [false, true, true]);
    }

    #[test]
    fn the_last_range_written_names_an_address() {
        let map = "1000 100 LazyCompile:*old x.js:1\n0x2000 0x10 second\nbroken\nffffffffffffffff 2 wraps\n\
            1080 10 new one\n";
        let found =
            look_up(map.as_bytes(), &[0xfff, 0x1000, 0x1080, 0x1090, 0x1100, 0x200f, 0x2010]);
        let names: Vec<_> =
            found.iter().map(|f| f.as_ref().map(|f| f.lines[0].0.as_str())).collect();
        let old = Some("LazyCompile:*old x.js:1");
        assert_eq!(names, [None, old, Some("new one"), old, None, Some("second"), None]);
    }
}
