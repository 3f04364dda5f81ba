//! What the kernel that was recorded has to do with the one that runs.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::survey::KernelText;

/// Lines of `/proc/kallsyms` within which the first symbols of the text lie.
const FIRST_LINES: usize = 100_000;

/// What the kernel that was recorded has to do with the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedKernel {
    /// It runs still: the release is the same, and its text lies where it lay.
    Running,
    /// The release is the same; it was booted since, or hides where its text lies.
    SameRelease,
    /// It is another one, or not told.
    Other,
}

impl RecordedKernel {
    pub(super) fn of(release: Option<&str>, text: Option<&KernelText>) -> Self {
        let here = rustix::system::uname();
        if release.is_none_or(|release| here.release().to_str() != Ok(release)) {
            return Self::Other;
        }
        let is_there = |text: &KernelText| address_of(&text.symbol) == Some(text.address);
        if text.is_some_and(is_there) { Self::Running } else { Self::SameRelease }
    }
}

/// The address of a symbol; `None` where the kernel hides it.
fn address_of(symbol: &str) -> Option<u64> {
    let lines = BufReader::new(File::open("/proc/kallsyms").ok()?).lines();
    let mut words = lines.take(FIRST_LINES).map_while(Result::ok).filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        (words.nth(1)? == symbol).then_some(address)
    });
    words.next().filter(|address| *address != 0)
}
